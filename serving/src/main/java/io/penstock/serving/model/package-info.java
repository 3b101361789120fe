/**
 * A model as the fronts need it: found by its name, its text side (tokenizer, template, recommended sampling), the
 * limits resolved for this machine, and the engine that runs it. Knows no protocol's transport. Not hot.
 */
package io.penstock.serving.model;

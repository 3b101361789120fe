/** The protocols that clients speak to Penstock, and what they need of a model's output. */
package io.penstock.serving;

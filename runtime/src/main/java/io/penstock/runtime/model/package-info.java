/**
 * The LFM2 family as the paper has it: weights, layers, the operations they are made of, and the forward pass that
 * names them in order. Knows no device, no file and no arithmetic; a backend implements
 * {@link io.penstock.runtime.model.Ops}. Hot: the forward pass allocates nothing.
 */
package io.penstock.runtime.model;

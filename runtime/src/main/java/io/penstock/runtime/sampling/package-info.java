/**
 * From a row of logits to a token: the state that a sequence's penalties and constraints need, the processors in their
 * order, the draw, and log probabilities. Knows no model, device or text. Hot: nothing is allocated per token; the
 * order, the ties and the random numbers are specified in {@code docs/adr/0005-sampling-order.md}.
 */
package io.penstock.runtime.sampling;

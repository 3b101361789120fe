/**
 * A real step of a model, operation by operation: what each takes, or moves, against what the device allows at least.
 */
package io.penstock.bench.step;

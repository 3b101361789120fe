/** Batch jobs measured: what a job costs apart from its model, and what running lines together brings. */
package io.penstock.bench.batch;

/**
 * Continuous batching: (commands, time, step results) in, batches and tokens out, deterministic, on one thread. Knows
 * no device, no clock, no text. Hot: planning a step and taking its tokens allocate nothing.
 */
package io.penstock.scheduler;

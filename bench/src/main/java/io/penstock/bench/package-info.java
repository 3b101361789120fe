/**
 * Benchmarks and how they are repeated and summed up: what is timed, how often, and the statistics of the runs. What
 * the machine itself can do is in {@code machine}, the committed results in {@code results}. Not hot itself.
 */
package io.penstock.bench;

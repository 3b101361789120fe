/**
 * A batch job from its start to its end, on any day and in any number of runs: source, pipeline and journal put
 * together, with counts for whoever watches. Prints nothing.
 */
package io.penstock.batch.job;

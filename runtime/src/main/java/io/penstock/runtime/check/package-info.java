/**
 * What every operation must compute, as cases with fresh random inputs: against float64 references and against the CPU
 * twin, on any backend that runs the operations on arrays. Tests and {@code gpu-check} run the same cases. Not hot.
 */
package io.penstock.runtime.check;

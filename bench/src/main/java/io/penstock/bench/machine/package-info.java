/**
 * What this machine can do and what code takes from it: memory bandwidth, fp32 peak, CPU description, allocated bytes.
 * Nothing here knows a model. The peak kernels are hot; all else is not.
 */
package io.penstock.bench.machine;

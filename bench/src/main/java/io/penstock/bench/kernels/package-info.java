/**
 * One benchmark per operation at a model's shapes, over one harness: microseconds by events where there is a device,
 * bytes and sectors against the floor where launches are counted. Which device it is, the caller decides.
 */
package io.penstock.bench.kernels;

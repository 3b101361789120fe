/**
 * What kernels should take, before any GPU has run them: a model of the device, a record for each kernel, and tables of
 * both. Pure arithmetic; what is measured takes its place in the docs.
 */
package io.penstock.bench.predict;

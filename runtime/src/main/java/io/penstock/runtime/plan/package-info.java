/**
 * Arithmetic of device memory before anything is loaded: what a model and its limits need, and what is left for KV
 * blocks. Reads nothing and allocates nothing; not hot.
 */
package io.penstock.runtime.plan;

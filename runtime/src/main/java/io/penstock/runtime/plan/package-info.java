/** Arithmetic of device memory before anything is loaded: what a model and its limits need, and what is left for KV. Not hot. */
package io.penstock.runtime.plan;

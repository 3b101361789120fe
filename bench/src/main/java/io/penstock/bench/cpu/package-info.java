/** Steps of a model on the CPU backend against what the machine can do in the same run. Allocates outside the steps. */
package io.penstock.bench.cpu;

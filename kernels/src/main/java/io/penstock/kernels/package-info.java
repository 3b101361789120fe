/**
 * One launcher per operation: it loads the operation's checked-in PTX, declares the parameters that the kernel must
 * have, and chooses the launch shape by a pure function of the sizes. Addresses and sizes go in; no model, no batch and
 * no memory of its own. Hot: a launch rewrites arguments in place and allocates nothing.
 */
package io.penstock.kernels;

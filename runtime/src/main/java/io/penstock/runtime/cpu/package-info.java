/**
 * The CPU backend: it defines what every operation computes, and runs anywhere Java runs. Each kernel has a scalar
 * twin and a Vector API twin with the same bits. Hot: nothing is allocated after start.
 */
package io.penstock.runtime.cpu;

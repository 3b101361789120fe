/**
 * The check of a device: every operation against its CPU twin, what the device can do, and what the operations make of
 * it. It knows the ports of a device only; who opens one, and who prints, is the command's business. Not hot.
 */
package io.penstock.bench.gpucheck;

/**
 * The CUDA backend: the model's operations as launches of kernels, its memory, and batches on the device. It sees the
 * ports of {@code device} and no driver, so the emulator runs the same code. Hot: a step rewrites pinned memory and
 * launches, and allocates nothing.
 */
package io.penstock.runtime.cuda;

/**
 * The ports of {@code device} on NVIDIA GPUs, and the PTX compiler that needs none. The only place that sees
 * {@code jcuda} or binds native functions: set-up goes through JCuda, what a step calls through
 * {@code java.lang.foreign}. Hot: see {@code CudaStream}.
 */
package io.penstock.device.cuda;

/**
 * The ports of an accelerator: memory, streams, modules, kernels, graphs and events, as the kernels' launchers and the
 * CUDA backend need them. {@code device.cuda} and the emulator implement them; no native call and no model is known
 * here. Hot: copies, launches, records and waits allocate nothing.
 */
package io.penstock.device;

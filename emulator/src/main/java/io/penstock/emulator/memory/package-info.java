/**
 * Memory of the emulated device: allocations in an address space with gaps, and beside each byte what is known of it:
 * whether it was written, and who touched it last. Hot: accesses allocate nothing.
 */
package io.penstock.emulator.memory;

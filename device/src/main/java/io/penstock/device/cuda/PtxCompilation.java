package io.penstock.device.cuda;

import java.util.List;

/**
 * What the PTX compiler made of a module for one architecture.
 *
 * @param architecture such as {@code sm_90a}
 * @param isAccepted whether it compiles
 * @param entries what each kernel needs, in the compiler's order; empty if rejected
 * @param notes what costs speed, a line each, with the kernel's name: spilled registers, serialised matrix
 *     instructions, warnings
 * @param errorLog why it is rejected; empty if accepted
 */
public record PtxCompilation(
        String architecture, boolean isAccepted, List<Entry> entries, List<String> notes, String errorLog) {
    /**
     * What a kernel needs.
     *
     * @param name of the entry
     * @param numRegisters 32-bit registers per thread
     * @param stackBytes local memory per thread, spills included
     * @param spillStoreBytes written to local memory for want of registers, as instructions in the code
     * @param spillLoadBytes read back
     * @param staticSharedBytes shared memory per block that the kernel declares itself
     * @param numBarriers named barriers; 0 where the compiler does not say
     */
    public record Entry(String name, int numRegisters, int stackBytes, int spillStoreBytes, int spillLoadBytes,
            int staticSharedBytes, int numBarriers) {}

    public PtxCompilation {
        entries = List.copyOf(entries);
        notes = List.copyOf(notes);
    }

    /**
     * The entry of this name.
     *
     * @throws IllegalArgumentException if there is none; the message lists those there are
     */
    public Entry entry(String name) {
        return entries.stream()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no entry " + name + " among "
                        + entries.stream().map(Entry::name).toList()));
    }
}

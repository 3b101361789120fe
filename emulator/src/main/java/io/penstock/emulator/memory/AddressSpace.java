package io.penstock.emulator.memory;

import java.util.Arrays;
import java.util.function.BiConsumer;

/**
 * The 64-bit addresses of a device. Each allocation has 4 GiB of addresses for itself, so that the upper half of an
 * address says which it is, and whatever leaves it meets nothing. Addresses are never used again.
 *
 * <pre>
 * 0x00000000_00000000          nothing: null and small numbers
 * 0x00000001_xxxxxxxx          generic addresses of shared memory
 * 0x00000002_xxxxxxxx          generic addresses of local memory
 * 0x00000003_xxxxxxxx          generic addresses of kernel parameters
 * 0x000000nn_10000000 + i      byte i of allocation nn
 * </pre>
 */
public final class AddressSpace {
    public static final long SHARED_WINDOW = 1L << 32;
    public static final long LOCAL_WINDOW = 2L << 32;
    public static final long PARAM_WINDOW = 3L << 32;

    /** Where in its 4 GiB an allocation begins. */
    public static final int FIRST = 0x1000_0000;

    /** The largest size of an allocation. */
    public static final int MAX_BYTES = Integer.MAX_VALUE - 64;

    private static final int FIRST_INDEX = 0x7F00;

    private Allocation[] allocations = new Allocation[64];
    private int numAllocations;
    private long usedBytes;

    public AddressSpace() {}

    /** An allocation of bytes that nobody has written. */
    public synchronized Allocation allocate(String name, long sizeBytes) {
        if (sizeBytes < 0 || sizeBytes > MAX_BYTES) {
            throw new IllegalArgumentException(name + ": " + sizeBytes + " bytes, 0 to " + MAX_BYTES
                    + " are possible");
        }
        if (numAllocations == allocations.length) {
            allocations = Arrays.copyOf(allocations, 2 * allocations.length);
        }
        long address = ((long) (FIRST_INDEX + numAllocations) << 32) + FIRST;
        Allocation allocation = new Allocation(name, address, (int) sizeBytes);
        allocations[numAllocations++] = allocation;
        usedBytes += sizeBytes;
        return allocation;
    }

    /** Gives an allocation back, once; its addresses stay known, for messages. */
    public synchronized void free(Allocation allocation) {
        if (!allocation.isFreed()) {
            usedBytes -= allocation.sizeBytes();
            allocation.free();
        }
    }

    /** Gives everything back. */
    public synchronized void freeAll() {
        for (int i = 0; i < numAllocations; i++) {
            free(allocations[i]);
        }
    }

    /** What an address belongs or is nearest to, freed ones included; null if nothing is there. */
    public Allocation find(long address) {
        int index = (int) (address >>> 32) - FIRST_INDEX;
        Allocation[] known = allocations;
        return index >= 0 && index < known.length ? known[index] : null;
    }

    /** What was allocated and not freed, in bytes. */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /**
     * Forgets who touched what, and says how much was touched.
     *
     * @param visitor told of each allocation that was touched, before it is forgotten; null for nobody
     */
    public synchronized Touched forgetAccesses(BiConsumer<Allocation, AccessLog> visitor) {
        Touched touched = Touched.NOTHING;
        for (int i = 0; i < numAllocations; i++) {
            AccessLog log = allocations[i].accessesIfAny();
            if (log != null) {
                if (visitor != null) {
                    visitor.accept(allocations[i], log);
                }
                touched = touched.plus(log.touched());
                allocations[i].forgetAccesses();
            }
        }
        return touched;
    }
}

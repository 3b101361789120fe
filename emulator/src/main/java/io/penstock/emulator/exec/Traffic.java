package io.penstock.emulator.exec;

import io.penstock.emulator.check.LaunchCounters;
import io.penstock.emulator.memory.Allocation;
import java.util.Arrays;

/** Counts what warp instructions ask of memory: sectors, and passes over the banks. */
final class Traffic {
    private static final int NUM_BANKS = 32;

    private final LaunchCounters counters;
    private final long[] sectors = new long[64];
    private final int[] firstWord = new int[NUM_BANKS];
    private final int[] numWords = new int[NUM_BANKS];
    private final int[] others = new int[256];
    private int numOthers;

    Traffic(LaunchCounters counters) {
        this.counters = counters;
    }

    void global(int mask, Allocation[] where, int[] offsets, int numBytes, boolean isWrite) {
        int num = 0;
        long max = Long.MIN_VALUE;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long sector = where[lane].address() + offsets[lane] >>> 5;
            if (sector > max) {
                max = sector;
                sectors[num++] = sector;
            } else if (!contains(num, sector)) {
                sectors[num++] = sector;
            }
        }
        long bytes = (long) Integer.bitCount(mask) * numBytes;
        if (isWrite) {
            counters.globalWriteBytes += bytes;
            counters.globalWriteSectors += num;
        } else {
            counters.globalReadBytes += bytes;
            counters.globalReadSectors += num;
        }
    }

    /** A bulk copy's. */
    void globalRange(long address, int numBytes, boolean isWrite) {
        long numSectors = (address + numBytes - 1 >> 5) - (address >> 5) + 1;
        if (isWrite) {
            counters.globalWriteBytes += numBytes;
            counters.globalWriteSectors += numSectors;
        } else {
            counters.globalReadBytes += numBytes;
            counters.globalReadSectors += numSectors;
        }
    }

    private boolean contains(int num, long sector) {
        for (int i = num - 1; i >= 0; i--) {
            if (sectors[i] == sector) {
                return true;
            }
        }
        return false;
    }

    void shared(int mask, int[] offsets, int numBytes) {
        int lanes = numBytes <= 4 ? 32 : 128 / numBytes;
        for (int first = 0; first < 32; first += lanes) {
            int part = lanes == 32 ? mask : mask & ((1 << lanes) - 1) << first;
            if (part != 0) {
                pass(part, offsets, Math.max(1, numBytes / 4));
            }
        }
    }

    private void pass(int mask, int[] offsets, int wordsEach) {
        if (areApart(mask, offsets, wordsEach)) {
            counters.sharedAccesses++;
            return;
        }
        Arrays.fill(numWords, 0);
        numOthers = 0;
        int most = 1;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int word = offsets[Integer.numberOfTrailingZeros(rest)] >>> 2;
            for (int i = 0; i < wordsEach; i++) {
                most = Math.max(most, add(word + i));
            }
        }
        counters.sharedAccesses++;
        counters.bankConflicts += most - 1;
    }

    /** Whether no two lanes' aligned words are in one bank. */
    private static boolean areApart(int mask, int[] offsets, int wordsEach) {
        int words = wordsEach == 4 ? 0xF : wordsEach == 2 ? 3 : 1;
        int banks = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int own = words << (offsets[Integer.numberOfTrailingZeros(rest)] >>> 2 & NUM_BANKS - 1);
            if ((banks & own) != 0) {
                return false;
            }
            banks |= own;
        }
        return true;
    }

    private int add(int word) {
        int bank = word & NUM_BANKS - 1;
        if (numWords[bank] == 0) {
            firstWord[bank] = word;
            numWords[bank] = 1;
        } else if (firstWord[bank] != word && !isOther(word)) {
            others[numOthers++] = word;
            numWords[bank]++;
        }
        return numWords[bank];
    }

    private boolean isOther(int word) {
        for (int i = 0; i < numOthers; i++) {
            if (others[i] == word) {
                return true;
            }
        }
        return false;
    }
}

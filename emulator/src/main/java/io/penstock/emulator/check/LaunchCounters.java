package io.penstock.emulator.check;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a launch did, counted; the proxies for speed where there is no GPU. One thread at a time writes it. */
public final class LaunchCounters {
    /** Instructions times the threads that executed them. */
    public long threadInstructions;

    /** Instructions that a warp executed, whatever the number of its active threads. */
    public long warpInstructions;

    /** Bytes that threads asked of global memory. */
    public long globalReadBytes;

    /** Bytes that threads gave to global memory. */
    public long globalWriteBytes;

    /** 32-byte sectors that the reads of each warp instruction touch. */
    public long globalReadSectors;

    /** 32-byte sectors that the writes of each warp instruction touch. */
    public long globalWriteSectors;

    /** Passes over shared memory's 32 banks that would do if no two threads met in a bank. */
    public long sharedAccesses;

    /** Passes beyond those. */
    public long bankConflicts;

    /** Matrix instructions of warps. */
    public long mmaInstructions;

    /** Their multiplications and additions. */
    public long mmaFlops;

    /** Bytes that asynchronous copies bring to shared memory. */
    public long asyncCopyBytes;

    /** Bytes that bulk copies move between global and shared memory, or to other blocks' shared memory. */
    public long bulkCopyBytes;

    /** Matrix instructions of warpgroups, by their columns divided by eight. */
    private final long[] wgmmas = new long[33];

    /** Completed barriers of thread blocks. */
    public long barriers;

    /** Atomic operations of threads. */
    public long atomics;

    /** Branches at which a warp parted. */
    public long divergentBranches;

    /** Thread blocks that ran. */
    public long ctas;

    /** Thread blocks of the grid: more than ran if only some were asked for. */
    public long gridCtas;

    /** Thread instructions of the block with the fewest. */
    public long minCtaInstructions = Long.MAX_VALUE;

    /** Thread instructions of the block with the most. */
    public long maxCtaInstructions;

    /** Different bytes of global memory that were read. */
    public long uniqueReadBytes;

    /** Different bytes of global memory that were written. */
    public long uniqueWriteBytes;

    /** Different 32-byte sectors that were read: what DRAM must bring if the L2 cache keeps all of a launch. */
    public long uniqueReadSectors;

    /** Different 32-byte sectors that were written: what DRAM must take if the L2 cache keeps all of a launch. */
    public long uniqueWriteSectors;

    public LaunchCounters() {}

    /** Counts a warp's part of a warpgroup's matrix instruction; the first warp's counts the instruction. */
    public void wgmma(int columns, long numFlops, boolean isFirst) {
        mmaFlops += numFlops;
        if (isFirst) {
            wgmmas[columns / 8]++;
        }
    }

    /** Matrix instructions of warpgroups. */
    public long wgmmaInstructions() {
        long sum = 0;
        for (long each : wgmmas) {
            sum += each;
        }
        return sum;
    }

    /** Matrix instructions of warpgroups with a number of columns. */
    public long wgmmaInstructions(int columns) {
        return wgmmas[columns / 8];
    }

    /** Counts one block's thread instructions. */
    public void cta(long numInstructions) {
        ctas++;
        minCtaInstructions = Math.min(minCtaInstructions, numInstructions);
        maxCtaInstructions = Math.max(maxCtaInstructions, numInstructions);
    }

    /** Adds what another launch, or another part of the same one, did. */
    public void add(LaunchCounters other) {
        threadInstructions += other.threadInstructions;
        warpInstructions += other.warpInstructions;
        globalReadBytes += other.globalReadBytes;
        globalWriteBytes += other.globalWriteBytes;
        globalReadSectors += other.globalReadSectors;
        globalWriteSectors += other.globalWriteSectors;
        sharedAccesses += other.sharedAccesses;
        bankConflicts += other.bankConflicts;
        mmaInstructions += other.mmaInstructions;
        mmaFlops += other.mmaFlops;
        asyncCopyBytes += other.asyncCopyBytes;
        bulkCopyBytes += other.bulkCopyBytes;
        for (int i = 0; i < wgmmas.length; i++) {
            wgmmas[i] += other.wgmmas[i];
        }
        barriers += other.barriers;
        atomics += other.atomics;
        divergentBranches += other.divergentBranches;
        ctas += other.ctas;
        gridCtas += other.gridCtas;
        minCtaInstructions = Math.min(minCtaInstructions, other.minCtaInstructions);
        maxCtaInstructions = Math.max(maxCtaInstructions, other.maxCtaInstructions);
        uniqueReadBytes += other.uniqueReadBytes;
        uniqueWriteBytes += other.uniqueWriteBytes;
        uniqueReadSectors += other.uniqueReadSectors;
        uniqueWriteSectors += other.uniqueWriteSectors;
    }

    /** Every number under a name, for reports. */
    public Map<String, Long> values() {
        Map<String, Long> values = new LinkedHashMap<>();
        values.put("threadInstructions", threadInstructions);
        values.put("warpInstructions", warpInstructions);
        values.put("globalReadBytes", globalReadBytes);
        values.put("globalWriteBytes", globalWriteBytes);
        values.put("globalReadSectors", globalReadSectors);
        values.put("globalWriteSectors", globalWriteSectors);
        values.put("uniqueReadBytes", uniqueReadBytes);
        values.put("uniqueWriteBytes", uniqueWriteBytes);
        values.put("uniqueReadSectors", uniqueReadSectors);
        values.put("uniqueWriteSectors", uniqueWriteSectors);
        values.put("sharedAccesses", sharedAccesses);
        values.put("bankConflicts", bankConflicts);
        values.put("mmaInstructions", mmaInstructions);
        values.put("mmaFlops", mmaFlops);
        values.put("asyncCopyBytes", asyncCopyBytes);
        values.put("bulkCopyBytes", bulkCopyBytes);
        values.put("wgmmaInstructions", wgmmaInstructions());
        for (int i = 0; i < wgmmas.length; i++) {
            if (wgmmas[i] > 0) {
                values.put("wgmmaInstructionsN" + 8 * i, wgmmas[i]);
            }
        }
        values.put("barriers", barriers);
        values.put("atomics", atomics);
        values.put("divergentBranches", divergentBranches);
        values.put("ctas", ctas);
        values.put("gridCtas", gridCtas);
        values.put("minCtaInstructions", ctas == 0 ? 0 : minCtaInstructions);
        values.put("maxCtaInstructions", maxCtaInstructions);
        return values;
    }
}

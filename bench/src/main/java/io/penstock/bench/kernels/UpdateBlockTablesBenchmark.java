package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import io.penstock.kernels.UpdateBlockTablesKernel;

/** Neighbouring entries, as a prompt brings them; as many as tokens, in whole sectors. */
final class UpdateBlockTablesBenchmark implements KernelBenchmark {
    private static final int SECTOR_INTS = 8;

    private final int numUpdates;
    private final long blockTables;
    private final UpdateBlockTablesKernel.UpdateAddresses updates;
    private final UpdateBlockTablesKernel kernel;

    UpdateBlockTablesBenchmark(BenchmarkMemory memory, KernelShape shape) {
        numUpdates = Math.ceilDiv(memory.numTokens(), SECTOR_INTS) * SECTOR_INTS;
        blockTables = memory.output("block tables", (long) Integer.BYTES * numUpdates, 1).address(0);
        updates = new UpdateBlockTablesKernel.UpdateAddresses(
                memory.ints("conv slots", numUpdates, i -> 0).address(0),
                memory.ints("indices", numUpdates, i -> i).address(0),
                memory.ints("blocks", numUpdates, i -> 7 * i).address(0),
                memory.ints("number", 1, i -> numUpdates).address(0));
        kernel = new UpdateBlockTablesKernel(memory.device(), numUpdates);
    }

    @Override
    public String name() {
        return "update_block_tables " + numUpdates;
    }

    @Override
    public long floorBytes() {
        return (long) Integer.BYTES * (4 * numUpdates + 1);
    }

    @Override
    public int numCopies() {
        return 1;
    }

    @Override
    public void launch(Stream stream, int copy) {
        kernel.launch(stream, blockTables, updates);
    }

    @Override
    public void close() {
        kernel.close();
    }
}

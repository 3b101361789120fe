package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** Applies a step's changes to the block tables, one after the other: of two changes of an entry the later wins. */
public final class UpdateBlockTablesKernel extends OperationKernel {
    static final EntryPoint I32 = new EntryPoint(
            "update_block_tables_i32", 32, POINTER, POINTER, POINTER, POINTER, POINTER, INT);

    private static final int BLOCK_THREADS = 32;

    private final Launch launch;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    /** For tables of {@code maxBlocksPerSeq} entries a conv slot. */
    public UpdateBlockTablesKernel(Device device, int maxBlocksPerSeq) {
        super(device, "update_block_tables");
        launch = launch(I32);
        launch.args().setInt(5, maxBlocksPerSeq);
    }

    /**
     * Addresses of a batch's arrays of int.
     *
     * @param convSlots [updates]
     * @param indices [updates]: which block of the slot's sequence
     * @param blocks [updates]: the KV block that it is from now on
     * @param numUpdates [1]: read on the device
     */
    public record UpdateAddresses(long convSlots, long indices, long blocks, long numUpdates) {}

    /**
     * Queues it, whatever the number of updates.
     *
     * @param blockTables address of int [conv slots, max blocks per sequence]
     */
    public void launch(Stream stream, long blockTables, UpdateAddresses updates) {
        launch.args()
                .setPointer(0, blockTables)
                .setPointer(1, updates.convSlots())
                .setPointer(2, updates.indices())
                .setPointer(3, updates.blocks())
                .setPointer(4, updates.numUpdates());
        launch.run(stream, shape);
    }
}

package io.penstock.runtime.cuda;

import io.penstock.device.Event;
import io.penstock.device.Stream;
import io.penstock.kernels.TileTable;
import io.penstock.runtime.model.Activations;

/**
 * What steps of two halves need beside a whole step's workspace: a second stream, two events, and the operations of
 * either half on half of the multiprocessors and on all of them. The memory is the whole step's, but for what two
 * halves may not share: see {@link StepMemory}, and the second half's routing.
 */
final class HalvesWorkspace implements AutoCloseable {
    private final Closing closing = new Closing();
    private final Streams streams;
    private final Event fork;
    private final Event join;
    private final Activations first;
    private final SecondHalf second;
    private final CudaOps firstAlone;
    private final CudaOps firstBeside;
    private final CudaOps secondBeside;
    private final CudaOps secondAlone;

    /** Of whole steps, and the one of the second half while it is beside the first; the caller's. */
    record Streams(Stream main, Stream second) {}

    /**
     * Loads the kernels, if they are not loaded, and allocates the second half's routing.
     *
     * @param device lends the modules
     * @param half one of its halves
     * @param tiles of launches on the whole device; on half of it the built-in choice holds
     */
    HalvesWorkspace(LendingDevice device, LendingDevice half, Streams streams, StepMemory memory,
            DeviceActivations activations, DeviceRouting routing, TileTable tiles) {
        try {
            this.streams = streams;
            Stream main = streams.main();
            fork = closing.add(device.createEvent());
            join = closing.add(device.createEvent());
            int maxRows = memory.limits().maxNumSeqs() - HalfBatches.numFirst(memory.limits().maxNumSeqs());
            DeviceRouting ofSecond = routing == null ? null : closing.add(new DeviceRouting(
                    device, main, memory.config().moe(), maxRows, "routing of the second half"));
            first = activations.again(routing);
            second = new SecondHalf(activations.again(ofSecond), memory.limits());
            firstAlone = closing.add(new CudaOps(device, main, memory, BatchPart.FIRST, tiles));
            firstBeside = closing.add(new CudaOps(half, main, memory, BatchPart.FIRST, TileTable.BUILT_IN));
            secondBeside = closing.add(
                    new CudaOps(half, streams.second(), memory, BatchPart.SECOND, TileTable.BUILT_IN));
            secondAlone = closing.add(new CudaOps(device, main, memory, BatchPart.SECOND, tiles));
        } catch (RuntimeException | Error e) {
            closing.close();
            throw e;
        }
    }

    /** Where the second half is queued while it is beside the first. */
    Stream stream() {
        return streams.second();
    }

    Event fork() {
        return fork;
    }

    Event join() {
        return join;
    }

    Activations first() {
        return first;
    }

    SecondHalf second() {
        return second;
    }

    /** The first half's operations before the second begins. */
    CudaOps firstAlone() {
        return firstAlone;
    }

    /** The first half's operations beside the second's. */
    CudaOps firstBeside() {
        return firstBeside;
    }

    /** The second half's operations beside the first's. */
    CudaOps secondBeside() {
        return secondBeside;
    }

    /** The second half's operations behind the first's. */
    CudaOps secondAlone() {
        return secondAlone;
    }

    @Override
    public void close() {
        closing.close();
    }
}

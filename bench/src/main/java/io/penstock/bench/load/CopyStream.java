package io.penstock.bench.load;

import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A stream of {@link HostDevice}: copies and fills in order, on a thread of its own. */
final class CopyStream implements Stream {
    private final String name;
    private final ExecutorService engine;

    CopyStream(String name) {
        this.name = name;
        engine = Executors.newSingleThreadExecutor(Thread.ofPlatform().name("penstock-copies").daemon().factory());
    }

    /** An event: done when the engine has come to its mark. */
    static final class Mark implements Event {
        private volatile CompletableFuture<Void> reached = CompletableFuture.completedFuture(null);

        @Override
        public void synchronize() {
            reached.join();
        }

        @Override
        public boolean isDone() {
            return reached.isDone();
        }

        @Override
        public double elapsedMs(Event start) {
            throw new UnsupportedOperationException("marks of copies have no times");
        }

        @Override
        public void close() {}
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void copyToDevice(DeviceMemory destination, long destinationOffsetBytes, MemorySegment source,
            long sourceOffsetBytes, long sizeBytes) {
        engine.execute(() -> MemorySegment.copy(source, sourceOffsetBytes, HostDevice.segment(destination),
                destinationOffsetBytes, sizeBytes));
    }

    @Override
    public void copyToHost(MemorySegment destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes) {
        engine.execute(() -> MemorySegment.copy(HostDevice.segment(source), sourceOffsetBytes, destination,
                destinationOffsetBytes, sizeBytes));
    }

    @Override
    public void copyOnDevice(DeviceMemory destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes) {
        engine.execute(() -> MemorySegment.copy(HostDevice.segment(source), sourceOffsetBytes,
                HostDevice.segment(destination), destinationOffsetBytes, sizeBytes));
    }

    @Override
    public void fill(DeviceMemory destination, long offsetBytes, long sizeBytes, byte value) {
        engine.execute(() -> HostDevice.segment(destination).asSlice(offsetBytes, sizeBytes).fill(value));
    }

    @Override
    public void record(Event event) {
        ((Mark) event).reached = CompletableFuture.runAsync(() -> { }, engine);
    }

    @Override
    public void synchronize() {
        CompletableFuture.runAsync(() -> { }, engine).join();
    }

    @Override
    public void launch(Kernel kernel, LaunchShape shape, KernelArgs args) {
        throw copiesOnly();
    }

    @Override
    public void launch(Graph graph) {
        throw copiesOnly();
    }

    @Override
    public void waitFor(Event event) {
        throw copiesOnly();
    }

    @Override
    public void beginCapture() {
        throw copiesOnly();
    }

    @Override
    public Graph endCapture(String graphName) {
        throw copiesOnly();
    }

    private static UnsupportedOperationException copiesOnly() {
        return new UnsupportedOperationException("this stream copies and fills");
    }

    @Override
    public void close() {
        engine.close();
    }
}

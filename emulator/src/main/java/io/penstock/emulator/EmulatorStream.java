package io.penstock.emulator;

import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.emulator.memory.Allocation;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A queue whose work is done when it is queued, or remembered while capturing. */
final class EmulatorStream implements Stream {
    private final EmulatorDevice device;
    private final String name;
    private Capture capture;

    EmulatorStream(EmulatorDevice device, String name) {
        this.device = device;
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    private void enqueue(Runnable work) {
        device.requireUsable("work of the stream " + name);
        if (capture != null) {
            capture.addNode(work);
        } else {
            work.run();
        }
    }

    private MemorySegment host(MemorySegment segment, long offset, long sizeBytes) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a copy of heap memory; use pinned or other native memory");
        }
        if (offset < 0 || sizeBytes < 0 || offset + sizeBytes > segment.byteSize()) {
            throw new IllegalArgumentException("host memory: bytes " + offset + " to " + (offset + sizeBytes) + " of "
                    + segment.byteSize());
        }
        if (capture != null && !device.isPinned(segment.address() + offset, sizeBytes)) {
            throw new IllegalArgumentException("a captured copy of memory that is not pinned");
        }
        return segment.asSlice(offset, sizeBytes);
    }

    @Override
    public void copyToDevice(DeviceMemory destination, long destinationOffsetBytes, MemorySegment source,
            long sourceOffsetBytes, long sizeBytes) {
        Allocation to = device.allocation(destination, destinationOffsetBytes, sizeBytes);
        MemorySegment from = host(source, sourceOffsetBytes, sizeBytes);
        int at = (int) destinationOffsetBytes;
        enqueue(() -> {
            MemorySegment.ofArray(to.data()).asSlice(at, sizeBytes).copyFrom(from);
            to.fillStates(at, (int) sizeBytes, Allocation.WRITTEN);
        });
    }

    @Override
    public void copyToHost(MemorySegment destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes) {
        Allocation from = device.allocation(source, sourceOffsetBytes, sizeBytes);
        MemorySegment to = host(destination, destinationOffsetBytes, sizeBytes);
        enqueue(() -> to.copyFrom(MemorySegment.ofArray(from.data()).asSlice(sourceOffsetBytes, sizeBytes)));
    }

    @Override
    public void copyOnDevice(DeviceMemory destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes) {
        Allocation to = device.allocation(destination, destinationOffsetBytes, sizeBytes);
        Allocation from = device.allocation(source, sourceOffsetBytes, sizeBytes);
        int target = (int) destinationOffsetBytes;
        int start = (int) sourceOffsetBytes;
        if (to == from && Math.abs(destinationOffsetBytes - sourceOffsetBytes) < sizeBytes) {
            throw new IllegalArgumentException(source.name() + ": a copy between ranges that overlap");
        }
        enqueue(() -> {
            to.copyFrom(from, start, target, (int) sizeBytes);
        });
    }

    @Override
    public void fill(DeviceMemory destination, long offsetBytes, long sizeBytes, byte value) {
        Allocation to = device.allocation(destination, offsetBytes, sizeBytes);
        int at = (int) offsetBytes;
        enqueue(() -> {
            Arrays.fill(to.data(), at, at + (int) sizeBytes, value);
            to.fillStates(at, (int) sizeBytes, Allocation.WRITTEN);
        });
    }

    @Override
    public void launch(Kernel kernel, LaunchShape shape, KernelArgs args) {
        if (!(kernel instanceof EmulatorKernel own) || !own.isOf(device)) {
            throw new IllegalArgumentException(kernel.name() + " is not of this device");
        }
        EmulatorKernel.Prepared prepared = own.prepare(shape, args);
        enqueue(() -> device.launch(own, prepared));
    }

    @Override
    public void launch(Graph graph) {
        EmulatorGraph own = (EmulatorGraph) graph;
        enqueue(own::run);
    }

    @Override
    public void record(Event event) {
        ((EmulatorEvent) event).mark(capture);
    }

    @Override
    public void waitFor(Event event) {
        Capture of = ((EmulatorEvent) event).capture();
        if (of != null && !of.isEnded && capture == null) {
            capture = of;
            of.streams.add(this);
        }
    }

    @Override
    public void synchronize() {
        if (capture != null) {
            throw new IllegalStateException("the stream " + name + " is captured and cannot be waited for");
        }
        device.requireUsable("waiting for the stream " + name);
    }

    @Override
    public void beginCapture() {
        if (capture != null) {
            throw new IllegalStateException("the stream " + name + " is captured already");
        }
        capture = new Capture(this);
        capture.streams.add(this);
    }

    @Override
    public Graph endCapture(String graphName) {
        Capture done = capture;
        if (done == null || done.origin != this) {
            throw new IllegalStateException("no capture began with the stream " + name);
        }
        done.isEnded = true;
        for (EmulatorStream stream : done.streams) {
            stream.capture = null;
        }
        return new EmulatorGraph(graphName, done);
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}

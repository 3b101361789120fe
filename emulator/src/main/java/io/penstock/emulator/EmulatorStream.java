package io.penstock.emulator;

import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Footprint;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A queue whose work is done when it is queued, or remembered while capturing. */
final class EmulatorStream implements Stream {
    private final EmulatorDevice device;
    private final String name;
    private final StreamOrder order;
    private final Serialization serialization;
    private final Tail tail;
    private Capture capture;
    private boolean isBehindKernel;

    /** @param order of streams; null where nobody checks it */
    EmulatorStream(EmulatorDevice device, String name, Serialization serialization, StreamOrder order) {
        this.device = device;
        this.name = name;
        this.serialization = serialization;
        this.order = order;
        tail = new Tail(order == null ? null : order.queue(name));
    }

    @Override
    public String name() {
        return name;
    }

    private void enqueue(Capture.Work work) {
        device.requireUsable("work of the stream " + name);
        isBehindKernel = false;
        if (capture != null) {
            capture.addNode(this, work);
        } else {
            work.run(tail);
        }
    }

    /** Work that reads or writes a range; the order is checked before. */
    private void enqueue(String what, Allocation allocation, int at, int sizeBytes, boolean isRead, Runnable work) {
        enqueue(behind -> {
            if (behind.queue != null) {
                behind.queue.begin(what);
                device.check(behind.queue, allocation, at, sizeBytes, isRead);
            }
            work.run();
        });
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
        enqueue("copyToDevice", to, at, (int) sizeBytes, false, () -> {
            MemorySegment.ofArray(to.data()).asSlice(at, sizeBytes).copyFrom(from);
            to.fillStates(at, (int) sizeBytes, Allocation.WRITTEN);
        });
    }

    @Override
    public void copyToHost(MemorySegment destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes) {
        Allocation from = device.allocation(source, sourceOffsetBytes, sizeBytes);
        MemorySegment to = host(destination, destinationOffsetBytes, sizeBytes);
        enqueue("copyToHost", from, (int) sourceOffsetBytes, (int) sizeBytes, true,
                () -> to.copyFrom(MemorySegment.ofArray(from.data()).asSlice(sourceOffsetBytes, sizeBytes)));
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
        enqueue(behind -> {
            if (behind.queue != null) {
                behind.queue.begin("copyOnDevice");
                device.check(behind.queue, from, start, (int) sizeBytes, true);
                device.check(behind.queue, to, target, (int) sizeBytes, false);
            }
            to.copyFrom(from, start, target, (int) sizeBytes);
        });
    }

    @Override
    public void fill(DeviceMemory destination, long offsetBytes, long sizeBytes, byte value) {
        Allocation to = device.allocation(destination, offsetBytes, sizeBytes);
        int at = (int) offsetBytes;
        enqueue("fill", to, at, (int) sizeBytes, false, () -> {
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
        boolean isProgrammatic = serialization == Serialization.PROGRAMMATIC;
        boolean isEarly = isProgrammatic && isBehindKernel && own.signature().waitsForLaunchInFront();
        enqueue(behind -> {
            Footprint inFront = isEarly ? behind.lastLaunch : null;
            behind.lastLaunch = isProgrammatic ? new Footprint(own.name()) : null;
            device.launch(own, prepared, behind, inFront);
        });
        isBehindKernel = true;
    }

    @Override
    public void launch(Graph graph) {
        EmulatorGraph own = (EmulatorGraph) graph;
        enqueue(own::run);
    }

    @Override
    public void record(Event event) {
        EmulatorEvent own = (EmulatorEvent) event;
        own.mark(capture);
        mark(behind -> own.orderBehind(behind.queue));
    }

    @Override
    public void waitFor(Event event) {
        EmulatorEvent own = (EmulatorEvent) event;
        Capture of = own.capture();
        if (of != null && !of.isEnded && capture == null) {
            capture = of;
            of.streams.add(this);
        }
        mark(behind -> own.orderBefore(behind.queue));
    }

    private void mark(Capture.Work work) {
        isBehindKernel = false;
        if (order == null) {
            return;
        }
        if (capture != null) {
            capture.addMark(this, work);
        } else {
            work.run(tail);
        }
    }

    @Override
    public void synchronize() {
        if (capture != null) {
            throw new IllegalStateException("the stream " + name + " is captured and cannot be waited for");
        }
        device.requireUsable("waiting for the stream " + name);
        if (order != null) {
            order.hostKnows(tail.queue.known());
        }
        isBehindKernel = false;
    }

    @Override
    public void beginCapture() {
        if (capture != null) {
            throw new IllegalStateException("the stream " + name + " is captured already");
        }
        isBehindKernel = false;
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
            stream.isBehindKernel = false;
        }
        return new EmulatorGraph(graphName, done, order);
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}

package io.penstock.device.cuda;

import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/** Hot: nothing here allocates, except what ends a capture and the first launch with more arguments than any before. */
final class CudaStream extends CudaResource implements Stream {
    private static final int USUAL_ARGUMENTS = 64;

    private final Driver driver;
    private final String name;
    private final Driver.Handle handle;
    private final long address;
    /** Of the arguments' addresses, rewritten for each launch; the driver reads it before the launch returns. */
    private MemorySegment table = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG, USUAL_ARGUMENTS);
    private final LaunchLog log = new LaunchLog();
    /** Of kernels that may begin before the one in front has ended; null where none may. */
    private final LaunchConfig early;
    /** Whether the last thing queued is a kernel. */
    private boolean isBehindKernel;
    /** The capture that this stream began or joined, or null. */
    private CudaCapture capture;

    private CudaStream(CudaContext context, String name, Driver.Handle handle, Serialization serialization) {
        super(context);
        this.driver = context.driver();
        this.name = name;
        this.handle = handle;
        this.address = handle.address();
        early = serialization == Serialization.PROGRAMMATIC ? new LaunchConfig(address) : null;
    }

    static CudaStream create(CudaContext context, String name, Serialization serialization) {
        context.enter();
        Driver.Handle[] handle = new Driver.Handle[1];
        context.check(context.driver().cuStreamCreate(handle), "cuStreamCreate", "making stream", name);
        return context.add(new CudaStream(context, name, handle[0], serialization));
    }

    Driver.Handle handle() {
        return handle;
    }

    LaunchLog log() {
        return log;
    }

    /** Something is queued or waited for. */
    private void begin() {
        enter();
        isBehindKernel = false;
    }

    /** Waits for what was just queued, where that is the mode, and says what it was if it failed. */
    private void awaitIfAsked(String doing, Object subject, Object detail) {
        if (context().mode() == LaunchMode.AWAITED && capture == null) {
            context().check(driver.cuStreamSynchronize(address), "cuStreamSynchronize", doing, subject, detail);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void copyToDevice(DeviceMemory destination, long destinationOffsetBytes, MemorySegment source,
            long sourceOffsetBytes, long sizeBytes) {
        long to = deviceRange(destination, destinationOffsetBytes, sizeBytes);
        long from = hostRange(source, sourceOffsetBytes, sizeBytes);
        begin();
        context().check(driver.cuMemcpyHtoDAsync(to, from, sizeBytes, address), "cuMemcpyHtoDAsync", "copying to",
                destination);
        awaitIfAsked("copying to", destination, null);
    }

    @Override
    public void copyToHost(MemorySegment destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes) {
        if (destination.isReadOnly()) {
            throw new IllegalArgumentException("a copy of " + source + " to memory that is read-only");
        }
        long to = hostRange(destination, destinationOffsetBytes, sizeBytes);
        long from = deviceRange(source, sourceOffsetBytes, sizeBytes);
        begin();
        context().check(driver.cuMemcpyDtoHAsync(to, from, sizeBytes, address), "cuMemcpyDtoHAsync", "copying from",
                source);
        awaitIfAsked("copying from", source, null);
    }

    @Override
    public void copyOnDevice(DeviceMemory destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes) {
        long to = deviceRange(destination, destinationOffsetBytes, sizeBytes);
        long from = deviceRange(source, sourceOffsetBytes, sizeBytes);
        if (to < from + sizeBytes && from < to + sizeBytes) {
            throw new IllegalArgumentException("a copy of " + sizeBytes + " bytes within " + source + " from offset "
                    + sourceOffsetBytes + " to " + destinationOffsetBytes + ", which overlap");
        }
        begin();
        context().check(driver.cuMemcpyDtoDAsync(to, from, sizeBytes, address), "cuMemcpyDtoDAsync", "copying to",
                destination);
        awaitIfAsked("copying to", destination, null);
    }

    @Override
    public void fill(DeviceMemory destination, long offsetBytes, long sizeBytes, byte value) {
        long to = deviceRange(destination, offsetBytes, sizeBytes);
        begin();
        context().check(driver.cuMemsetD8Async(to, value, sizeBytes, address), "cuMemsetD8Async", "filling",
                destination);
        awaitIfAsked("filling", destination, null);
    }

    private long deviceRange(DeviceMemory memory, long offsetBytes, long sizeBytes) {
        CudaMemory own = own(CudaMemory.class, memory);
        own.requireOpen();
        requireWithin(own, own.sizeBytes(), offsetBytes, sizeBytes);
        return own.address() + offsetBytes;
    }

    private long hostRange(MemorySegment memory, long offsetBytes, long sizeBytes) {
        if (!memory.isNative() || !memory.scope().isAlive()) {
            throw new IllegalArgumentException(memory + " is not native memory that is still there");
        }
        requireWithin(memory, memory.byteSize(), offsetBytes, sizeBytes);
        long first = memory.address() + offsetBytes;
        if (capture != null && !context().isPinned(first, sizeBytes)) {
            throw new IllegalArgumentException("a capture copies from and to pinned memory only, not " + memory);
        }
        return first;
    }

    private static void requireWithin(Object memory, long memoryBytes, long offsetBytes, long sizeBytes) {
        if (offsetBytes < 0 || sizeBytes < 1 || sizeBytes > memoryBytes - offsetBytes) {
            throw new IllegalArgumentException(
                    sizeBytes + " bytes at offset " + offsetBytes + " are not within " + memory);
        }
    }

    private <T extends CudaResource> T own(Class<T> type, Object port) {
        T own = type.isInstance(port) ? type.cast(port) : null;
        if (own == null || own.context() != context()) {
            throw new IllegalArgumentException(port + " is not of " + context());
        }
        return own;
    }

    @Override
    public void launch(Kernel kernel, LaunchShape shape, KernelArgs args) {
        if (!(kernel instanceof CudaKernel own) || own.module().context() != context()) {
            throw new IllegalArgumentException(kernel + " is not of " + context());
        }
        own.module().requireOpen();
        long values = args.valuesFor(kernel).address();
        int[] offsets = own.offsets();
        if (offsets.length > table.byteSize() / Long.BYTES) {
            table = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG, offsets.length);
        }
        for (int i = 0; i < offsets.length; i++) {
            table.setAtIndex(ValueLayout.JAVA_LONG, i, values + offsets[i]);
        }
        boolean isEarly = early != null && isBehindKernel && own.signature().waitsForLaunchInFront();
        begin();
        int result = isEarly ? driver.cuLaunchKernelEx(early.of(shape), own.address(), table.address())
                : driver.cuLaunchKernel(own.address(), shape.gridX(), shape.gridY(), shape.gridZ(), shape.blockX(),
                        shape.blockY(), shape.blockZ(), shape.dynamicSharedBytes(), address, table.address());
        Reference.reachabilityFence(args);
        context().check(result, isEarly ? "cuLaunchKernelEx" : "cuLaunchKernel", "launching", own, shape);
        isBehindKernel = true;
        if (capture != null) {
            capture.kernels.add(own.name());
        } else {
            log.add(own);
            awaitIfAsked("running", own, shape);
        }
    }

    @Override
    public void launch(Graph graph) {
        CudaGraph own = own(CudaGraph.class, graph);
        own.requireOpen();
        begin();
        context().check(driver.cuGraphLaunch(own.address(), address), "cuGraphLaunch", "launching", own);
        log.add(own);
        awaitIfAsked("running", own, null);
    }

    @Override
    public void record(Event event) {
        CudaEvent own = own(CudaEvent.class, event);
        own.requireOpen();
        begin();
        context().check(driver.cuEventRecord(own.address(), address), "cuEventRecord", "recording an event in", this);
        own.marks(log, capture);
    }

    @Override
    public void waitFor(Event event) {
        CudaEvent own = own(CudaEvent.class, event);
        own.requireOpen();
        begin();
        context().check(driver.cuStreamWaitEvent(address, own.address()), "cuStreamWaitEvent", "waiting in", this);
        if (own.capture() == null) {
            own.isAwaitedIn(log);
        } else if (capture == null && own.capture().isJoined(this)) {
            capture = own.capture();
        }
    }

    void leaveCapture() {
        capture = null;
        isBehindKernel = false;
    }

    @Override
    public void synchronize() {
        begin();
        context().check(driver.cuStreamSynchronize(address), "cuStreamSynchronize", "waiting for", this);
        log.done(log.position());
    }

    @Override
    public void beginCapture() {
        if (capture != null) {
            throw new IllegalStateException(this + " is capturing already");
        }
        begin();
        context().check(driver.cuStreamBeginCapture(handle), "cuStreamBeginCapture", "beginning a capture of", this);
        capture = new CudaCapture(this);
    }

    @Override
    public Graph endCapture(String graphName) {
        CudaCapture done = capture;
        if (done == null || done.origin != this) {
            throw new IllegalStateException(this + " is not capturing: begin with beginCapture");
        }
        done.end();
        begin();
        Driver.Handle[] graph = new Driver.Handle[1];
        context().check(driver.cuStreamEndCapture(graph, handle), "cuStreamEndCapture", "capturing graph",
                graphName);
        return CudaGraph.instantiate(context(), graphName, graph[0], done.kernels);
    }

    @Override
    public void close() {
        context().close(this);
    }

    @Override
    void release() {
        Driver.Handle[] graph = new Driver.Handle[1];
        if (capture != null && capture.origin == this) {
            capture.end();
            if (driver.cuStreamEndCapture(graph, handle) == Driver.SUCCESS) {
                driver.cuGraphDestroy(graph[0]);
            }
        }
        context().checkRelease(driver.cuStreamDestroy(handle), "cuStreamDestroy", this);
    }

    @Override
    public String toString() {
        return "stream " + name;
    }
}

package io.penstock.device.cuda;

import io.penstock.device.PinnedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

final class CudaPinnedMemory extends CudaResource implements PinnedMemory {
    private final String name;
    private final long address;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    @SuppressWarnings("restricted")
    private CudaPinnedMemory(CudaContext context, String name, long address, long sizeBytes) {
        super(context);
        this.name = name;
        this.address = address;
        this.segment = MemorySegment.ofAddress(address).reinterpret(sizeBytes, arena, null);
    }

    static CudaPinnedMemory allocate(CudaContext context, String name, long sizeBytes) {
        context.enter();
        long[] address = new long[1];
        context.check(context.driver().cuMemHostAlloc(address, sizeBytes), "cuMemHostAlloc",
                "allocating pinned memory of", name, sizeBytes + " bytes");
        CudaPinnedMemory memory = context.add(new CudaPinnedMemory(context, name, address[0], sizeBytes));
        memory.segment.fill((byte) 0);
        return memory;
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public String name() {
        return name;
    }

    boolean holds(long first, long sizeBytes) {
        return first >= address && first + sizeBytes <= address + segment.byteSize();
    }

    @Override
    public void close() {
        context().close(this);
    }

    @Override
    void release() {
        arena.close();
        context().checkRelease(context().driver().cuMemFreeHost(address), "cuMemFreeHost", this);
    }

    @Override
    public String toString() {
        return "pinned memory of " + name + ", " + segment.byteSize() + " bytes";
    }
}

package io.penstock.device.cuda;

import io.penstock.device.DeviceMemory;

final class CudaMemory extends CudaResource implements DeviceMemory {
    private final String name;
    private final Driver.Handle handle;
    private final long address;
    private final long sizeBytes;

    private CudaMemory(CudaContext context, String name, Driver.Handle handle, long sizeBytes) {
        super(context);
        this.name = name;
        this.handle = handle;
        this.address = handle.address();
        this.sizeBytes = sizeBytes;
    }

    static CudaMemory allocate(CudaContext context, String name, long sizeBytes) {
        context.enter();
        Driver.Handle[] handle = new Driver.Handle[1];
        context.check(context.driver().cuMemAlloc(handle, sizeBytes), "cuMemAlloc", "allocating memory of",
                name, sizeBytes + " bytes");
        return context.add(new CudaMemory(context, name, handle[0], sizeBytes));
    }

    @Override
    public long address() {
        return address;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void close() {
        context().close(this);
    }

    @Override
    void release() {
        context().checkRelease(context().driver().cuMemFree(handle), "cuMemFree", this);
    }

    @Override
    public String toString() {
        return "memory of " + name + ", " + sizeBytes + " bytes";
    }
}

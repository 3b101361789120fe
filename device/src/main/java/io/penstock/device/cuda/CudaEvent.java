package io.penstock.device.cuda;

import io.penstock.device.Event;
import jcuda.driver.CUresult;

final class CudaEvent extends CudaResource implements Event {
    private final Driver driver;
    private final Driver.Handle handle;
    private final long address;
    private LaunchLog log;
    private long position;
    private CudaCapture capture;

    private CudaEvent(CudaContext context, Driver.Handle handle) {
        super(context);
        this.driver = context.driver();
        this.handle = handle;
        this.address = handle.address();
    }

    static CudaEvent create(CudaContext context) {
        context.enter();
        Driver.Handle[] handle = new Driver.Handle[1];
        context.check(context.driver().cuEventCreate(handle), "cuEventCreate", "making", "an event");
        return context.add(new CudaEvent(context, handle[0]));
    }

    long address() {
        return address;
    }

    /**
     * Remembers what is done when this is.
     *
     * @param of the capture that it is recorded in, which does nothing yet; or null
     */
    void marks(LaunchLog launches, CudaCapture of) {
        capture = of;
        if (of == null) {
            log = launches;
            position = launches.position();
        }
    }

    /** The capture that it was recorded in last, or null. */
    CudaCapture capture() {
        return capture;
    }

    /** What is queued from here on waits for what this marks: once that is done, so is this. */
    void isAwaitedIn(LaunchLog waiting) {
        if (log != null && log != waiting) {
            waiting.addWait(log, position);
        }
    }

    private void isReached() {
        if (log != null) {
            log.done(position);
        }
    }

    @Override
    public void synchronize() {
        enter();
        context().check(driver.cuEventSynchronize(address), "cuEventSynchronize", "waiting for", this);
        isReached();
    }

    @Override
    public boolean isDone() {
        enter();
        int result = driver.cuEventQuery(address);
        if (result == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        context().check(result, "cuEventQuery", "asking for", this);
        isReached();
        return true;
    }

    @Override
    public double elapsedMs(Event start) {
        if (!(start instanceof CudaEvent first) || first.context() != context()) {
            throw new IllegalArgumentException(start + " is not of " + context());
        }
        enter();
        first.requireOpen();
        float[] ms = new float[1];
        context().check(driver.cuEventElapsedTime(ms, first.handle, handle), "cuEventElapsedTime", "timing",
                "two events");
        return ms[0];
    }

    @Override
    public void close() {
        context().close(this);
    }

    @Override
    void release() {
        context().checkRelease(driver.cuEventDestroy(handle), "cuEventDestroy", this);
    }

    @Override
    public String toString() {
        return "an event";
    }
}

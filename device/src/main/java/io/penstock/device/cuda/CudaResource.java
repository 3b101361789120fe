package io.penstock.device.cuda;

/** Something that the driver made and takes back once, at the latest when its device is closed. */
abstract class CudaResource {
    private final CudaContext context;
    private boolean isClosed;

    CudaResource(CudaContext context) {
        this.context = context;
    }

    final CudaContext context() {
        return context;
    }

    /** Makes this thread work on the device; throws if this is closed. */
    final void enter() {
        context.enter();
        requireOpen();
    }

    final void requireOpen() {
        if (isClosed) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    final void markClosed() {
        isClosed = true;
    }

    /** Gives back what the driver holds, in an entered context. */
    abstract void release();

    /** Says what this is, for messages. */
    @Override
    public abstract String toString();
}

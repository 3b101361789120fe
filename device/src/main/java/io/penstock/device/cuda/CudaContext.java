package io.penstock.device.cuda;

import io.penstock.device.DeviceException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jcuda.driver.CUresult;

/**
 * The primary context of one GPU: the one place that looks at the driver's results, knows what is still open, and sees
 * to it that the calling thread works on this GPU.
 */
final class CudaContext {
    private static final ThreadLocal<CudaContext> CURRENT = new ThreadLocal<>();

    private final Driver driver;
    private final String deviceName;
    private final Driver.Handle device;
    private final Driver.Handle handle;
    private final LaunchMode mode;
    private final Set<CudaResource> open = new LinkedHashSet<>();
    private volatile DeviceException lost;
    private volatile boolean isClosed;

    private CudaContext(
            Driver driver, String deviceName, Driver.Handle device, Driver.Handle handle, LaunchMode mode) {
        this.driver = driver;
        this.deviceName = deviceName;
        this.device = device;
        this.handle = handle;
        this.mode = mode;
    }

    static CudaContext open(Driver driver, String deviceName, Driver.Handle device, LaunchMode mode) {
        Driver.Handle[] handle = new Driver.Handle[1];
        int result = driver.cuDevicePrimaryCtxRetain(handle, device);
        if (result != Driver.SUCCESS) {
            throw exception(driver, result, "cuDevicePrimaryCtxRetain", "opening " + deviceName);
        }
        return new CudaContext(driver, deviceName, device, handle[0], mode);
    }

    Driver driver() {
        return driver;
    }

    LaunchMode mode() {
        return mode;
    }

    /** Makes this thread work on this GPU; throws if the device is closed or lost. */
    void enter() {
        if (isClosed) {
            throw new IllegalStateException(deviceName + " is closed");
        }
        if (lost != null) {
            throw new DeviceException(lost.call(), lost.code(), lost.name(),
                    deviceName + " is lost since this failed: " + lost.context(), lost.suspects());
        }
        assert !Thread.currentThread().isVirtual() : "a virtual thread changes its native thread";
        if (CURRENT.get() != this) {
            check(driver.cuCtxSetCurrent(handle), "cuCtxSetCurrent", "entering", deviceName, null);
            CURRENT.set(this);
        }
    }

    boolean isLost() {
        return lost != null;
    }

    void check(int result, String call, String doing, Object subject) {
        check(result, call, doing, subject, null);
    }

    /**
     * Throws if a call failed. The words become text only then.
     *
     * @param detail of the subject, or null
     */
    void check(int result, String call, String doing, Object subject, Object detail) {
        if (result == Driver.SUCCESS) {
            return;
        }
        String context = doing + " " + subject + (detail == null ? "" : ", " + detail);
        if (!isFatal(result)) {
            throw exception(driver, result, call, context);
        }
        List<String> suspects = mode == LaunchMode.AWAITED ? List.of() : underWay();
        lost = new DeviceException(call, result, driver.resultName(result), context, suspects);
        throw lost;
    }

    /** Throws if giving something back failed; on a lost device that says nothing new. */
    void checkRelease(int result, String call, Object subject) {
        if (lost == null) {
            check(result, call, "closing", subject, null);
        }
    }

    private static DeviceException exception(Driver driver, int result, String call, String context) {
        return new DeviceException(call, result, driver.resultName(result), context);
    }

    /** After these the driver answers every further call with the same error. */
    private static boolean isFatal(int result) {
        return switch (result) {
            case CUresult.CUDA_ERROR_ECC_UNCORRECTABLE, CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                    CUresult.CUDA_ERROR_LAUNCH_TIMEOUT, CUresult.CUDA_ERROR_ASSERT,
                    CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR, CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                    CUresult.CUDA_ERROR_MISALIGNED_ADDRESS, CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
                    CUresult.CUDA_ERROR_INVALID_PC, CUresult.CUDA_ERROR_LAUNCH_FAILED,
                    CUresult.CUDA_ERROR_UNKNOWN -> true;
            default -> false;
        };
    }

    private synchronized List<String> underWay() {
        Map<String, Integer> kernels = new LinkedHashMap<>();
        for (CudaResource resource : open) {
            if (resource instanceof CudaStream stream) {
                stream.log().addUnderWay(kernels);
            }
        }
        return LaunchLog.texts(kernels);
    }

    /** Waits for everything. */
    void synchronize() {
        enter();
        check(driver.cuCtxSynchronize(), "cuCtxSynchronize", "waiting for", this);
        allIsDone();
    }

    private synchronized void allIsDone() {
        for (CudaResource resource : open) {
            if (resource instanceof CudaStream stream) {
                stream.log().done(stream.log().position());
            }
        }
    }

    synchronized <T extends CudaResource> T add(T resource) {
        open.add(resource);
        return resource;
    }

    private synchronized boolean isOpen(CudaResource resource) {
        return open.contains(resource);
    }

    /** Whether it was open. */
    private synchronized boolean remove(CudaResource resource) {
        return open.remove(resource);
    }

    /** Closes one resource, if nobody has; it stays open if this thread cannot enter the context. */
    void close(CudaResource resource) {
        if (!isOpen(resource)) {
            return;
        }
        if (lost == null) {
            enter();
        }
        if (remove(resource)) {
            release(resource);
        }
    }

    private static void release(CudaResource resource) {
        resource.markClosed();
        resource.release();
    }

    /** Whether memory of the host is within pinned memory of this device. */
    synchronized boolean isPinned(long address, long sizeBytes) {
        for (CudaResource resource : open) {
            if (resource instanceof CudaPinnedMemory pinned && pinned.holds(address, sizeBytes)) {
                return true;
            }
        }
        return false;
    }

    /** Closes what is open, the youngest first, then gives the context back; the first failure is thrown at the end. */
    void close() {
        List<CudaResource> rest;
        synchronized (this) {
            if (isClosed) {
                return;
            }
            rest = new ArrayList<>(open).reversed();
            open.clear();
        }
        DeviceException first = attempt(null, () -> {
            if (lost == null) {
                enter();
                checkRelease(driver.cuCtxSynchronize(), "cuCtxSynchronize", deviceName);
            }
        });
        for (CudaResource resource : rest) {
            first = attempt(first, () -> release(resource));
        }
        isClosed = true;
        CURRENT.remove();
        first = attempt(first,
                () -> checkRelease(driver.cuDevicePrimaryCtxRelease(device), "cuDevicePrimaryCtxRelease", deviceName));
        if (first != null) {
            throw first;
        }
    }

    private static DeviceException attempt(DeviceException first, Runnable step) {
        try {
            step.run();
            return first;
        } catch (DeviceException e) {
            if (first == null) {
                return e;
            }
            first.addSuppressed(e);
            return first;
        }
    }

    @Override
    public String toString() {
        return deviceName;
    }
}

package io.penstock.device.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The driver's functions that a step calls, bound without JCuda: its objects hold one address each, so that a copy to
 * another offset would allocate. Initialised only where {@link NativeLibraries} has found the driver; the handles are
 * constants, so that the compiler sees through them.
 */
@SuppressWarnings("restricted")
final class StepFunctions {
    private static final SymbolLookup DRIVER = SymbolLookup.libraryLookup(NativeLibraries.DRIVER, Arena.global());

    private static final MethodHandle CU_LAUNCH_KERNEL = bind("cuLaunchKernel", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CU_LAUNCH_KERNEL_EX = DRIVER.find("cuLaunchKernelEx").isEmpty() ? null
            : bind("cuLaunchKernelEx", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CU_GRAPH_LAUNCH = bind("cuGraphLaunch", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CU_MEMCPY_HTOD =
            bind("cuMemcpyHtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CU_MEMCPY_DTOH =
            bind("cuMemcpyDtoHAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CU_MEMCPY_DTOD =
            bind("cuMemcpyDtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CU_MEMSET_D8 =
            bind("cuMemsetD8Async", JAVA_LONG, JAVA_BYTE, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CU_EVENT_RECORD = bind("cuEventRecord", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CU_EVENT_QUERY = bind("cuEventQuery", JAVA_LONG);
    private static final MethodHandle CU_EVENT_SYNCHRONIZE = bind("cuEventSynchronize", JAVA_LONG);
    private static final MethodHandle CU_STREAM_WAIT_EVENT = bind("cuStreamWaitEvent", JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle CU_STREAM_SYNCHRONIZE = bind("cuStreamSynchronize", JAVA_LONG);
    private static final MethodHandle CU_MEM_HOST_ALLOC = bind("cuMemHostAlloc", JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle CU_MEM_FREE_HOST = bind("cuMemFreeHost", JAVA_LONG);

    private StepFunctions() {}

    private static MethodHandle bind(String name, MemoryLayout... parameters) {
        return Linker.nativeLinker().downcallHandle(DRIVER.findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, parameters));
    }

    static int cuLaunchKernel(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ,
            int dynamicSharedBytes, long stream, long parameters) {
        try {
            return (int) CU_LAUNCH_KERNEL.invokeExact(function, gridX, gridY, gridZ, blockX, blockY, blockZ,
                    dynamicSharedBytes, stream, parameters, 0L);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static boolean hasLaunchKernelEx() {
        return CU_LAUNCH_KERNEL_EX != null;
    }

    static int cuLaunchKernelEx(long config, long function, long parameters) {
        try {
            return (int) CU_LAUNCH_KERNEL_EX.invokeExact(config, function, parameters, 0L);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuGraphLaunch(long graphExec, long stream) {
        try {
            return (int) CU_GRAPH_LAUNCH.invokeExact(graphExec, stream);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuMemcpyHtoDAsync(long destination, long source, long sizeBytes, long stream) {
        try {
            return (int) CU_MEMCPY_HTOD.invokeExact(destination, source, sizeBytes, stream);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuMemcpyDtoHAsync(long destination, long source, long sizeBytes, long stream) {
        try {
            return (int) CU_MEMCPY_DTOH.invokeExact(destination, source, sizeBytes, stream);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuMemcpyDtoDAsync(long destination, long source, long sizeBytes, long stream) {
        try {
            return (int) CU_MEMCPY_DTOD.invokeExact(destination, source, sizeBytes, stream);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuMemsetD8Async(long destination, byte value, long sizeBytes, long stream) {
        try {
            return (int) CU_MEMSET_D8.invokeExact(destination, value, sizeBytes, stream);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuEventRecord(long event, long stream) {
        try {
            return (int) CU_EVENT_RECORD.invokeExact(event, stream);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuEventQuery(long event) {
        try {
            return (int) CU_EVENT_QUERY.invokeExact(event);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuEventSynchronize(long event) {
        try {
            return (int) CU_EVENT_SYNCHRONIZE.invokeExact(event);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuStreamWaitEvent(long stream, long event) {
        try {
            return (int) CU_STREAM_WAIT_EVENT.invokeExact(stream, event, 0);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuStreamSynchronize(long stream) {
        try {
            return (int) CU_STREAM_SYNCHRONIZE.invokeExact(stream);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** @param address of a word that takes the memory's address */
    static int cuMemHostAlloc(long address, long sizeBytes, int flags) {
        try {
            return (int) CU_MEM_HOST_ALLOC.invokeExact(address, sizeBytes, flags);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static int cuMemFreeHost(long address) {
        try {
            return (int) CU_MEM_FREE_HOST.invokeExact(address);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static IllegalStateException impossible(Throwable e) {
        return new IllegalStateException("a native function was not called", e);
    }
}

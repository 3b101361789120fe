package io.penstock.device.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** NVTX of this machine. The library asks the profiler that started the process, and does nothing without one. */
@SuppressWarnings("restricted")
final class NativeNvtx implements Nvtx {
    private final MethodHandle push;
    private final MethodHandle pop;

    /**
     * @param library its name for the dynamic linker, or its path
     * @throws IllegalArgumentException if it is not there
     * @throws java.util.NoSuchElementException if it is not NVTX
     */
    NativeNvtx(String library) {
        SymbolLookup nvtx = SymbolLookup.libraryLookup(library, Arena.global());
        push = bind(nvtx, "nvtxRangePushA", JAVA_LONG);
        pop = bind(nvtx, "nvtxRangePop");
    }

    private static MethodHandle bind(SymbolLookup library, String name, MemoryLayout... parameters) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, parameters));
    }

    @Override
    public int nvtxRangePushA(long message) {
        try {
            return (int) push.invokeExact(message);
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }

    @Override
    public int nvtxRangePop() {
        try {
            return (int) pop.invokeExact();
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }
}

package io.penstock.kernels;

import io.penstock.device.cuda.PtxCompilation;
import io.penstock.device.cuda.PtxCompiler;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The PTX as the compiler of CUDA 12.0 makes machine code of it; each module once, for it takes seconds. */
final class Compiled {
    private static final Map<Module, PtxCompilation> ALL = new ConcurrentHashMap<>();

    private Compiled() {}

    private record Module(String operation, PtxSet set, String architecture) {}

    static PtxCompilation module(String operation, PtxSet set, String architecture) {
        return ALL.computeIfAbsent(new Module(operation, set, architecture),
                module -> PtxCompiler.compile(Ptx.read(module.operation, module.set), module.architecture));
    }
}

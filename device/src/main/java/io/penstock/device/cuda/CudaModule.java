package io.penstock.device.cuda;

import io.penstock.device.DeviceException;
import io.penstock.device.DeviceModule;
import io.penstock.device.Kernel;
import io.penstock.device.KernelSignature;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUresult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

final class CudaModule extends CudaResource implements DeviceModule {
    private static final Logger logger = LoggerFactory.getLogger(CudaModule.class);

    private static final int MAX_LOG_BYTES = 1 << 20;
    private static final int[] OPTIONS = {
        CUjit_option.CU_JIT_INFO_LOG_BUFFER, CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES,
        CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
        CUjit_option.CU_JIT_LOG_VERBOSE
    };

    private final String name;
    private final Driver.Handle handle;
    private final Map<String, CudaKernel> kernels = new LinkedHashMap<>();
    private List<String> notes = List.of();

    private CudaModule(CudaContext context, String name, Driver.Handle handle) {
        super(context);
        this.name = name;
        this.handle = handle;
    }

    static CudaModule load(CudaContext context, String name, String ptx) {
        Map<String, KernelSignature> signatures = KernelSignature.parse(ptx);
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment infoLog = arena.allocate(MAX_LOG_BYTES + 1);
            MemorySegment errorLog = arena.allocate(MAX_LOG_BYTES + 1);
            MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_LONG, infoLog.address(), MAX_LOG_BYTES,
                    errorLog.address(), MAX_LOG_BYTES, 1);
            Driver.Handle[] handle = new Driver.Handle[1];
            int result = context.driver().cuModuleLoadDataEx(handle, arena.allocateFrom(ptx), OPTIONS, values);
            if (result != Driver.SUCCESS) {
                String said = errorLog.getString(0).strip();
                logger.error("the driver rejects PTX module {}:\n{}", name, said);
                context.check(result, "cuModuleLoadDataEx", "loading PTX module", name, advice(result, said));
            }
            CudaModule module = context.add(new CudaModule(context, name, handle[0]));
            module.findKernels(signatures.values());
            module.report(infoLog.getString(0));
            return module;
        }
    }

    private static String advice(int result, String said) {
        String first = said.lines().findFirst().orElse("the compiler said nothing");
        return switch (result) {
            case CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION -> "a newer driver is needed: " + first;
            case CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU -> "it is for another architecture than this GPU's: " + first;
            default -> first;
        };
    }

    private void findKernels(Iterable<KernelSignature> signatures) {
        try {
            for (KernelSignature signature : signatures) {
                kernels.put(signature.kernel(), CudaKernel.of(this, handle, signature));
            }
        } catch (DeviceException e) {
            try {
                close();
            } catch (DeviceException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** The driver's disk cache gives no log, so that local memory is read from the kernels as well. */
    private void report(String infoLog) {
        List<String> found = new ArrayList<>(CompilerLog.parse(infoLog).notes());
        for (CudaKernel kernel : kernels.values()) {
            int localBytes = kernel.attributes().localBytes();
            if (localBytes > 0 && found.stream().noneMatch(note -> note.startsWith(kernel.name() + " "))) {
                found.add(kernel.name() + " has " + localBytes + " bytes of local memory per thread");
            }
        }
        notes = List.copyOf(found);
        notes.forEach(note -> logger.warn("PTX module {}: {}", name, note));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Kernel kernel(String kernelName) {
        requireOpen();
        CudaKernel kernel = kernels.get(kernelName);
        if (kernel == null) {
            throw new IllegalArgumentException(this + " has no kernel " + kernelName + "; it has " + kernels.keySet());
        }
        return kernel;
    }

    @Override
    public List<String> notes() {
        return notes;
    }

    @Override
    public void close() {
        context().close(this);
    }

    @Override
    void release() {
        context().checkRelease(context().driver().cuModuleUnload(handle), "cuModuleUnload", this);
    }

    @Override
    public String toString() {
        return "PTX module " + name;
    }
}

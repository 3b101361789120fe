package io.penstock.device.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;

/** cuBLAS 12 of this machine, by JCublas2; what a step calls is bound without it, as in {@link StepFunctions}. */
@SuppressWarnings("restricted")
final class NativeCublas implements Cublas {
    private static final SymbolLookup CUBLAS = SymbolLookup.libraryLookup(NativeLibraries.CUBLAS, Arena.global());
    private static final MethodHandle SET_STREAM = bind("cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
    /** handle, transa, transb, m, n, k, alpha, A, type, lda, B, type, ldb, beta, C, type, ldc, compute, algorithm */
    private static final MethodHandle GEMM_EX = bind("cublasGemmEx", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
            JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG,
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final long ONE = Arena.global().allocateFrom(JAVA_FLOAT, 1).address();
    private static final long ZERO = Arena.global().allocateFrom(JAVA_FLOAT, 0).address();

    private static final class CublasHandle extends cublasHandle implements Driver.Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static MethodHandle bind(String name, MemoryLayout... parameters) {
        return Linker.nativeLinker().downcallHandle(CUBLAS.findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, parameters));
    }

    @Override
    public String statusName(int status) {
        return cublasStatus.stringFor(status);
    }

    @Override
    public int cublasCreate(Driver.Handle[] cublas) {
        CublasHandle handle = new CublasHandle();
        cublas[0] = handle;
        return JCublas2.cublasCreate(handle);
    }

    @Override
    public int cublasDestroy(Driver.Handle cublas) {
        return JCublas2.cublasDestroy((CublasHandle) cublas);
    }

    @Override
    public int cublasGetVersion(int[] version, Driver.Handle cublas) {
        return JCublas2.cublasGetVersion((CublasHandle) cublas, version);
    }

    @Override
    public int cublasSetStream(long cublas, long stream) {
        try {
            return (int) SET_STREAM.invokeExact(cublas, stream);
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }

    @Override
    public int cublasGemmEx(long cublas, int rows, int columns, int depth, long a, long b, long c, int outputType) {
        try {
            return (int) GEMM_EX.invokeExact(cublas, cublasOperation.CUBLAS_OP_T, cublasOperation.CUBLAS_OP_N,
                    rows, columns, depth, ONE, a, cudaDataType.CUDA_R_16BF, depth, b, cudaDataType.CUDA_R_16BF, depth,
                    ZERO, c, outputType, rows, cublasComputeType.CUBLAS_COMPUTE_32F,
                    cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }
}

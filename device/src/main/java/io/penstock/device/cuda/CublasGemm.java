package io.penstock.device.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.Gemm;
import io.penstock.device.Stream;
import jcuda.cudaDataType;

/** Matrix products by cuBLAS. It may sum in another order for another m, so that it is never the default. */
final class CublasGemm extends CudaResource implements Gemm {
    private final Cublas cublas;
    private final Driver.Handle handle;
    private final long address;
    private final String name;

    private CublasGemm(CudaContext context, Cublas cublas, Driver.Handle handle, String name) {
        super(context);
        this.cublas = cublas;
        this.handle = handle;
        this.address = handle.address();
        this.name = name;
    }

    static CublasGemm open(Device device, Cublas cublas) {
        if (!(device instanceof CudaDevice cuda)) {
            throw new IllegalArgumentException(device + " is no CUDA device");
        }
        cuda.context().enter();
        Driver.Handle[] handle = new Driver.Handle[1];
        check(cublas, cublas.cublasCreate(handle), "cublasCreate", "opening cuBLAS on", device);
        int[] version = new int[1];
        int result = cublas.cublasGetVersion(version, handle[0]);
        if (result != Driver.SUCCESS) {
            cublas.cublasDestroy(handle[0]);
        }
        check(cublas, result, "cublasGetVersion", "opening cuBLAS on", device);
        String name = "cuBLAS " + version[0] / 10_000 + "." + version[0] / 100 % 100 + "." + version[0] % 100;
        return cuda.context().add(new CublasGemm(cuda.context(), cublas, handle[0], name));
    }

    private static void check(Cublas cublas, int status, String call, String doing, Object subject) {
        if (status != Driver.SUCCESS) {
            throw new DeviceException(call, status, cublas.statusName(status), doing + " " + subject);
        }
    }

    @Override
    public String name() {
        return name;
    }

    /** Row-major C is column-major Cᵀ[n, m] = B·Aᵀ, and row-major B[n, k] is column-major [k, n]. */
    @Override
    public void multiplyTransposed(Stream stream, Output output, long c, long a, long b, int m, int n, int k) {
        if (!(stream instanceof CudaStream own) || own.context() != context()) {
            throw new IllegalArgumentException(stream + " is not of " + context());
        }
        if (m < 1 || n < 1 || k < 1) {
            throw new IllegalArgumentException("a product of [" + m + ", " + k + "] and [" + n + ", " + k + "]");
        }
        enter();
        own.requireOpen();
        int type = output == Output.BFLOAT16 ? cudaDataType.CUDA_R_16BF : cudaDataType.CUDA_R_32F;
        check(cublas, cublas.cublasSetStream(address, own.handle().address()), "cublasSetStream", "choosing", own);
        check(cublas, cublas.cublasGemmEx(address, n, m, k, b, a, c, type), "cublasGemmEx", "multiplying in", own);
    }

    @Override
    public void close() {
        context().close(this);
    }

    @Override
    void release() {
        int status = cublas.cublasDestroy(handle);
        if (!context().isLost()) {
            check(cublas, status, "cublasDestroy", "closing", this);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}

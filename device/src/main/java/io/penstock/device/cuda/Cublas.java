package io.penstock.device.cuda;

/** The functions of cuBLAS that this package calls, one to one, in the manner of {@link Driver}. */
interface Cublas {
    String statusName(int status);

    int cublasCreate(Driver.Handle[] cublas);

    int cublasDestroy(Driver.Handle cublas);

    int cublasGetVersion(int[] version, Driver.Handle cublas);

    int cublasSetStream(long cublas, long stream);

    /**
     * Column-major {@code C[rows, columns] = Aᵀ·B}: A is [depth, rows], B is [depth, columns], both dense and bfloat16.
     *
     * @param outputType a {@code cudaDataType}
     */
    int cublasGemmEx(long cublas, int rows, int columns, int depth, long a, long b, long c, int outputType);
}

package io.penstock.device;

/** A vendor's matrix product, for those devices that have one; it is made for one device and closed before it. */
public interface Gemm extends AutoCloseable {
    /** Who computes, with version, for people to read. */
    String name();

    /**
     * Queues {@code C[m, n] = A[m, k] · B[n, k]ᵀ}: row-major and dense, A and B bfloat16, sums in float32.
     *
     * @param output what C holds
     * @param c address on the device; C overlaps neither A nor B
     */
    void multiplyTransposed(Stream stream, Output output, long c, long a, long b, int m, int n, int k);

    @Override
    void close();

    /** The type of the result. */
    enum Output {
        BFLOAT16,
        FLOAT32
    }
}

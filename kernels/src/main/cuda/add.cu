// Computes: residual = bf16(residual + update).
// Shapes:   residual, update [vectors, 8]: any [rows, columns] with columns a multiple of 8.
// Launch:   grid ceil(vectors / 512), block 256, no shared memory; a thread owns two vectors, 256 apart.
// Bound:    memory: 3 * vectors * 16 bytes, each byte once.
// Twin:     CpuOps.add: float32 sum, rounded once; the same bits.
#include "common/bf16.cuh"

constexpr int kThreads = 256;
constexpr int kVectorsPerThread = 2;

extern "C" __global__ void __launch_bounds__(kThreads) add_bf16(
    bf16* __restrict__ residual,      // [vectors, 8]
    const bf16* __restrict__ update,  // [vectors, 8]
    int num_vectors) {
    const int first = blockIdx.x * (kThreads * kVectorsPerThread) + threadIdx.x;

    // All loads before the first store: 64 bytes a thread are in flight.
    Bf16x8 x[kVectorsPerThread];
    Bf16x8 y[kVectorsPerThread];
#pragma unroll
    for (int v = 0; v < kVectorsPerThread; v++) {
        const int vector_idx = first + v * kThreads;
        if (vector_idx < num_vectors) {
            x[v] = load_vector(residual + static_cast<size_t>(vector_idx) * kVectorWidth);
            y[v] = load_vector(update + static_cast<size_t>(vector_idx) * kVectorWidth);
        }
    }
#pragma unroll
    for (int v = 0; v < kVectorsPerThread; v++) {
        const int vector_idx = first + v * kThreads;
        if (vector_idx >= num_vectors) {
            break;
        }
        float sum[kVectorWidth];
        float addend[kVectorWidth];
        unpack(x[v], sum);
        unpack(y[v], addend);
#pragma unroll
        for (int i = 0; i < kVectorWidth; i++) {
            sum[i] += addend[i];
        }
        store_vector(residual + static_cast<size_t>(vector_idx) * kVectorWidth, pack(sum));
    }
}

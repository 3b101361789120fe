// Computes: blocks[to[i]] = blocks[from[i]] in every attention layer; no copy writes what another reads or writes.
// Shapes:   kv_blocks [layers, blocks, kv_heads, K 64 x 64 | V 64 x 64]; from, to [copies].
// Launch:   grid (kv_heads, copies, layers), block 256; a block moves the 16 KiB of a kv head.
// Bound:    memory: 2 * copies * layers * kv_heads * 16 KiB.
// Twin:     CpuMemory.copy.
#include "common/bf16.cuh"
#include "common/warp.cuh"

constexpr int kBlockThreads = 256;
constexpr int kPieceElements = 2 * 64 * 64;
// Loads in flight per thread before the first store.
constexpr int kVectors = kPieceElements / kVectorWidth / kBlockThreads;

extern "C" __global__ void __launch_bounds__(kBlockThreads) copy_blocks_bf16(
    bf16* __restrict__ kv_blocks,  // [layers, blocks, kv_heads, 2, 64, 64]
    const int* __restrict__ from,  // [copies]
    const int* __restrict__ to,    // [copies]
    int num_blocks) {
    const size_t first_block = static_cast<size_t>(blockIdx.z) * num_blocks;
    const size_t source = (first_block + load_uniform(from + blockIdx.y)) * gridDim.x + blockIdx.x;
    const size_t target = (first_block + load_uniform(to + blockIdx.y)) * gridDim.x + blockIdx.x;
    const int own = threadIdx.x * kVectorWidth;
    Bf16x8 vectors[kVectors];
#pragma unroll
    for (int i = 0; i < kVectors; i++) {
        vectors[i] = load_vector(kv_blocks + source * kPieceElements + own + i * kBlockThreads * kVectorWidth);
    }
#pragma unroll
    for (int i = 0; i < kVectors; i++) {
        store_vector(kv_blocks + target * kPieceElements + own + i * kBlockThreads * kVectorWidth, vectors[i]);
    }
}

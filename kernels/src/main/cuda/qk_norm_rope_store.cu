// Computes: q, k = rope(bf16(bf16(head / sqrt(mean(head^2) + eps)) * norm), position); q in place; k, v into KV blocks.
// Shapes:   qkv [tokens, (heads + 2 kv_heads) 64]; kv_blocks [blocks, kv_heads, K 64 tokens x 64 | V 64 tokens x 64].
// Launch:   grid ceil(tokens / 2), block 256, 768 bytes static shared memory; eight lanes own a head of a token.
// Bound:    memory: 2 * tokens * (heads + 2 kv_heads) * 128 bytes + a 256-byte row of angles a token.
// Twin:     CpuOps.qkNormRopeStore: rounds after scale, weight and rotation, whose products are rounded separately.
#include "common/head_rope.cuh"

constexpr int kTokens = 2;
constexpr int kTokenThreads = 128;
constexpr int kHeadsPerRound = kTokenThreads / kHeadLanes;
// Rounds whose loads are in flight together: 48 heads, all those of a token of the 8B model.
constexpr int kRounds = 3;

// Where a lane's chunk of a token's row lies in a 64 x 64 tile: chunks of 16 bytes, swizzled by the row so that
// eight rows of one chunk column are in different banks when attention reads the tile with ldmatrix.
//   element = row * 64 + ((chunk ^ (row & 7)) * 8) + column % 8
__device__ __forceinline__ int tile_offset(int row, int chunk) {
    return row * kHeadDim + (chunk ^ (row & 7)) * kVectorWidth;
}

extern "C" __global__ void __launch_bounds__(kTokens* kTokenThreads) qk_norm_rope_store_bf16(
    bf16* __restrict__ qkv,                // [tokens, (heads + 2 kv_heads) 64]
    bf16* __restrict__ kv_blocks,          // [blocks, kv_heads, 2, 64, 64] of one layer
    const bf16* __restrict__ q_norm,       // [64]
    const bf16* __restrict__ k_norm,       // [64]
    const float* __restrict__ rope,        // [positions, 32 cosines | 32 sines]
    const int* __restrict__ positions,     // [tokens]
    const int* __restrict__ slot_mapping,  // [tokens]: block * 64 + offset; negative: the token is padding
    int num_tokens, int num_heads, int num_kv_heads, float eps) {
    __shared__ alignas(16) float angles[kTokens][kHeadDim];
    __shared__ alignas(16) bf16 norms[2][kHeadDim];
    const int token_in_block = threadIdx.x / kTokenThreads;
    const int thread_in_token = threadIdx.x % kTokenThreads;
    const int token_idx = blockIdx.x * kTokens + token_in_block;
    const bool has_token = token_idx < num_tokens;
    const int slot = has_token ? load_uniform(slot_mapping + token_idx) : -1;
    const size_t position = has_token ? load_uniform(positions + token_idx) : 0;

    // Angles and norms are read once per block, not once per head.
    if (slot >= 0 && thread_in_token < kHeadDim / 4) {
        const float* row = rope + position * kHeadDim;
        reinterpret_cast<float4*>(angles[token_in_block])[thread_in_token] =
            reinterpret_cast<const float4*>(row)[thread_in_token];
    }
    if (threadIdx.x < 2 * kHeadLanes) {
        const int chunk = threadIdx.x % kHeadLanes * kVectorWidth;
        store_vector(
            norms[threadIdx.x / kHeadLanes] + chunk, load_vector((threadIdx.x < kHeadLanes ? q_norm : k_norm) + chunk));
    }
    __syncthreads();
    if (slot < 0) {
        return;
    }

    const int lane = thread_in_token % kHeadLanes;
    const int num_rotated = num_heads + num_kv_heads;
    const int num_all = num_rotated + num_kv_heads;
    bf16* heads = qkv + static_cast<size_t>(token_idx) * num_all * kHeadDim + lane * kVectorWidth;
    bf16* block = kv_blocks + static_cast<size_t>(slot / kBlockTokens) * num_kv_heads * 2 * kBlockTokens * kHeadDim +
                  tile_offset(slot % kBlockTokens, lane);

#pragma unroll 1
    for (int first = thread_in_token / kHeadLanes; first - thread_in_token / kHeadLanes < num_all;
         first += kRounds * kHeadsPerRound) {
        Bf16x8 head[kRounds];
#pragma unroll
        for (int r = 0; r < kRounds; r++) {
            const int head_idx = first + r * kHeadsPerRound;
            head[r] = head_idx < num_all ? load_vector(heads + head_idx * kHeadDim) : zero_vector();
        }
        // All lanes shuffle, whichever kind of head they hold; a v head keeps what it was.
#pragma unroll
        for (int r = 0; r < kRounds; r++) {
            const int head_idx = first + r * kHeadsPerRound;
            const Bf16x8 normalised =
                normalise(head[r], load_vector(norms[head_idx < num_heads ? 0 : 1] + lane * kVectorWidth), eps);
            const Bf16x8 rotated = rotate(normalised, AngleRow{angles[token_in_block]}, lane);
            // One store for every kind of head: three would be merged into narrow ones.
            Bf16x8 stored = rotated;
            bf16* target = heads + head_idx * kHeadDim;
            if (head_idx >= num_rotated) {
                stored = head[r];
                target = block + ((head_idx - num_rotated) * 2 + 1) * kBlockTokens * kHeadDim;
            } else if (head_idx >= num_heads) {
                target = block + (head_idx - num_heads) * 2 * kBlockTokens * kHeadDim;
            }
            if (head_idx < num_all) {
                store_vector(target, stored);
            }
        }
    }
}

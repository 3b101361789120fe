// Computes: out[t] = embed_tokens[id], id = token_ids[t], or last_sampled[-1 - token_ids[t]] where that is negative.
// Shapes:   out [tokens, columns]; embed_tokens [vocab, columns], row-major or tile images; columns a multiple of 8.
// Launch:   grid tokens, block 128, no shared memory; a block owns a row, and notes its token at its KV slot.
// Bound:    memory: 2 * tokens * columns * 2 bytes, each byte once, and the ids.
// Twin:     CpuOps.embed: moves bits.
#include "common/copy_rows.cuh"
#include "common/warp.cuh"
#include "common/weight_tiles.cuh"

// The block's token, which it notes at its KV slot.
__device__ __forceinline__ size_t
block_token(int* block_tokens, const int* token_ids, const int* last_sampled, const int* slot_mapping) {
    int token_id = load_uniform(token_ids + blockIdx.x);
    if (token_id < 0) {
        token_id = load_uniform(last_sampled + (-1 - token_id));
    }
    if (threadIdx.x == 0 && slot_mapping[blockIdx.x] >= 0) {
        block_tokens[slot_mapping[blockIdx.x]] = token_id;
    }
    return token_id;
}

extern "C" __global__ void __launch_bounds__(kThreads) embed_bf16(
    bf16* __restrict__ out,                 // [tokens, columns]
    const bf16* __restrict__ embed_tokens,  // [vocab, columns]
    int* __restrict__ block_tokens,         // [KV slots]: gets the tokens
    const int* __restrict__ token_ids,      // [tokens]; -1 - s: what conv slot s sampled last
    const int* __restrict__ last_sampled,   // [conv slots]
    const int* __restrict__ slot_mapping,   // [tokens]: KV slot, negative for padding
    int num_columns) {
    const size_t token_id = block_token(block_tokens, token_ids, last_sampled, slot_mapping);
    const size_t token_idx = blockIdx.x;
    copy_row(out + token_idx * num_columns, embed_tokens + token_id * num_columns, num_columns);
}

extern "C" __global__ void __launch_bounds__(kThreads) embed_tiled_bf16(
    bf16* __restrict__ out,                    // [tokens, columns]
    const uint8_t* __restrict__ embed_tokens,  // [tiles of vocab][tiles of columns][64, 64]
    int* __restrict__ block_tokens,            // [KV slots]: gets the tokens
    const int* __restrict__ token_ids,         // [tokens]; -1 - s: what conv slot s sampled last
    const int* __restrict__ last_sampled,      // [conv slots]
    const int* __restrict__ slot_mapping,      // [tokens]: KV slot, negative for padding
    int num_columns) {
    const size_t token_id = block_token(block_tokens, token_ids, last_sampled, slot_mapping);
    const size_t token_idx = blockIdx.x;
    const size_t first_tile = token_id / TILE_ROWS * ((num_columns + TILE_K - 1) / TILE_K);
    const int row = token_id % TILE_ROWS;
    for (int chunk = threadIdx.x; chunk < num_columns / kVectorWidth; chunk += kThreads) {
        const uint8_t* tile = embed_tokens + (first_tile + chunk / kChunks) * kTileBytes;
        const bf16* source = reinterpret_cast<const bf16*>(tile + tile_offset(row, chunk % kChunks));
        store_vector(out + token_idx * num_columns + chunk * kVectorWidth, load_vector(source));
    }
}

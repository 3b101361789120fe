// Computes: out[t] = embed_tokens[id], id = token_ids[t], or last_sampled[-1 - token_ids[t]] where that is negative.
// Shapes:   out [tokens, columns]; embed_tokens [vocab, columns], row-major; columns a multiple of 8.
// Launch:   grid tokens, block 128, no shared memory; a block owns a row, and notes its token at its KV slot.
// Bound:    memory: 2 * tokens * columns * 2 bytes, each byte once, and the ids.
// Twin:     CpuOps.embed: moves bits.
#include "common/copy_rows.cuh"
#include "common/warp.cuh"

extern "C" __global__ void __launch_bounds__(kThreads) embed_bf16(
    bf16* __restrict__ out,                 // [tokens, columns]
    const bf16* __restrict__ embed_tokens,  // [vocab, columns]
    int* __restrict__ block_tokens,         // [KV slots]: gets the tokens
    const int* __restrict__ token_ids,      // [tokens]; -1 - s: what conv slot s sampled last
    const int* __restrict__ last_sampled,   // [conv slots]
    const int* __restrict__ slot_mapping,   // [tokens]: KV slot, negative for padding
    int num_columns) {
    const size_t token_idx = blockIdx.x;
    int token_id = load_uniform(token_ids + token_idx);
    if (token_id < 0) {
        token_id = load_uniform(last_sampled + (-1 - token_id));
    }
    if (threadIdx.x == 0 && slot_mapping[token_idx] >= 0) {
        block_tokens[slot_mapping[token_idx]] = token_id;
    }
    copy_row(out + token_idx * num_columns, embed_tokens + static_cast<size_t>(token_id) * num_columns, num_columns);
}

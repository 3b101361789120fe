// Computes: add_rms_norm; s = sigmoid(out gateᵀ); a token's top_k largest s + bias, of equals the lowest, weighted by
//           s / (their sum + 1e-6, if normalised) * scaling; then all (token, slot) pairs by expert, in tiles.
// Launch:   grid ceil(tokens / 8), block 256, 42 KiB static shared memory; a warp owns a token; the last block sorts.
// Bound:    memory: (4 * tokens + experts + 1) * columns * 2 bytes; the gate comes from L2 for all but the first block.
// Twin:     CpuOps.addRmsNormRouteTopK: as add_rms_norm rounds, then float32; a token's bits depend on no other.
#include "common/route_tokens.cuh"

extern "C" __global__ void __launch_bounds__(kTokenThreads) add_rms_norm_route_top_k_bf16(
    bf16* __restrict__ residual,              // [tokens, columns]
    bf16* __restrict__ out,                   // [tokens, columns]
    const bf16* __restrict__ update,          // [tokens, columns]
    const bf16* __restrict__ weight,          // [columns]
    const bf16* __restrict__ gate,            // [experts, columns]
    const float* __restrict__ bias,           // [experts], or null
    int* expert_ids,                          // [tokens, top_k], by falling s + bias
    float* __restrict__ routing_weights,      // [tokens, top_k]
    int* __restrict__ sorted_pairs,           // [tokens * top_k]: pairs by expert, within an expert in rising order
    int* __restrict__ offsets,                // [experts + 1]: the first place of each expert in sorted_pairs
    int4* __restrict__ tiles,                 // (expert, first place, rows, 0), an expert's rows spread evenly
    int* __restrict__ num_tiles,              // [1]
    uint8_t* masks,                           // [ceil(tokens / 8)][experts]: which of eight tokens chose an expert
    unsigned* num_arrived,                    // [1], zero before the first launch
    const int* __restrict__ num_real_tokens,  // [1]: tokens from there on are padding, without experts; null: none is
    int num_tokens, int num_columns, int num_experts, int top_k, int is_normalised, int tile_rows, float scaling,
    float eps) {
    __shared__ TokenSpace shared;
    const Sorting sorting = {num_real_tokens, masks, num_arrived, {sorted_pairs, offsets, tiles, num_tiles, tile_rows}};
    const TokenRows rows = {residual,        out,         update,
                            weight,          gate,        {bias, num_experts, top_k, is_normalised != 0, scaling},
                            routing_weights, expert_ids,  sorting,
                            num_tokens,      num_columns, eps};
    rows.run(shared, threadIdx.x, blockIdx.x);
}

// Sorts choices that somebody else has written.
extern "C" __global__ void __launch_bounds__(kTokenThreads) add_rms_norm_route_top_k_regroup(
    const int* expert_ids,                    // [tokens, top_k], different experts for a token
    int* __restrict__ sorted_pairs,           // this and what follows as above
    int* __restrict__ offsets,                // [experts + 1]
    int4* __restrict__ tiles,                 // [tiles]
    int* __restrict__ num_tiles,              // [1]
    uint8_t* masks,                           // [ceil(tokens / 8)][experts]
    unsigned* num_arrived,                    // [1]
    const int* __restrict__ num_real_tokens,  // [1] or null
    int num_tokens, int num_experts, int top_k, int tile_rows) {
    __shared__ TokenSpace shared;
    const Sorting sorting = {num_real_tokens, masks, num_arrived, {sorted_pairs, offsets, tiles, num_tiles, tile_rows}};
    if (threadIdx.x < kMaxExperts) {
        shared.masks[threadIdx.x] = 0;
    }
    sync_tokens();
    const int pair = blockIdx.x * kMaskTokens * top_k + threadIdx.x;
    const int num_real = sorting.num_tokens(num_tokens);
    if (threadIdx.x < kMaskTokens * top_k && pair < num_real * top_k) {
        atomicOr(&shared.masks[expert_ids[pair]], 1u << threadIdx.x / top_k);
    }
    sorting.run(shared, threadIdx.x, blockIdx.x, expert_ids, num_tokens, num_experts, top_k);
}

// What a launch of attention is given, and an item of its plan: used by decode and prefill.
#pragma once

#include "attention_sums.cuh"

// An item of the plan, AttentionPlan's.
struct Item {
    int first_token;
    int num_tokens;
    int conv_slot;
    int first_position;
    int first_tile;
    int end_tile;
    int partial;     // the first of the context's chunks among the partial results
    int num_pieces;  // items that the context is cut into; 1: no partial results
};

constexpr int kHeaderInts = 8;
constexpr int kItemInts = sizeof(Item) / sizeof(int);

// Kinds of items: of each the plan's header has the number, and the counters begin with those that were taken. Behind
// these come the pieces that are done, by partial result. All counters wrap to zero in the end.
constexpr int kDecodeKind = 0;
constexpr int kPrefillKind = 1;
constexpr int kPieceCounters = 2;

struct Arguments {
    bf16* __restrict__ out;                // [tokens, heads 64]
    const bf16* __restrict__ qkv;          // [tokens, (heads + 2 kv_heads) 64]
    const bf16* __restrict__ kv_blocks;    // [blocks, kv_heads, 2, 64, 64] of one layer
    const int* __restrict__ block_tables;  // [conv slots, max_blocks]
    const int* __restrict__ plan;          // header, items
    float* __restrict__ partials;          // [partial, kv_heads, ...]
    unsigned* __restrict__ counters;
    int max_blocks;
    int group_heads;
    int num_kv_heads;

    __device__ __forceinline__ const bf16* query(int token, int head) const {
        const int num_heads = (group_heads + 2) * num_kv_heads;
        return qkv + (static_cast<size_t>(token) * num_heads + head) * kHeadDim;
    }

    __device__ __forceinline__ bf16* output(int token, int head) const {
        return out + (static_cast<size_t>(token) * group_heads * num_kv_heads + head) * kHeadDim;
    }

    __device__ __forceinline__ const bf16* tile(int block, int kv_head) const {
        return kv_blocks + (static_cast<size_t>(block) * num_kv_heads + kv_head) * 2 * kHalfElements;
    }
};

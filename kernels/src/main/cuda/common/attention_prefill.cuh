// Prefill: a block has an item's kv head, each of its warps 32 rows.
#pragma once

#include "async_copy.cuh"
#include "attention_prefill_rows.cuh"
#include "attention_tile.cuh"

constexpr int kPrefillTilesM = 2;
constexpr int kPrefillStages = 3;
constexpr uint32_t kTileBytes = 2 * kHalfBytes;
using PrefillSums = AttentionSums<2>;

// The whole block copies a tile of keys and values; what lies behind the item's last position becomes zero.
struct PrefillLoads {
    const Arguments& arguments;
    const int* table;
    int kv_head;
    int tile;
    int end_tile;
    int end_position;
    int block;  // of the tile, read one tile ahead

    __device__ __forceinline__ PrefillLoads(const Arguments& arguments_, const Item& item, int kv_head_)
        : arguments(arguments_), kv_head(kv_head_), tile(item.first_tile), end_tile(item.end_tile) {
        table = arguments.block_tables + static_cast<size_t>(item.conv_slot) * arguments.max_blocks;
        end_position = item.first_position + item.num_tokens;
        block = table[tile];
    }

    __device__ __forceinline__ void copy(uint32_t stage) {
        if (tile < end_tile) {
            const bf16* source = arguments.tile(block, kv_head) + threadIdx.x * kVectorWidth;
            const int rows_left = end_position - tile * kTileTokens - static_cast<int>(threadIdx.x) / 8;
            tile++;
            if (tile < end_tile) {
                block = table[tile];
            }
#pragma unroll
            for (int i = 0; i < 2 * kTileTokens / 16; i++) {
                cp_async_16(
                    stage + (i * kBlockThreads + threadIdx.x) * 16, source + i * kBlockThreads * kVectorWidth,
                    i * 16 % kTileTokens < rows_left);
            }
        }
        cp_async_commit_group();
    }
};

// sums += a tile's keys and values, for the warp's rows.
__device__ __forceinline__ void add_tile(
    PrefillSums (&sums)[kPrefillTilesM], const uint32_t (&q)[kPrefillTilesM][kSteps][4],
    const PrefillRows<kPrefillTilesM>& rows, int tile, uint32_t stage) {
    float scores[kPrefillTilesM][kColumnTiles][4];
    uint32_t p[kPrefillTilesM][kSteps][4];
    multiply_keys(scores, q, stage);
    const int first_key = tile * kTileTokens;
    const bool is_masked = rows.common_keys() - first_key < kTileTokens;
#pragma unroll
    for (int m = 0; m < kPrefillTilesM; m++) {
        const int num_keys[2] = {rows.num_keys(m, 0) - first_key, rows.num_keys(m, 1) - first_key};
        if (is_masked) {
            sums[m].add_scores<true>(p[m], scores[m], num_keys);
        } else {
            sums[m].add_scores<false>(p[m], scores[m], num_keys);
        }
    }
    multiply_values(sums, p, stage + kHalfBytes);
}

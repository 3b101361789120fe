// Decode: a warp has an item's kv head, the group's heads are the rows; halves of tiles, K and V in turn, come through
// a ring of its own, so no warp waits for another.
#pragma once

#include "async_copy.cuh"
#include "attention_decode_pieces.cuh"
#include "attention_tile.cuh"
#include "attention_walk.cuh"

constexpr int kDecodeWarps = kBlockThreads / kWarpSize;
constexpr int kDecodeStages = 3;
// Items that a warp has begun to load and not yet finished: copies run less than two tiles ahead.
constexpr int kItemsAhead = 4;

// What a warp copies next.
struct DecodeLoads {
    AttentionWalk walk;
    int* items;  // [kItemsAhead][kItemInts]
    int num_items = 0;
    const bf16* source;

    __device__ __forceinline__ DecodeLoads(const Arguments& arguments, int* items_)
        // Neighbouring tickets go to different multiprocessors.
        : walk(
              arguments, {kDecodeKind, 0, static_cast<int>(threadIdx.x / kWarpSize * gridDim.x + blockIdx.x),
                          static_cast<int>(kDecodeWarps * gridDim.x)}),
          items(items_) {
        note();
    }

    __device__ __forceinline__ void note() { walk.note(items + num_items++ % kItemsAhead * kItemInts); }

    // Starts the copy of a half; what lies behind the context becomes zero, for nobody has written it.
    __device__ __forceinline__ void copy(uint32_t stage, int half) {
        const int lane = threadIdx.x % kWarpSize;
        const int row = lane / 8;
        const int rows_left = walk.num_keys() - row;
#pragma unroll
        for (int i = 0; i < kTileTokens / 4; i++) {
            cp_async_16(
                stage + i * 512 + lane * 16, source + half * kHalfElements + i * 256 + lane * 8, i * 4 < rows_left);
        }
    }

    __device__ __forceinline__ void copy_keys(uint32_t stage) {
        if (walk.has_tile()) {
            source = walk.source();
            copy(stage, 0);
        }
        cp_async_commit_group();
    }

    __device__ __forceinline__ void copy_values(uint32_t stage) {
        if (walk.has_tile()) {
            copy(stage, 1);
            if (walk.next()) {
                note();
            }
        }
        cp_async_commit_group();
    }
};

// The stages of a warp, taken in turn.
struct DecodeStages {
    uint32_t first;
    uint32_t current;

    __device__ __forceinline__ uint32_t half(int i) const { return first + i * kHalfBytes; }

    __device__ __forceinline__ void next() {
        current += kHalfBytes;
        if (current == half(kDecodeStages)) {
            current = first;
        }
    }
};

// sums += a tile, of which the first num_keys count. A half's stage takes the third half behind it.
__device__ __forceinline__ void add_tile(
    DecodeSums (&sums)[1], const uint32_t (&q)[1][kSteps][4], int num_keys, DecodeStages& stages, DecodeLoads& loads) {
    float scores[1][kColumnTiles][4];
    uint32_t p[1][kSteps][4];
    cp_async_wait_group<kDecodeStages - 1>();
    __syncwarp();
    multiply_keys(scores, q, stages.current);
    __syncwarp();
    loads.copy_values(stages.current);
    stages.next();
    const int num_row_keys[1] = {num_keys};
    sums[0].add_scores<true>(p[0], scores[0], num_row_keys);
    cp_async_wait_group<kDecodeStages - 1>();
    __syncwarp();
    multiply_values(sums, p, stages.current);
    __syncwarp();
    loads.copy_keys(stages.current);
    stages.next();
}

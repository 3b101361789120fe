// A token's sums over context chunks: added up in order, by the warp that has them all or, where the context was cut
// into pieces, by the one whose piece is done last.
#pragma once

#include "attention_item.cuh"

// Partial results that a warp loads before it merges the first of them.
constexpr int kChunksAhead = 8;
using DecodeSums = AttentionSums<1>;

// The lane's sums among a chunk's partial results: lanes of no head have none.
__device__ __forceinline__ float* decode_partial(const Arguments& arguments, int partial, int kv_head) {
    const size_t unit = static_cast<size_t>(partial) * arguments.num_kv_heads + kv_head;
    return arguments.partials + unit * (4 * arguments.group_heads * (2 * kColumnTiles + 2));
}

__device__ __forceinline__ void store_partial(const Arguments& arguments, float* partial, const DecodeSums& sums) {
    const int lane = threadIdx.x % kWarpSize;
    const int num_lanes = 4 * arguments.group_heads;
    if (lane < num_lanes) {
#pragma unroll
        for (int i = 0; i < kColumnTiles / 2; i++) {
            reinterpret_cast<float4*>(partial)[i * num_lanes + lane] = make_float4(
                sums.values[2 * i][0], sums.values[2 * i][1], sums.values[2 * i + 1][0], sums.values[2 * i + 1][1]);
        }
        reinterpret_cast<float2*>(partial)[kColumnTiles * num_lanes + lane] = make_float2(sums.max[0], sums.sum[0]);
    }
}

__device__ __forceinline__ void load_partial(const Arguments& arguments, const float* partial, DecodeSums& sums) {
    const int lane = threadIdx.x % kWarpSize;
    const int num_lanes = 4 * arguments.group_heads;
    if (lane < num_lanes) {
#pragma unroll
        for (int i = 0; i < kColumnTiles / 2; i++) {
            // Past L1, which does not see what other multiprocessors wrote.
            const float4 four = __ldcg(reinterpret_cast<const float4*>(partial) + i * num_lanes + lane);
            sums.values[2 * i][0] = four.x;
            sums.values[2 * i][1] = four.y;
            sums.values[2 * i + 1][0] = four.z;
            sums.values[2 * i + 1][1] = four.w;
        }
        const float2 two = __ldcg(reinterpret_cast<const float2*>(partial) + kColumnTiles * num_lanes + lane);
        sums.max[0] = two.x;
        sums.sum[0] = two.y;
    }
}

// Puts a chunk's sums behind those of the chunks before.
__device__ __forceinline__ void add_chunk(DecodeSums& total, DecodeSums& sums, int chunk) {
    if (chunk > 0) {
        sums.merge_earlier(total);
    }
    total = sums;
}

// Whether this warp's piece is the last of its context to be done; then all pieces' partial results are visible.
__device__ __forceinline__ bool is_last_piece(unsigned* counter, int num_pieces) {
    __threadfence();
    __syncwarp();
    unsigned before = 0;
    if (threadIdx.x % kWarpSize == 0) {
        before = atomicInc(counter, num_pieces - 1);
    }
    before = __shfl_sync(kAllLanes, before, 0);
    __threadfence();
    return before == static_cast<unsigned>(num_pieces - 1);
}

// Merges the partial results of all of a context's chunks, several of which are under way at a time.
__device__ __forceinline__ void merge_pieces(
    DecodeSums& total, const Arguments& arguments, int partial, int kv_head, int num_keys) {
    const int num_chunks = (num_keys + kChunkTokens - 1) / kChunkTokens;
#pragma unroll 1
    for (int first = 0; first < num_chunks; first += kChunksAhead) {
        DecodeSums sums[kChunksAhead];
#pragma unroll
        for (int i = 0; i < kChunksAhead; i++) {
            sums[i].clear();
            if (first + i < num_chunks) {
                load_partial(arguments, decode_partial(arguments, partial + first + i, kv_head), sums[i]);
            }
        }
#pragma unroll
        for (int i = 0; i < kChunksAhead; i++) {
            if (first + i < num_chunks) {
                add_chunk(total, sums[i], first + i);
            }
        }
    }
}

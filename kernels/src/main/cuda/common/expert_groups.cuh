// A step's (token, slot) pairs sorted by expert, and the tiles of their rows: done by one block when all have chosen.
// Used by all that routes.
#pragma once

#include <cstdint>

#include "token_warps.cuh"
#include "warp.cuh"

// Eight tokens are chosen for together: a byte says which of them chose an expert.
constexpr int kMaskTokens = kTokenWarps;
constexpr int kMaxExperts = 64;
// Masks that are in shared memory at a time: those of 1,024 tokens.
constexpr int kChunkMasks = 128;
constexpr int kMaxSegments = kTokenThreads / 8;

// What is sorted.
struct Choices {
    const uint8_t* masks;   // [ceil(tokens / 8)][experts]
    const int* expert_ids;  // [tokens, top_k]
    int num_tokens;
    int num_experts;
    int top_k;
};

// The result. A pair is token * top_k + slot; a tile is (expert, its first place in sorted_pairs, rows, 0).
struct Groups {
    int* sorted_pairs;  // [pairs]: by expert, within an expert in rising order
    int* offsets;       // [experts + 1]: the first place of each expert
    int4* tiles;
    int* num_tiles;
    int tile_rows;  // the most rows of a tile
};

struct GroupScratch {
    alignas(16) uint8_t masks[kChunkMasks * kMaxExperts];
    uint16_t before[kChunkMasks * kMaxExperts];  // pairs of the expert in earlier masks of the chunk
    uint16_t counts[kMaxSegments][kMaxExperts];  // pairs of the expert in each segment of the chunk
    int next[kMaxExperts];                       // where the chunk's first pair of the expert goes
    int totals[kMaxExperts];
};

// The sum over lower lanes.
__device__ __forceinline__ int lane_prefix(int value) {
    const int lane = threadIdx.x % kWarpSize;
    int sum = value;
#pragma unroll
    for (int distance = 1; distance < kWarpSize; distance *= 2) {
        const int below = __shfl_up_sync(kAllLanes, sum, distance);
        sum += lane >= distance ? below : 0;
    }
    return sum - value;
}

// The work of eight warps, in phases with barriers between them. Masks are cut into segments, so that a thread counts
// one expert in one segment.
struct Grouping {
    const Choices& choices;
    const Groups& groups;
    GroupScratch& scratch;
    int thread;  // of those that do it
    int num_masks;
    int chunk_masks;
    int num_segments;
    int segment_masks;
    int expert;   // the thread's
    int segment;  // no more than there are: the thread has one

    __device__ __forceinline__
    Grouping(const Choices& choices_, const Groups& groups_, GroupScratch& scratch_, int thread_)
        : choices(choices_), groups(groups_), scratch(scratch_), thread(thread_) {
        num_masks = (choices.num_tokens + kMaskTokens - 1) / kMaskTokens;
        chunk_masks = min(kChunkMasks, num_masks);
        num_segments = kTokenThreads / choices.num_experts;
        segment_masks = (chunk_masks + num_segments - 1) / num_segments;
        expert = thread % choices.num_experts;
        segment = thread / choices.num_experts;
    }

    __device__ __forceinline__ int mask(int mask_idx, int of_expert) const {
        return scratch.masks[mask_idx * choices.num_experts + of_expert];
    }

    // Masks from first on, as far as there are any; then the pairs in the thread's segment.
    __device__ __forceinline__ void load_chunk(int first) {
        const int num_bytes = min(chunk_masks, num_masks - first) * choices.num_experts;
        const uint8_t* source = choices.masks + static_cast<size_t>(first) * choices.num_experts;
        // Experts come in multiples of eight.
#pragma unroll 1
        for (int i = thread * 8; i < chunk_masks * choices.num_experts; i += kTokenThreads * 8) {
            *reinterpret_cast<uint2*>(scratch.masks + i) =
                i < num_bytes ? __ldcg(reinterpret_cast<const uint2*>(source + i)) : make_uint2(0, 0);
        }
        sync_tokens();
        if (segment < num_segments) {
            int count = 0;
            for (int i = 0; i < segment_masks; i++) {
                const int mask_idx = segment * segment_masks + i;
                count += mask_idx < chunk_masks ? __popc(mask(mask_idx, expert)) : 0;
            }
            scratch.counts[segment][expert] = count;
        }
        sync_tokens();
    }

    __device__ __forceinline__ int chunk_count(int of_expert, int end_segment) const {
        int count = 0;
        for (int s = 0; s < end_segment; s++) {
            count += scratch.counts[s][of_expert];
        }
        return count;
    }

    // Warp 0: where each expert begins, and its tiles: as many as it takes, with rows spread evenly in multiples of 16.
    __device__ __forceinline__ void place_experts() {
        int first_place = 0;
        int first_tile = 0;
        for (int base = 0; base < choices.num_experts; base += kWarpSize) {
            const int e = base + thread;
            const int rows = e < choices.num_experts ? scratch.totals[e] : 0;
            const int tiles = (rows + groups.tile_rows - 1) / groups.tile_rows;
            const int place = first_place + lane_prefix(rows);
            const int tile = first_tile + lane_prefix(tiles);
            if (e < choices.num_experts) {
                scratch.next[e] = place;
                groups.offsets[e] = place;
                write_tiles(e, place, rows, tile, tiles);
            }
            first_place = __shfl_sync(kAllLanes, place + rows, kWarpSize - 1);
            first_tile = __shfl_sync(kAllLanes, tile + tiles, kWarpSize - 1);
        }
        if (thread == 0) {
            groups.offsets[choices.num_experts] = first_place;
            *groups.num_tiles = first_tile;
        }
    }

    __device__ __forceinline__ void write_tiles(int e, int place, int rows, int first_tile, int num_tiles) {
        const int units = (rows + 15) / 16;
        int done = 0;
        for (int i = 0; i < num_tiles; i++) {
            const int share = (units + i) / num_tiles * 16;
            groups.tiles[first_tile + i] = make_int4(e, place + done, min(share, rows - done), 0);
            done += share;
        }
    }

    // Pairs of the chunk's tokens go to their places, in rising order within an expert.
    __device__ __forceinline__ void scatter_chunk(int first) {
        if (segment < num_segments) {
            int count = chunk_count(expert, segment);
            for (int i = 0; i < segment_masks; i++) {
                const int mask_idx = segment * segment_masks + i;
                if (mask_idx < chunk_masks) {
                    scratch.before[mask_idx * choices.num_experts + expert] = count;
                    count += __popc(mask(mask_idx, expert));
                }
            }
        }
        sync_tokens();
        const int first_pair = first * kMaskTokens * choices.top_k;
        const int end_token = min((first + chunk_masks) * kMaskTokens, choices.num_tokens);
#pragma unroll 4
        for (int pair = first_pair + thread; pair < end_token * choices.top_k; pair += kTokenThreads) {
            const int e = __ldcg(choices.expert_ids + pair);
            const int token = pair / choices.top_k;
            const int at = (token / kMaskTokens - first) * choices.num_experts + e;
            const int lower = scratch.masks[at] & ((1 << token % kMaskTokens) - 1);
            groups.sorted_pairs[scratch.next[e] + scratch.before[at] + __popc(lower)] = pair;
        }
        sync_tokens();
        if (thread < choices.num_experts) {
            scratch.next[thread] += chunk_count(thread, num_segments);
        }
        sync_tokens();
    }

    // Once through all masks to count, and once more to scatter.
    __device__ __forceinline__ void run() {
        int total = 0;
        bool is_counted = false;
#pragma unroll 1
        for (int first = 0;;) {
            // A step of up to 1,024 tokens has its masks there already when they are counted.
            if (!is_counted || num_masks > chunk_masks) {
                load_chunk(first);
            }
            if (is_counted) {
                scatter_chunk(first);
            } else {
                total += thread < choices.num_experts ? chunk_count(thread, num_segments) : 0;
                // Counts are read before the next chunk's take their place.
                sync_tokens();
            }
            first += kChunkMasks;
            if (first < num_masks) {
                continue;
            }
            if (is_counted) {
                return;
            }
            is_counted = true;
            first = 0;
            if (thread < choices.num_experts) {
                scratch.totals[thread] = total;
            }
            sync_tokens();
            if (thread < kWarpSize) {
                place_experts();
            }
            sync_tokens();
        }
    }
};

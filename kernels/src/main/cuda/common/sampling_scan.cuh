// What one block finds out about one tile of a row.
#pragma once

#include "counter_random.cuh"
#include "sampling_tile.cuh"

__device__ __forceinline__ Best tile_max(const Tile& tile, ReduceSpace& space, const Span& span) {
    Best best = {kMinusInfinity, kNoToken};
    for_each_token(tile, span, [&](double value, int token_id) {
        if (value > kMinusInfinity) {
            best.take(value, token_id);
        }
    });
    return block_best(space, best);
}

// The race within the tile, approximately: the tokens that may win it exactly go to the row's choice. Relative to the
// tile's largest value, so that float32 does.
__device__ __forceinline__ void scan_race(
    TileResult& result, const Tile& tile, ReduceSpace& space, const Row& row, const Span& span, double top_value) {
    const double2* pairs = reinterpret_cast<const double2*>(tile.values);
    const SlotHeader& slot = row.header;
    const float rate = static_cast<float>(fmin(__ddiv_rn(1.0, slot.temperature), 1e30));
    float best = kHopeless;
    float second = kHopeless;
    int best_place = 0;
    float least = kHopeless;
#pragma unroll 1
    for (int r = 0; r < kThreadPairs; r++) {
        const int pair = r * kThreads + threadIdx.x;
        const double2 values = pairs[pair];
        const float even = static_cast<float>(values.x - top_value) * rate;
        const float odd = static_cast<float>(values.y - top_value) * rate;
        if (__any_sync(kAllLanes, fmaxf(even, odd) > kHopeless)) {
            const TokenPairBits bits = random_bits(slot.seed, slot.num_outputs, span.token_id(2 * pair) >> 1);
            const float bound =
                fmaxf(even + advantage_bound(high_word(bits.even)), odd + advantage_bound(high_word(bits.odd)));
            if (__any_sync(kAllLanes, bound >= least)) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    const float score = (i == 0 ? even : odd) + approximate_advantage(i == 0 ? bits.even : bits.odd);
                    second = fmaxf(second, fminf(score, best));
                    best_place = score > best ? 2 * pair + i : best_place;
                    best = fmaxf(best, score);
                }
            }
        }
        // After an eighth of the tile few tokens can still win, and most are passed over by their bounds.
        if (r == 0) {
            least = block_max(space, best) - kScoreSlack;
        }
    }
    __shared__ int num_contenders;
    if (threadIdx.x == 0) {
        num_contenders = 0;
    }
    least = block_max(space, best) - kScoreSlack;
    if (best >= least) {
        const int at = atomicAdd(&num_contenders, second >= least ? kMaxContenders + 1 : 1);
        if (at < kMaxContenders) {
            result.contenders[at].value = tile.values[best_place];
            result.contenders[at].token_id = span.token_id(best_place);
        }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        result.num_contenders = num_contenders;
    }
}

// Counts and masses by value, from which the choice sees how far down the filters may reach, and the largest value of
// each group, from which it sees where those tokens are.
__device__ __forceinline__ void scan_filters(
    TileResult& result, const Tile& tile, ReduceSpace& space, uint2 (&histogram)[kBuckets], const Row& row,
    double top_value) {
    const double2* pairs = reinterpret_cast<const double2*>(tile.values);
    const double scale = row.header.mass_scale;
    const TokenMass top = token_mass(top_value, scale);
#pragma unroll 1
    for (int i = threadIdx.x; i < kBuckets; i += kThreads) {
        histogram[i] = make_uint2(0, 0);
    }
    __syncthreads();
    uint64_t mass = 0;
    // A warp takes two groups of 64 pairs in turn.
#pragma unroll 1
    for (int group = threadIdx.x / kWarpSize; group < kTileGroups; group += kWarps) {
        int largest = kNoBucket;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const double2 values = pairs[group * (kGroupTokens / 2) + half * kWarpSize + threadIdx.x % kWarpSize];
#pragma unroll
            for (int i = 0; i < 2; i++) {
                const double value = i == 0 ? values.x : values.y;
                if (value > kMinusInfinity) {
                    const TokenMass own = token_mass(value, scale);
                    mass += own.below(top.octave);
                    largest = max(largest, own.bucket);
                    const int below = top.bucket - own.bucket;
                    if (below < kBuckets) {
                        atomicAdd(&histogram[below].x, 1u);
                        atomicAdd(&histogram[below].y, static_cast<uint32_t>(own.mantissa >> 13));
                    }
                }
            }
        }
        largest = __reduce_max_sync(kAllLanes, largest);
        if (threadIdx.x % kWarpSize == 0) {
            result.group_buckets[group] = largest;
        }
    }
    mass = block_sum(space, mass);
#pragma unroll 1
    for (int i = threadIdx.x; i < kBuckets; i += kThreads) {
        result.histogram[i] = histogram[i];
    }
    if (threadIdx.x == 0) {
        result.mass = mass;
        result.octave = top.octave;
        result.bucket = top.bucket;
    }
}

__device__ __forceinline__ void scan_tile(
    TileResult& result, const Tile& tile, ReduceSpace& space, uint2 (&histogram)[kBuckets], const Row& row,
    const Span& span) {
    const Best best = tile_max(tile, space, span);
    if (threadIdx.x == 0) {
        result.max = best.value;
        result.argmax = best.token_id;
    }
    if (row.header.temperature == 0 || best.value == kMinusInfinity) {
        return;
    }
    if (row.is_filtered()) {
        scan_filters(result, tile, space, histogram, row, best.value);
    } else {
        scan_race(result, tile, space, row, span, best.value);
    }
}

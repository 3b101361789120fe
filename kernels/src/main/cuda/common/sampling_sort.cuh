// Filters that leave few tokens: those are gathered, sorted, and cut off where the filters say.
#pragma once

#include "sampling_choice.cuh"

// Candidates in the order of the nucleus: by falling value, ties by rising id.
__device__ __forceinline__ bool is_before(uint64_t key, int token_id, uint64_t other_key, int other_id) {
    return key > other_key || (key == other_key && token_id < other_id);
}

// Mass that a nucleus has in front of its end.
__device__ __forceinline__ uint64_t nucleus_limit(const Choice& choice, uint64_t total) {
    return static_cast<uint64_t>(
        __double2ll_rz(ceil(__dmul_rn(choice.row.header.top_p, static_cast<double>(static_cast<int64_t>(total))))));
}

// Mass of all tokens, by tiles.
__device__ __forceinline__ uint64_t row_mass(Choice& choice, const TileResult* results, int num_tiles) {
    uint64_t mass = 0;
#pragma unroll 1
    for (int t = threadIdx.x; t < num_tiles; t += kThreads) {
        if (results[t].max > kMinusInfinity) {
            mass += lowered(results[t].mass, results[t].octave, choice.top.octave);
        }
    }
    return block_sum(choice.space, mass);
}

// Buckets below the top that hold whatever min_p keeps.
__device__ __forceinline__ int min_p_depth(const Choice& choice) {
    const SlotHeader& slot = choice.row.header;
    const double z = fmin(fmax(__dmul_rn(choice.top.best.value, slot.mass_scale), -kMaxOctaves), kMaxOctaves);
    const double lowest = floor(2 * (z + slot.min_scaled * kLog2E)) - 1;
    return __double2int_rz(fmin(choice.top.bucket - lowest, static_cast<double>(kBuckets)));
}

// The first thread for which value reaches limit says so in found; kBuckets where none does.
__device__ __forceinline__ void find_first(uint64_t* found, uint64_t before, uint64_t value, uint64_t limit) {
    if (threadIdx.x < kBuckets && before < limit && before + value >= limit) {
        *found = threadIdx.x;
    }
}

// How many buckets from the top down hold all that the filters may keep, and so many tokens; -1 when the histograms
// do not reach far enough or the tokens are too many.
__device__ __forceinline__ int candidate_depth(
    Choice& choice, const TileResult* results, int num_tiles, uint64_t limit) {
    const int below = threadIdx.x;
    uint64_t count = 0;
    uint64_t mass = 0;
    if (below < kBuckets) {
#pragma unroll 1
        for (int t = 0; t < num_tiles; t++) {
            const int place = results[t].max > kMinusInfinity ? below - (choice.top.bucket - results[t].bucket) : -1;
            if (place >= 0 && place < kBuckets) {
                const uint2 entry = results[t].histogram[place];
                count += entry.x;
                mass += entry.y;
            }
        }
        mass = lowered(mass << 25, (choice.top.bucket - below) >> 1, choice.top.octave);
    }
    if (threadIdx.x == 0) {
        choice.found[0] = kBuckets;
        choice.found[1] = kBuckets;
    }
    const uint64_t count_before = block_prefix(choice.space, count);
    const uint64_t mass_before = block_prefix(choice.space, mass);
    if (choice.row.has_top_k()) {
        find_first(choice.found, count_before, count, static_cast<uint64_t>(choice.row.header.top_k));
    } else if (!choice.row.has_min_p()) {
        find_first(choice.found, mass_before, mass, limit);
    }
    __syncthreads();
    int depth = static_cast<int>(choice.found[0]);
    if (choice.row.has_min_p()) {
        depth = min(depth, min_p_depth(choice));
    }
    if (threadIdx.x == 0) {
        choice.depth = depth;
    }
    if (below == depth) {
        choice.found[1] = count_before + count;
    }
    __syncthreads();
    return depth < kBuckets && choice.found[1] <= kMaxCandidates ? depth : -1;
}

__device__ __forceinline__ void gather(Choice& choice, int lowest_bucket) {
    const double scale = choice.row.header.mass_scale;
    for_each_listed(choice, false, [&](double value, int token_id) {
        if (token_mass(value, scale).bucket >= lowest_bucket) {
            const int at = atomicAdd(&choice.num_candidates, 1);
            choice.candidates.keys[at] = order_key(value);
            choice.candidates.token_ids[at] = token_id;
        }
    });
}

// Bitonic; what fills up the power of two goes to the end.
__device__ __forceinline__ void sort(Candidates& candidates, int num) {
    int size = 1;
    while (size < num) {
        size *= 2;
    }
#pragma unroll 1
    for (int i = num + threadIdx.x; i < size; i += kThreads) {
        candidates.keys[i] = 0;
        candidates.token_ids[i] = kNoToken;
    }
    __syncthreads();
#pragma unroll 1
    for (int run = 2; run <= size; run *= 2) {
#pragma unroll 1
        for (int distance = run / 2; distance > 0; distance /= 2) {
#pragma unroll 1
            for (int pair = threadIdx.x; pair < size / 2; pair += kThreads) {
                const int i = 2 * pair - (pair & (distance - 1));
                const int j = i + distance;
                const uint64_t key = candidates.keys[i];
                const uint64_t other_key = candidates.keys[j];
                const int token_id = candidates.token_ids[i];
                const int other_id = candidates.token_ids[j];
                const bool swaps = (i & run) == 0 ? is_before(other_key, other_id, key, token_id)
                                                  : is_before(key, token_id, other_key, other_id);
                if (swaps) {
                    candidates.keys[i] = other_key;
                    candidates.keys[j] = key;
                    candidates.token_ids[i] = other_id;
                    candidates.token_ids[j] = token_id;
                }
            }
            __syncthreads();
        }
    }
}

// Of the sorted candidates, how many top_k and min_p keep.
__device__ __forceinline__ int keep_largest(Choice& choice) {
    const SlotHeader& slot = choice.row.header;
    const int num = choice.num_candidates;
    const bool cuts = choice.row.has_top_k() && num >= slot.top_k;
    const uint64_t smallest = cuts ? choice.candidates.keys[slot.top_k - 1] : 0;
    uint64_t kept = 0;
#pragma unroll 1
    for (int i = threadIdx.x; i < num; i += kThreads) {
        const uint64_t key = choice.candidates.keys[i];
        kept += key >= smallest && scaled(choice, key_value(key)) >= slot.min_scaled ? 1 : 0;
    }
    return static_cast<int>(block_sum(choice.space, kept));
}

// Of the first num candidates, how many top_p keeps; total is negative for their own mass.
__device__ __forceinline__ int keep_nucleus(Choice& choice, int num, int64_t total) {
    const double scale = choice.row.header.mass_scale;
    if (total < 0) {
        uint64_t mass = 0;
#pragma unroll 1
        for (int i = threadIdx.x; i < num; i += kThreads) {
            mass += token_mass(key_value(choice.candidates.keys[i]), scale).below(choice.top.octave);
        }
        total = static_cast<int64_t>(block_sum(choice.space, mass));
    }
    const uint64_t limit = nucleus_limit(choice, static_cast<uint64_t>(total));
    uint64_t mass_before = 0;
    uint64_t kept = 0;
#pragma unroll 1
    for (int first = 0; first < num; first += kThreads) {
        const int i = first + threadIdx.x;
        const uint64_t mass =
            i < num ? token_mass(key_value(choice.candidates.keys[i]), scale).below(choice.top.octave) : 0;
        const uint64_t before = mass_before + block_prefix(choice.space, mass);
        kept += i < num && before < limit ? 1 : 0;
        mass_before += choice.space.total;
    }
    return static_cast<int>(block_sum(choice.space, kept));
}

// The token of a filtered row whose candidates fit, or kNoToken.
__device__ __forceinline__ int choose_sorted(Choice& choice, const TileResult* results, int num_tiles) {
    const bool is_nucleus_only = !choice.row.has_top_k() && !choice.row.has_min_p();
    const uint64_t mass = is_nucleus_only ? row_mass(choice, results, num_tiles) : 0;
    const uint64_t limit = is_nucleus_only ? nucleus_limit(choice, mass) : 0;
    const int depth = candidate_depth(choice, results, num_tiles, limit);
    if (depth < 0) {
        return kNoToken;
    }
    const int lowest_bucket = choice.top.bucket - depth;
    list_groups_above(choice, results, num_tiles * kTileGroups, lowest_bucket);
    gather(choice, lowest_bucket);
    sort(choice.candidates, choice.num_candidates);
    int num = keep_largest(choice);
    if (choice.row.has_top_p()) {
        num = keep_nucleus(choice, num, is_nucleus_only ? static_cast<int64_t>(mass) : -1);
    }
    Best winner = {kMinusInfinity, kNoToken};
#pragma unroll 1
    for (int i = threadIdx.x; i < num; i += kThreads) {
        race(winner, choice, key_value(choice.candidates.keys[i]), choice.candidates.token_ids[i]);
    }
    return block_best(choice.space, winner).token_id;
}

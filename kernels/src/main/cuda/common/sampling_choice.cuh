// From what the scan found in the tiles of a row to its token: one block a row.
#pragma once

#include "counter_random.cuh"
#include "sampling_tile.cuh"

// Tokens that filters may keep and that are sorted at once; more are selected by digits.
constexpr int kMaxCandidates = 2048;
constexpr int kMaxGroups = 2048;
constexpr int kDigitBits = 11;
constexpr int kDigits = 1 << kDigitBits;

struct Candidates {
    uint64_t keys[kMaxCandidates];
    int token_ids[kMaxCandidates];
};

// Of a digit's tokens, the measure that filters cut by, and how many there are.
struct Digits {
    uint64_t sums[kDigits];
    uint32_t counts[kDigits];
};

// The largest value of the row and where its mass stands.
struct RowTop {
    Best best;
    int octave;
    int bucket;
};

// Shared memory of a choice.
struct Choice {
    Tile tile;
    Row row;
    RowTop top;
    ReduceSpace space;
    union {
        Candidates candidates;
        Digits digits;
    };
    short groups[kMaxGroups + kTileGroups];
    unsigned char in_tile[kMaxGroups];
    int depth;  // buckets from the top down that hold what the filters may keep; kBuckets if that is not known
    int num_candidates;
    int num_groups;
    double least;  // a score that some token of the race has
    uint64_t found[4];
};

// Finds the top of the row, whatever the order of its tiles.
__device__ __forceinline__ void find_top(Choice& choice, const TileResult* results, int num_tiles) {
    Best best = {kMinusInfinity, kNoToken};
#pragma unroll 1
    for (int t = threadIdx.x; t < num_tiles; t += kThreads) {
        if (results[t].max > kMinusInfinity) {
            best.take(results[t].max, results[t].argmax);
        }
    }
    best = block_best(choice.space, best);
    if (threadIdx.x == 0) {
        const TokenMass mass = token_mass(best.value > kMinusInfinity ? best.value : 0, choice.row.header.mass_scale);
        choice.top = {best, mass.octave, mass.bucket};
        choice.least = kMinusInfinity;
    }
    __syncthreads();
}

__device__ __forceinline__ double scaled(const Choice& choice, double value) {
    return __ddiv_rn(__dsub_rn(value, choice.top.best.value), choice.row.header.temperature);
}

// Whether min_p keeps a token. A division costs more than all else that is asked of most tokens.
__device__ __forceinline__ bool is_above_min(const Choice& choice, double value) {
    return !choice.row.has_min_p() || scaled(choice, value) >= choice.row.header.min_scaled;
}

// Not inlined: ten rounds in each place that races would be most of the module.
__device__ __noinline__ TokenPairBits race_bits(const SlotHeader& slot, int pair) {
    return random_bits(slot.seed, slot.num_outputs, pair);
}

__device__ __noinline__ double race_advantage(uint64_t seed, int position, int token_id) {
    return token_advantage(seed, position, token_id);
}

// A token's score in the race, where it has hope.
__device__ __forceinline__ void race(Best& winner, const Choice& choice, double value, int token_id) {
    const double logit = scaled(choice, value);
    if (logit > -45.0) {
        const double advantage = race_advantage(choice.row.header.seed, choice.row.header.num_outputs, token_id);
        winner.take(__dadd_rn(logit, advantage), token_id);
    }
}

// Of a pair of neighbours those that are in the race. Most are passed over by their bounds, which cost no logarithm in
// double precision.
__device__ __forceinline__ void race_pair(
    Best& winner, const Choice& choice, const double (&values)[2], const bool (&is_in)[2], int first_id) {
    if (!is_in[0] && !is_in[1]) {
        return;
    }
    const TokenPairBits bits = race_bits(choice.row.header, first_id >> 1);
    const float least = static_cast<float>(fmax(winner.value, choice.least));
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const float bound =
            static_cast<float>(scaled(choice, values[i])) + advantage_bound(high_word(i == 0 ? bits.even : bits.odd));
        if (is_in[i] && bound >= least) {
            race(winner, choice, values[i], first_id + i);
        }
    }
}

// Lets every thread know how far the race has come; all threads take part.
__device__ __noinline__ void tell_least(Choice& choice, Best winner) {
    const Best best = block_best(choice.space, winner);
    if (threadIdx.x == 0) {
        choice.least = best.value;
    }
    __syncthreads();
}

__device__ __forceinline__ void clear_groups(Choice& choice, int num_groups) {
    if (threadIdx.x == 0) {
        choice.num_groups = num_groups;
        choice.num_candidates = 0;
    }
#pragma unroll 1
    for (int group = threadIdx.x; group < kMaxGroups; group += kThreads) {
        choice.in_tile[group] = Groups::kNotInTile;
    }
    __syncthreads();
}

// Fills up the last tile.
__device__ __forceinline__ void end_groups(Choice& choice) {
    __syncthreads();
    if (threadIdx.x < kTileGroups) {
        choice.groups[choice.num_groups + threadIdx.x] = -1;
    }
    __syncthreads();
}

__device__ __forceinline__ void list_all_groups(Choice& choice, int num_groups) {
    clear_groups(choice, num_groups);
#pragma unroll 1
    for (int group = threadIdx.x; group < num_groups; group += kThreads) {
        choice.groups[group] = static_cast<short>(group);
    }
    end_groups(choice);
}

// Lists the groups of the row that hold a token of a bucket or one above it.
__device__ __forceinline__ void list_groups_above(
    Choice& choice, const TileResult* results, int num_groups, int lowest_bucket) {
    clear_groups(choice, 0);
#pragma unroll 1
    for (int group = threadIdx.x; group < num_groups; group += kThreads) {
        const TileResult& result = results[group / kTileGroups];
        if (result.max > kMinusInfinity && result.group_buckets[group % kTileGroups] >= lowest_bucket) {
            choice.groups[atomicAdd(&choice.num_groups, 1)] = static_cast<short>(group);
        }
    }
    end_groups(choice);
}

// Processes the listed groups from first on, as many as a tile holds. Not inlined: once is enough of this code.
__device__ __noinline__ void process_groups(Choice& choice, int first, bool is_fallback) {
    const Groups groups = {choice.groups + first, choice.in_tile};
    const int group = threadIdx.x < kTileGroups ? choice.groups[first + threadIdx.x] : -1;
    if (group >= 0) {
        choice.in_tile[group] = static_cast<unsigned char>(threadIdx.x);
    }
    __syncthreads();
    process_tile(choice.tile, choice.row, groups, is_fallback);
    if (group >= 0) {
        choice.in_tile[group] = Groups::kNotInTile;
    }
}

// Calls f(values, id of the first) for every pair of neighbours in the listed groups, where minus infinity may not be
// drawn, and end_tile() behind each 4,096 tokens; all threads take part.
template <typename Function, typename End>
__device__ __forceinline__ void for_each_listed_pair(Choice& choice, bool is_fallback, Function f, End end_tile) {
#pragma unroll 1
    for (int first = 0; first < choice.num_groups; first += kTileGroups) {
        process_groups(choice, first, is_fallback);
        const Groups groups = {choice.groups + first, choice.in_tile};
        for_each_pair(choice.tile, groups, f);
        __syncthreads();
        end_tile();
    }
}

// Calls f(value, token id) for every token of the listed groups that may be drawn; all threads take part.
template <typename Function>
__device__ __forceinline__ void for_each_listed(Choice& choice, bool is_fallback, Function f) {
    const auto nothing = [] {};
    for_each_listed_pair(
        choice, is_fallback,
        [&](const double (&values)[2], int first_id) {
#pragma unroll
            for (int i = 0; i < 2; i++) {
                if (values[i] > kMinusInfinity) {
                    f(values[i], first_id + i);
                }
            }
        },
        nothing);
}

// Where no logit is left: the lowest id that constraints permit, else the lowest of the mask or of the allowed ids.
__device__ __forceinline__ int fallback(Choice& choice, int num_groups, int num_words) {
    list_all_groups(choice, num_groups);
    Best lowest = {kMinusInfinity, kNoToken};
    for_each_listed(choice, true, [&](double value, int token_id) { lowest.take(value, token_id); });
    const int permitted_id = block_best(choice.space, lowest).token_id;
    if (permitted_id != kNoToken) {
        return permitted_id;
    }
    if (choice.row.mask == nullptr) {
        return choice.row.header.lowest_allowed;
    }
    Best best = {kMinusInfinity, kNoToken};
#pragma unroll 1
    for (int word = threadIdx.x; word < num_words; word += kThreads) {
        if (choice.row.mask[word] != 0) {
            best.take(0, word * 32 + __ffs(static_cast<int>(choice.row.mask[word])) - 1);
        }
    }
    return block_best(choice.space, best).token_id;
}

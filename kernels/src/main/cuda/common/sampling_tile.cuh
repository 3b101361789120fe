// A tile of processed logits in shared memory: twin of LogitProcessors, in the same order.
#pragma once

#include "block_reduce.cuh"

constexpr int kCountTokens = 1024;

struct Tile {
    double values[kTileTokens];
    int counts[kCountTokens];
};

// Consecutive tokens.
struct Span {
    int first;

    __device__ __forceinline__ int token_id(int place) const { return first + place; }

    // Of a token, or -1.
    __device__ __forceinline__ int place(int token_id) const {
        const int place = token_id - first;
        return place >= 0 && place < kTileTokens ? place : -1;
    }
};

// Groups of consecutive tokens from anywhere.
struct Groups {
    const short* groups;           // [kTileGroups], those behind the last negative
    const unsigned char* in_tile;  // [groups of the vocabulary]: the place among these, or kNotInTile
    static constexpr int kNotInTile = 255;

    __device__ __forceinline__ int token_id(int place) const {
        const int group = groups[place / kGroupTokens];
        return group < 0 ? kNoToken - kTileTokens : group * kGroupTokens + place % kGroupTokens;
    }

    __device__ __forceinline__ int place(int token_id) const {
        const int group = in_tile[token_id / kGroupTokens];
        return group == kNotInTile ? -1 : group * kGroupTokens + token_id % kGroupTokens;
    }
};

__device__ __forceinline__ float4 load_logits(const Row& row, int token_id) {
    if (row.has_vectors) {
        return *reinterpret_cast<const float4*>(row.logits + token_id);
    }
    float4 logits;
    logits.x = row.logits[token_id];
    logits.y = token_id + 1 < row.num_valid ? row.logits[token_id + 1] : 0.0f;
    logits.z = token_id + 2 < row.num_valid ? row.logits[token_id + 2] : 0.0f;
    logits.w = token_id + 3 < row.num_valid ? row.logits[token_id + 3] : 0.0f;
    return logits;
}

// Which of four tokens from a multiple of four on may be drawn, as bits.
__device__ __forceinline__ uint32_t permitted(const Row& row, int token_id) {
    uint32_t bits = ~0u;
    if (row.mask != nullptr) {
        bits &= row.mask[token_id / 32];
    }
    if (row.header.flags & kHasAllowed) {
        bits &= row.allowed[token_id / 32];
    }
    return bits >> (token_id % 32);
}

// Logits of the tile, minus infinity for what mask and allowed ids leave out; zeros instead of logits for a fallback.
// Lanes store the halves of their four values in turns, so that no two of them meet in a bank.
template <typename Where>
__device__ __forceinline__ void load_tile(Tile& tile, const Row& row, const Where& where, bool is_fallback) {
    const int turn = threadIdx.x / 4 % 2;
    double2* halves = reinterpret_cast<double2*>(tile.values);
    float4 logits[kTileTokens / 4 / kThreads];
#pragma unroll
    for (int r = 0; r < kTileTokens / 4 / kThreads; r++) {
        const int token_id = where.token_id((r * kThreads + threadIdx.x) * 4);
        if (token_id < row.num_valid && !is_fallback) {
            logits[r] = load_logits(row, token_id);
        } else {
            logits[r] = make_float4(0, 0, 0, 0);
        }
    }
#pragma unroll
    for (int r = 0; r < kTileTokens / 4 / kThreads; r++) {
        const int vector = r * kThreads + threadIdx.x;
        const int token_id = where.token_id(vector * 4);
        const uint32_t bits = token_id < row.num_valid ? permitted(row, token_id) : 0;
        const float given[4] = {logits[r].x, logits[r].y, logits[r].z, logits[r].w};
        double values[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const bool is_there = (bits >> i & 1) && token_id + i < row.num_valid;
            values[i] = is_there ? static_cast<double>(finite_or_minus_infinity(given[i])) : kMinusInfinity;
        }
        const double2 low = make_double2(values[0], values[1]);
        const double2 high = make_double2(values[2], values[3]);
        halves[2 * vector + turn] = turn ? high : low;
        halves[2 * vector + 1 - turn] = turn ? low : high;
    }
    __syncthreads();
}

// Forbids the last token of every word whose other tokens the output ends with.
template <typename Where>
__device__ __forceinline__ void forbid_bad_words(Tile& tile, const Row& row, const Where& where) {
    const SlotHeader& slot = row.header;
    if (slot.num_bad_words == 0) {
        return;
    }
#pragma unroll 1
    for (int word = threadIdx.x; word < slot.num_bad_words; word += kThreads) {
        const int first = word == 0 ? 0 : row.slot->bad_word_ends[word - 1];
        const int last = row.slot->bad_word_ends[word] - 1;
        const int place = where.place(row.slot->bad_word_ids[last]);
        const int from = slot.num_outputs - (last - first);
        bool matches = place >= 0 && from >= 0;
        for (int i = first; i < last && matches; i++) {
            matches = row.output(from + i - first) == row.slot->bad_word_ids[i];
        }
        if (matches) {
            // Words may share their last token.
            atomicExch(
                reinterpret_cast<unsigned long long*>(tile.values + place),
                static_cast<unsigned long long>(__double_as_longlong(kMinusInfinity)));
        }
    }
    __syncthreads();
}

template <typename Where>
__device__ __forceinline__ void add_biases(Tile& tile, const Row& row, const Where& where) {
    const SlotHeader& slot = row.header;
    if (slot.num_biases == 0) {
        return;
    }
#pragma unroll 1
    for (int i = threadIdx.x; i < slot.num_biases; i += kThreads) {
        const int place = where.place(row.slot->bias_ids[i]);
        if (place >= 0) {
            tile.values[place] = __dadd_rn(tile.values[place], row.slot->biases[i]);
        }
    }
    __syncthreads();
}

template <typename Where>
__device__ __forceinline__ void forbid_early_end(Tile& tile, const Row& row, const Where& where) {
    const SlotHeader& slot = row.header;
    if (slot.num_outputs >= slot.min_tokens || slot.num_stops == 0) {
        return;
    }
#pragma unroll 1
    for (int i = threadIdx.x; i < slot.num_stops; i += kThreads) {
        const int place = where.place(row.slot->stop_ids[i]);
        if (place >= 0) {
            tile.values[place] = kMinusInfinity;
        }
    }
    __syncthreads();
}

template <typename Where>
__device__ __forceinline__ void penalise_seen(Tile& tile, const Row& row, const Where& where) {
    const SlotHeader& slot = row.header;
    if (!(slot.flags & kTracksSeen)) {
        return;
    }
    const int word = threadIdx.x;
    const int token_id = word < kTileTokens / 32 ? where.token_id(word * 32) : kNoToken;
    uint32_t bits = token_id < row.num_valid ? row.seen[token_id / 32] : 0;
#pragma unroll 1
    while (bits != 0) {
        const int place = word * 32 + __ffs(static_cast<int>(bits)) - 1;
        const double value = tile.values[place];
        tile.values[place] =
            value > 0 ? fmin(__ddiv_rn(value, slot.repetition), kMaxDouble) : __dmul_rn(value, slot.repetition);
        bits &= bits - 1;
    }
    __syncthreads();
}

// The output is counted anew, a part of the tile at a time: no table of counts lives with the sequence.
template <typename Where>
__device__ __forceinline__ void penalise_counts(Tile& tile, const Row& row, const Where& where) {
    const SlotHeader& slot = row.header;
    if (!(slot.flags & kTracksCounts) || slot.num_outputs == 0) {
        return;
    }
#pragma unroll 1
    for (int first = 0; first < kTileTokens; first += kCountTokens) {
#pragma unroll 1
        for (int i = threadIdx.x; i < kCountTokens; i += kThreads) {
            tile.counts[i] = 0;
        }
        __syncthreads();
#pragma unroll 1
        for (int j = threadIdx.x; j < slot.num_outputs; j += kThreads) {
            const int place = where.place(row.output(j)) - first;
            if (place >= 0 && place < kCountTokens) {
                atomicAdd(tile.counts + place, 1);
            }
        }
        __syncthreads();
#pragma unroll 1
        for (int i = threadIdx.x; i < kCountTokens; i += kThreads) {
            const int count = tile.counts[i];
            if (count > 0) {
                const double often = __dmul_rn(slot.frequency, static_cast<double>(count));
                tile.values[first + i] = __dsub_rn(__dsub_rn(tile.values[first + i], often), slot.presence);
            }
        }
        __syncthreads();
    }
}

// All processors; every thread sees the whole tile when it returns. For a fallback only those that forbid.
template <typename Where>
__device__ __forceinline__ void process_tile(Tile& tile, const Row& row, const Where& where, bool is_fallback) {
    load_tile(tile, row, where, is_fallback);
    forbid_bad_words(tile, row, where);
    if (!is_fallback) {
        add_biases(tile, row, where);
    }
    forbid_early_end(tile, row, where);
    if (!is_fallback) {
        penalise_seen(tile, row, where);
        penalise_counts(tile, row, where);
    }
}

// Calls f(values, id of the first) for the thread's share of the tile: pairs of neighbours, so that a warp takes 64
// tokens at once.
template <typename Where, typename Function>
__device__ __forceinline__ void for_each_pair(const Tile& tile, const Where& where, Function f) {
    const double2* pairs = reinterpret_cast<const double2*>(tile.values);
#pragma unroll 1
    for (int pair = threadIdx.x; pair < kTilePairs; pair += kThreads) {
        const double2 values = pairs[pair];
        f({values.x, values.y}, where.token_id(2 * pair));
    }
}

// Calls f(value, token id) for the same tokens one by one.
template <typename Where, typename Function>
__device__ __forceinline__ void for_each_token(const Tile& tile, const Where& where, Function f) {
    for_each_pair(tile, where, [&](const double (&values)[2], int first_id) {
        f(values[0], first_id);
        f(values[1], first_id + 1);
    });
}

// What sampling knows of a conv slot and of a row of logits, and what the scan of a row leaves for the choice.
#pragma once

#include <cstdint>

#include "head_result.cuh"
#include "token_mass.cuh"
#include "warp.cuh"

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;
// Tokens that a block holds at a time. Fixed: results never depend on how many blocks a row has.
constexpr int kTileTokens = 4096;
constexpr int kGroupTokens = 128;
constexpr int kTileGroups = kTileTokens / kGroupTokens;
constexpr int kTilePairs = kTileTokens / 2;
constexpr int kThreadPairs = kTilePairs / kThreads;

// The memory of all sequences, by conv slot.
struct SamplingMemory {
    Slot* slots;
    const uint32_t* allowed;  // [slot][words]
    uint32_t* seen;           // [slot][words]
    const int* block_tables;  // [slot][max_blocks]
    const int* block_tokens;  // [KV block][64]: the token of each KV slot
    int max_blocks;
    int num_words;
};

// What all threads of a block know of its row, in shared memory.
struct Row {
    SlotHeader header;
    const float* logits;      // [vocab]
    const Slot* slot;         // for its lists
    const uint32_t* mask;     // [words] or null
    const uint32_t* allowed;  // [words]
    const uint32_t* seen;     // [words]
    const int* block_table;
    const int* block_tokens;
    int num_valid;
    bool has_vectors;  // rows begin at multiples of 16 bytes

    // The j-th token that the sequence produced.
    __device__ __forceinline__ int output(int j) const {
        const int position = header.prompt_length + j;
        return block_tokens[block_table[position / 64] * 64 + position % 64];
    }

    __device__ __forceinline__ bool has_top_k() const { return header.top_k > 0 && header.top_k < num_valid; }

    __device__ __forceinline__ bool has_min_p() const { return header.min_scaled > kMinusInfinity; }

    __device__ __forceinline__ bool has_top_p() const { return header.top_p < 1; }

    // Whether the LM head may have chosen among the tiles' logits already.
    __device__ __forceinline__ bool is_raw() const {
        return takes_raw_logits(header, mask == nullptr ? -1 : 0, num_valid);
    }

    __device__ __forceinline__ bool is_filtered() const { return has_top_k() || has_min_p() || has_top_p(); }
};

// Fills the block's row. Every thread sees it when this returns.
__device__ __forceinline__ void load_row(
    Row& row, const SamplingMemory& memory, const float* logits, int slot_idx, const uint32_t* mask, int vocab,
    int num_valid) {
    constexpr int kHeaderWords = sizeof(SlotHeader) / sizeof(int);
    const Slot* slot = memory.slots + slot_idx;
    if (threadIdx.x < kHeaderWords) {
        reinterpret_cast<int*>(&row.header)[threadIdx.x] = reinterpret_cast<const int*>(&slot->header)[threadIdx.x];
    }
    if (threadIdx.x == 0) {
        const size_t words = static_cast<size_t>(slot_idx) * memory.num_words;
        row.logits = logits;
        row.slot = slot;
        row.mask = mask;
        row.allowed = memory.allowed + words;
        row.seen = memory.seen + words;
        row.block_table = memory.block_tables + static_cast<size_t>(slot_idx) * memory.max_blocks;
        row.block_tokens = memory.block_tokens;
        row.num_valid = num_valid;
        row.has_vectors = vocab % 4 == 0;
    }
    __syncthreads();
}

// Tokens whose score is certainly within reach of the winner of a tile.
constexpr int kMaxContenders = 4;
// Half octaves below a tile's largest value for which there are histograms.
constexpr int kBuckets = 96;
constexpr int kNoBucket = INT32_MIN;

struct Contender {
    double value;
    int token_id;
    int padding;
};

// What the scan finds in a tile; what a row's parameters do not need is not written.
struct alignas(64) TileResult {
    double max;  // largest value, and its lowest token
    int argmax;
    int num_contenders;  // more than kMaxContenders: not all are there
    uint64_t mass;       // of all tokens, in units of the tile's top octave
    int octave;          // of the largest value
    int bucket;
    Contender contenders[kMaxContenders];
    int group_buckets[kTileGroups];  // of the largest value in each group
    uint2 histogram[kBuckets];       // tokens, and mass >> 13, from the bucket of the largest value downwards
};

static_assert(
    sizeof(TileResult) * kHeadTokens >= sizeof(HeadResult) * kTileTokens, "a row's room holds the results of both");

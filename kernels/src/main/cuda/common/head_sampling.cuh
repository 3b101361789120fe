// The LM head of rows that sample: a warpgroup has the logits of 64 tokens and up to 256 rows. While tensor cores work
// on these it draws the random numbers of the rows' races, which need no logits. Its epilogue writes a row's logits
// where somebody may read them, and what the row's choice needs: see HeadResult.
#pragma once

#include "counter_random.cuh"
#include "head_result.cuh"
#include "named_barrier.cuh"
#include "tiled_linear.cuh"

// What becomes of a row: its rate in the race, or one of these.
constexpr float kGreedyRate = __builtin_huge_valf();
constexpr float kNoRate = -1.0f;
constexpr float kLogitsRate = -2.0f;

struct RowRule {
    uint64_t seed;
    int position;
    float rate;

    __device__ __forceinline__ bool is_race() const { return rate >= 0 && rate < kGreedyRate; }
};

// What a row's epilogue needs: its rate, and the largest high word of its tokens' random bits.
struct alignas(8) RowNoise {
    float rate;
    uint32_t noise;
};

// Rows of x at a time, of which eight threads have one each; a thread has 8 of its 64 logits.
constexpr int kPieceRows = 16;
constexpr int kRowThreads = kGroupThreads / kPieceRows;
constexpr int kThreadLogits = kHeadTokens / kRowThreads;
static_assert(kPieceRows * kHeadTokens * sizeof(float) == kGroupWarps * kStoreBytes, "a piece fills a group's room");

// The rows that sample, by what is known of their sequences.
struct SampledRows {
    HeadResult* results;     // [rows][room of a row]
    const int* row_slots;    // [rows]: conv slot, negative: nothing is sampled
    const int* row_masks;    // [rows]: index of a mask, or -1
    const int* row_targets;  // [rows]: a token to score, or negative
    const Slot* slots;       // [conv slots]; null: all rows' logits are written
    int num_valid;
    int results_per_row;

    __device__ __forceinline__ RowRule rule(int slot, int mask, int target) const {
        RowRule rule = {0, 0, slots == nullptr || target >= 0 ? kLogitsRate : kNoRate};
        if (rule.rate == kNoRate && slot >= 0) {
            const SlotHeader& header = slots[slot].header;
            rule.seed = header.seed;
            rule.position = header.num_outputs;
            rule.rate = !takes_raw_logits(header, mask, num_valid) ? kLogitsRate
                        : header.temperature == 0                  ? kGreedyRate
                                                                   : race_rate(header.temperature);
        }
        return rule;
    }
};

// A thread's rows of a part: every 128th. What is known of them is fetched, and their races' random numbers are drawn,
// while tensor cores work.
template <int kRows>
struct PartRows {
    static constexpr int kOwn = (kRows + kGroupThreads - 1) / kGroupThreads;
    int slots[kOwn];
    int masks[kOwn];
    int targets[kOwn];
    RowRule rules[kOwn];
    uint32_t noise[kOwn];
    int pairs_per_tile;

    __device__ __forceinline__ PartRows(const SampledRows& sampled, const Part& part, int num_tiles)
        : pairs_per_tile((kHeadTokens / 2 + num_tiles - 1) / num_tiles) {
#pragma unroll
        for (int i = 0; i < kOwn; i++) {
            const int row = i * kGroupThreads + static_cast<int>(threadIdx.x) % kGroupThreads;
            const bool is_there = row < part.num_rows && sampled.slots != nullptr;
            slots[i] = is_there ? sampled.row_slots[part.first_row + row] : -1;
            masks[i] = is_there ? sampled.row_masks[part.first_row + row] : -1;
            targets[i] = is_there ? sampled.row_targets[part.first_row + row] : -1;
            noise[i] = 0;
        }
    }

    // While a tile of k is multiplied: the warpgroup's 32 pairs of tokens are spread over all tiles.
    __device__ __forceinline__ void draw(const SampledRows& sampled, int first_id, int tile) {
        if (tile == 0) {
#pragma unroll
            for (int i = 0; i < kOwn; i++) {
                rules[i] = sampled.rule(slots[i], masks[i], targets[i]);
            }
        }
        bool is_racing = false;
#pragma unroll
        for (int i = 0; i < kOwn; i++) {
            is_racing = is_racing || rules[i].is_race();
        }
        if (!is_racing) {
            return;
        }
        const int end = min((tile + 1) * pairs_per_tile, kHeadTokens / 2);
#pragma unroll 1
        for (int pair = tile * pairs_per_tile; pair < end; pair++) {
#pragma unroll
            for (int i = 0; i < kOwn; i++) {
                if (rules[i].is_race()) {
                    const TokenPairBits bits = random_bits(rules[i].seed, rules[i].position, first_id / 2 + pair);
                    noise[i] = max(noise[i], max(high_word(bits.even), high_word(bits.odd)));
                }
            }
        }
    }

    __device__ __forceinline__ void publish(RowNoise* table) const {
#pragma unroll
        for (int i = 0; i < kOwn; i++) {
            const int row = i * kGroupThreads + static_cast<int>(threadIdx.x) % kGroupThreads;
            if (row < kRows) {
                table[row] = {rules[i].rate, noise[i]};
            }
        }
    }
};

// A thread's eight logits of a row, and their tokens: four neighbours, and four more 32 further.
struct RowLogits {
    float values[kThreadLogits];
    int first_id;
    int num_valid;

    __device__ __forceinline__ int token_id(int i) const { return first_id + i / 4 * (kHeadTokens / 2) + i % 4; }

    __device__ __forceinline__ float logit(int i) const {
        return token_id(i) < num_valid ? finite_or_minus_infinity(values[i]) : -__builtin_huge_valf();
    }

    __device__ __forceinline__ void store(float* row, int num_columns) const {
#pragma unroll
        for (int i = 0; i < kThreadLogits; i += 4) {
            if (token_id(i) < num_columns) {
                *reinterpret_cast<float4*>(row + token_id(i)) =
                    make_float4(values[i], values[i + 1], values[i + 2], values[i + 3]);
            }
        }
    }
};

// The largest of a row's logits and its lowest token; the same in the row's eight lanes.
__device__ __forceinline__ HeadResult row_argmax(const RowLogits& logits) {
    float max = -__builtin_huge_valf();
    int argmax = INT32_MAX;
#pragma unroll
    for (int i = 0; i < kThreadLogits; i++) {
        const bool is_larger = logits.logit(i) > max;
        max = is_larger ? logits.logit(i) : max;
        argmax = is_larger ? logits.token_id(i) : argmax;
    }
#pragma unroll
    for (int lane_mask = kRowThreads / 2; lane_mask > 0; lane_mask /= 2) {
        const float other = __shfl_xor_sync(kAllLanes, max, lane_mask);
        const int other_id = __shfl_xor_sync(kAllLanes, argmax, lane_mask);
        const bool is_better = other > max || (other == max && other_id < argmax);
        max = is_better ? other : max;
        argmax = is_better ? other_id : argmax;
    }
    HeadResult result = {max};
    result.argmax = argmax;
    return result;
}

// What the threads of a warp do with four rows' logits.
__device__ __forceinline__ void finish_rows(
    const SampledRows& sampled, const RowLogits& logits, const RowNoise& row_noise, size_t row, float* y,
    int num_columns) {
    const bool is_chosen = row_noise.rate >= 0;
    if (__any_sync(kAllLanes, is_chosen)) {
        HeadResult result = row_argmax(logits);
        if (row_noise.rate != kGreedyRate) {
            result.noise = row_noise.noise;
        }
        const int first_id = logits.first_id - logits.first_id % kHeadTokens;
        if (is_chosen && threadIdx.x % kRowThreads == 0 && first_id < sampled.num_valid) {
            sampled.results[row * sampled.results_per_row + first_id / kHeadTokens] = result;
        }
    }
    // The choice of a race reads those of few tokens.
    if (row_noise.rate != kNoRate && row_noise.rate != kGreedyRate) {
        logits.store(y + row * num_columns, num_columns);
    }
}

// A part's sums: 16 rows at a time go through shared memory, from where eight neighbouring threads have a row. The room
// is [16 rows][64 tokens], a row's tokens in eights that are swizzled by the row, so that no two lanes meet in a bank.
template <int kSums, typename Block, typename Work, typename Rows>
__device__ __forceinline__ void finish_head(
    const Consumer<Block, Work>& consumer, const float (&sums)[kSums], const Part& part, const Rows& rows,
    uint8_t* shared_bytes, float* y) {
    const int lane = threadIdx.x % kWarpSize;
    const int thread = threadIdx.x % kGroupThreads;
    const auto wait_for_group = [&] {
        consumer.group == 0 ? bar_sync<1, kGroupThreads>() : bar_sync<2, kGroupThreads>();
    };
    float* room = reinterpret_cast<float*>(shared_bytes + Block::kStores + consumer.group * kGroupWarps * kStoreBytes);
    RowNoise* table = reinterpret_cast<RowNoise*>(shared_bytes + Block::kEnd) + consumer.group * Block::BLOCK_X;
    float* target = room + lane % 4 * 2 * kHeadTokens;
    const int token = (thread / kWarpSize * 16 + lane / 4) ^ lane % 4 * 8;
    const int own_row = thread / kRowThreads;
    const float* source = room + own_row * kHeadTokens + ((thread % kRowThreads * 4) ^ own_row / 2 % 4 * 8);
    rows.publish(table);
#pragma unroll 1
    for (int step = 0; step * kPieceRows < part.num_rows; step++) {
        // Registers have no index: the step's are stored by the one of these that is its own.
#pragma unroll
        for (int s = 0; s < (kSums + 7) / 8; s++) {
            if (s == step) {
#pragma unroll
                for (int i = 0; i < 8 && s * 8 + i < kSums; i++) {
                    const int row = i / 4 * 8 + i % 2;
                    target[row * kHeadTokens + (token ^ i / 2 % 2 * 8)] = sums[s * 8 + i];
                }
            }
        }
        wait_for_group();
        const int row = step * kPieceRows + own_row;
        const bool is_there = row < part.num_rows;
        const RowNoise row_noise = is_there ? table[row] : RowNoise{kNoRate, 0};
        RowLogits logits;
        logits.first_id = part.first_column + consumer.group * TILE_ROWS + thread % kRowThreads * 4;
        logits.num_valid = consumer.work.sampled.num_valid;
#pragma unroll
        for (int i = 0; i < kThreadLogits; i += 4) {
            const float4 four = is_there ? *reinterpret_cast<const float4*>(source + i / 4 * (kHeadTokens / 2))
                                         : make_float4(0, 0, 0, 0);
            logits.values[i] = four.x;
            logits.values[i + 1] = four.y;
            logits.values[i + 2] = four.z;
            logits.values[i + 3] = four.w;
        }
        wait_for_group();
        finish_rows(
            consumer.work.sampled, logits, row_noise, static_cast<size_t>(part.first_row + row), y,
            consumer.work.num_columns);
    }
}

// Eight tokens' rows at a time, by eight warps: added and normalised, and where a router is behind them, routed. Used
// by add_rms_norm_route_top_k, and by products that have such rows behind them.
#pragma once

#include "expert_groups.cuh"
#include "mma.cuh"
#include "rms_norm.cuh"

constexpr int kTileExperts = 16;
constexpr float kSumEpsilon = 1e-6f;
// Columns that a warp takes at a time: four lanes load 16 bytes each, which are the operands of two instructions.
constexpr int kStepColumns = 32;
// Steps whose loads are in flight together.
constexpr int kGateBatch = 4;
// 64 bytes more than a row, so that the rows of two tokens which lanes read together lie in different banks.
constexpr int kRowStride = kMaxColumns + kStepColumns;
// A warp's part of the logits: experts nine apart, and parts so that 32 experts of a token lie in different banks where
// four warps share a tile.
constexpr int kExpertStride = kMaskTokens + 1;
constexpr int kPartStride = kTileExperts * kExpertStride + 4;

struct Rule {
    const float* __restrict__ bias;  // [experts] or null
    int num_experts;
    int top_k;
    bool is_normalised;
    float scaling;
};

// The shared memory of a block that does this.
struct TokenSpace {
    alignas(16) bf16 norm[kMaxColumns];
    union {
        alignas(16) bf16 rows[kTokenWarps][kRowStride];
        GroupScratch scratch;
    };
    float partials[kTokenWarps][kPartStride];
    unsigned masks[kMaxExperts];
    bool is_last;
};

// How warps divide the logits: each has a tile of 16 experts and every num_splits-th step of the columns.
struct Split {
    int num_splits;
    int tile;
    int first_step;

    __device__ __forceinline__ Split(int num_experts, int warp) {
        num_splits = kTokenWarps / ((num_experts + kTileExperts - 1) / kTileExperts);
        tile = warp / num_splits;
        first_step = warp % num_splits;
    }
};

// What a lane can still choose: two experts at most.
struct Candidates {
    float scores[2];
    float selections[2];
    bool is_free[2];

    __device__ __forceinline__ Candidates(const TokenSpace& shared, const Rule& rule, int warp) {
        const int num_splits = Split(rule.num_experts, warp).num_splits;
#pragma unroll
        for (int i = 0; i < 2; i++) {
            const int expert = threadIdx.x % kWarpSize + i * kWarpSize;
            is_free[i] = expert < rule.num_experts;
            scores[i] = 0;
            selections[i] = 0;
            if (is_free[i]) {
                float logit = 0;
                for (int s = 0; s < num_splits; s++) {
                    const int part = expert / kTileExperts * num_splits + s;
                    logit += shared.partials[part][expert % kTileExperts * kExpertStride + warp];
                }
                scores[i] = 1.0f / (1.0f + expf(-logit));
                selections[i] = rule.bias == nullptr ? scores[i] : scores[i] + rule.bias[expert];
                // A number that is none would never be the largest, and a choice must be made.
                selections[i] = isnan(selections[i]) ? -INFINITY : selections[i];
            }
        }
    }

    // The expert with the largest selection score among all lanes', the lowest of equals; the same in all lanes.
    __device__ __forceinline__ int best() const {
        const int lane = threadIdx.x % kWarpSize;
        const bool is_second = is_free[1] && (!is_free[0] || selections[1] > selections[0]);
        float largest = is_second ? selections[1] : selections[0];
        int expert = is_second ? lane + kWarpSize : is_free[0] ? lane : kMaxExperts;
#pragma unroll
        for (int lane_mask = kWarpSize / 2; lane_mask > 0; lane_mask /= 2) {
            const float other = __shfl_xor_sync(kAllLanes, largest, lane_mask);
            const int other_expert = __shfl_xor_sync(kAllLanes, expert, lane_mask);
            const bool is_better = other > largest || (other == largest && other_expert < expert);
            if (other_expert != kMaxExperts && (expert == kMaxExperts || is_better)) {
                largest = other;
                expert = other_expert;
            }
        }
        return expert;
    }

    // Its score, which all lanes get; it is free no longer.
    __device__ __forceinline__ float take(int expert) {
        const int lane = threadIdx.x % kWarpSize;
        const float score = __shfl_sync(kAllLanes, expert < kWarpSize ? scores[0] : scores[1], expert % kWarpSize);
        is_free[0] = is_free[0] && expert != lane;
        is_free[1] = is_free[1] && expert != lane + kWarpSize;
        return score;
    }
};

// Sorting what was chosen, by the block that is the last to choose.
struct Sorting {
    const int* __restrict__ num_real_tokens;  // [1]: tokens from there on are padding, without experts; null: none is
    uint8_t* masks;                           // [ceil(tokens / 8)][experts]: which of eight tokens chose an expert
    unsigned* num_arrived;                    // [1], zero before and after
    Groups groups;

    __device__ __forceinline__ int num_tokens(int num_rows) const {
        return num_real_tokens == nullptr ? num_rows : min(load_uniform(num_real_tokens), num_rows);
    }

    // True in the block that arrives last: it sees what the others wrote before.
    __device__ __forceinline__ bool arrives_last(TokenSpace& shared, int thread, unsigned num_pieces) const {
        __threadfence();
        sync_tokens();
        if (thread == 0) {
            // It is zero again behind the last block.
            shared.is_last = atomicInc(num_arrived, num_pieces - 1) == num_pieces - 1;
        }
        sync_tokens();
        __threadfence();
        return shared.is_last;
    }

    // The masks of eight tokens; then the last block sorts everybody's pairs.
    __device__ __forceinline__ void run(
        TokenSpace& shared, int thread, int piece, const int* expert_ids, int num_rows, int num_experts,
        int top_k) const {
        sync_tokens();
        if (thread < num_experts) {
            masks[static_cast<size_t>(piece) * num_experts + thread] = shared.masks[thread];
        }
        if (arrives_last(shared, thread, (num_rows + kTokenWarps - 1) / kTokenWarps)) {
            const Choices choices = {masks, expert_ids, num_tokens(num_rows), num_experts, top_k};
            Grouping(choices, groups, shared.scratch, thread).run();
        }
    }
};

// Rows [tokens, columns] of a step and what becomes of them.
struct TokenRows {
    bf16* residual;
    bf16* out;
    const bf16* update;
    const bf16* norm;  // [columns]
    const bf16* gate;  // [experts, columns]; null: nothing is routed
    Rule rule;
    float* routing_weights;  // [tokens, top_k]
    int* expert_ids;         // [tokens, top_k], by falling s + bias
    Sorting sorting;
    int num_tokens;
    int num_columns;
    float eps;

    __device__ __forceinline__ int num_pieces() const { return (num_tokens + kTokenWarps - 1) / kTokenWarps; }

    // Phase 1: a warp's row, to global memory and, with zeros up to a whole step, to shared memory.
    __device__ __forceinline__ void add_and_normalise(TokenSpace& shared, int thread, int token) const {
        // Behind the last token a row has no columns in memory.
        const int columns = token < num_tokens ? num_columns : 0;
        const size_t offset = static_cast<size_t>(token) * num_columns;
        bf16* sums = residual + offset;
        bf16* normalised = out + offset;
        Bf16x8 row[kRowVectors];
        Bf16x8 addend[kRowVectors];
        load_row(row, sums, columns);
        load_row(addend, update + offset, columns);
        copy_weight(shared.norm, norm, num_columns, thread, kTokenThreads);
        add_to_row(row, addend, sums, columns);
        sync_tokens();
        bf16* shared_row = shared.rows[thread / kWarpSize];
        const int tail = num_columns + thread % kWarpSize * kVectorWidth;
        if (tail < (num_columns + kStepColumns - 1) / kStepColumns * kStepColumns) {
            store_vector(shared_row + tail, zero_vector());
        }
        normalise_row(row, shared.norm, num_columns, eps, [&](int column, const Bf16x8& values) {
            store_vector(shared_row + column, values);
            if (column < columns) {
                store_vector(normalised + column, values);
            }
        });
    }

    // Phase 2: a warp's part of the logits [16 experts, 8 tokens]. The order of the columns within a step is another in
    // both operands alike.
    __device__ __forceinline__ void multiply_gate(TokenSpace& shared, int warp) const {
        const int lane = threadIdx.x % kWarpSize;
        const int num_steps = (num_columns + kStepColumns - 1) / kStepColumns;
        const int lane_column = lane % 4 * kVectorWidth;
        const Split split(rule.num_experts, warp);
        const int expert = split.tile * kTileExperts + lane / 4;
        const bf16* low = gate + static_cast<size_t>(expert) * num_columns + lane_column;
        const bf16* high = low + static_cast<size_t>(8) * num_columns;
        const bf16* tokens = shared.rows[lane / 4] + lane_column;
        float sums[4] = {};
#pragma unroll 1
        for (int step = split.first_step; step < num_steps; step += kGateBatch * split.num_splits) {
            Bf16x8 a_low[kGateBatch];
            Bf16x8 a_high[kGateBatch];
#pragma unroll
            for (int i = 0; i < kGateBatch; i++) {
                const int column = (step + i * split.num_splits) * kStepColumns;
                const bool is_there = column + lane_column < num_columns;
                a_low[i] = is_there && expert < rule.num_experts ? load_vector(low + column) : zero_vector();
                a_high[i] = is_there && expert + 8 < rule.num_experts ? load_vector(high + column) : zero_vector();
            }
#pragma unroll
            for (int i = 0; i < kGateBatch; i++) {
                const int this_step = step + i * split.num_splits;
                if (this_step < num_steps) {
                    const Bf16x8 b = load_vector(tokens + this_step * kStepColumns);
                    const uint32_t first[4] = {
                        a_low[i].pairs[0], a_high[i].pairs[0], a_low[i].pairs[1], a_high[i].pairs[1]};
                    const uint32_t second[4] = {
                        a_low[i].pairs[2], a_high[i].pairs[2], a_low[i].pairs[3], a_high[i].pairs[3]};
                    mma_m16n8k16(sums, first, b.pairs[0], b.pairs[1]);
                    mma_m16n8k16(sums, second, b.pairs[2], b.pairs[3]);
                }
            }
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            shared.partials[warp][(lane / 4 + i / 2 * 8) * kExpertStride + lane % 4 * 2 + i % 2] = sums[i];
        }
    }

    // Phase 3: a warp chooses its token's experts; a padding token has none.
    __device__ __forceinline__ void choose_experts(TokenSpace& shared, int warp, int token) const {
        const int lane = threadIdx.x % kWarpSize;
        Candidates candidates(shared, rule, warp);
        float sum = 0;
        int own_expert = 0;
        float own_score = 0;
        for (int slot = 0; slot < rule.top_k; slot++) {
            const int expert = candidates.best();
            const float score = candidates.take(expert);
            sum += score;
            own_expert = lane == slot ? expert : own_expert;
            own_score = lane == slot ? score : own_score;
        }
        if (token < sorting.num_tokens(num_tokens) && lane < rule.top_k) {
            const float divisor = rule.is_normalised ? sum + kSumEpsilon : 1.0f;
            const size_t pair = static_cast<size_t>(token) * rule.top_k + lane;
            expert_ids[pair] = own_expert;
            routing_weights[pair] = own_score / divisor * rule.scaling;
            atomicOr(&shared.masks[own_expert], 1u << warp);
        }
    }

    // One piece of eight tokens; the last one that is done sorts.
    __device__ __forceinline__ void run(TokenSpace& shared, int thread, int piece) const {
        const int warp = thread / kWarpSize;
        const int token = piece * kTokenWarps + warp;
        if (thread < kMaxExperts) {
            shared.masks[thread] = 0;
        }
        add_and_normalise(shared, thread, token);
        if (gate == nullptr) {
            return;
        }
        sync_tokens();
        if (Split(rule.num_experts, warp).tile * kTileExperts < rule.num_experts) {
            multiply_gate(shared, warp);
        }
        sync_tokens();
        choose_experts(shared, warp, token);
        sorting.run(shared, thread, piece, expert_ids, num_tokens, rule.num_experts, rule.top_k);
    }
};

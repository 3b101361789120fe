// Computes: add_rms_norm; s = sigmoid(out gateᵀ); a token's top_k largest s + bias, of equals the lowest, weighted by
//           s / (their sum + 1e-6, if normalised) * scaling; then all (token, slot) pairs by expert, in tiles.
// Launch:   grid ceil(tokens / 8), block 256, 42 KiB static shared memory; a warp owns a token; the last block sorts.
// Bound:    memory: (4 * tokens + experts + 1) * columns * 2 bytes; the gate comes from L2 for all but the first block.
// Twin:     CpuOps.addRmsNormRouteTopK: as add_rms_norm rounds, then float32; a token's bits depend on no other.
#include "common/expert_groups.cuh"
#include "common/mma.cuh"
#include "common/rms_norm.cuh"

constexpr int kThreads = kGroupThreads;
constexpr int kWarps = kThreads / kWarpSize;
constexpr int kTileExperts = 16;
constexpr float kSumEpsilon = 1e-6f;
// Columns that a warp takes at a time: four lanes load 16 bytes each, which are the operands of two instructions.
constexpr int kStepColumns = 32;
// Steps whose loads are in flight together.
constexpr int kBatch = 4;
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

struct Shared {
    alignas(16) bf16 norm[kMaxColumns];
    union {
        alignas(16) bf16 rows[kMaskTokens][kRowStride];
        GroupScratch scratch;
    };
    float partials[kWarps][kPartStride];
    unsigned masks[kMaxExperts];
    bool is_last;
};

// How warps divide the logits: each has a tile of 16 experts and every num_splits-th step of the columns.
struct Split {
    int num_splits;
    int tile;
    int first_step;

    __device__ __forceinline__ Split(int num_experts) {
        const int warp = threadIdx.x / kWarpSize;
        num_splits = kWarps / ((num_experts + kTileExperts - 1) / kTileExperts);
        tile = warp / num_splits;
        first_step = warp % num_splits;
    }
};

// Phase 1: the token's row, to global memory and, with zeros up to a whole step, to shared memory.
__device__ __forceinline__ void add_and_normalise(
    Shared& shared, bf16* residual, bf16* out, const bf16* update, const bf16* weight, bool has_token, int num_columns,
    float eps) {
    Bf16x8 row[kRowVectors];
    Bf16x8 addend[kRowVectors];
    load_row(row, residual, has_token ? num_columns : 0);
    load_row(addend, update, has_token ? num_columns : 0);
    copy_weight(shared.norm, weight, num_columns);
    __syncthreads();
    bf16* shared_row = shared.rows[threadIdx.x / kWarpSize];
    const int tail = num_columns + static_cast<int>(threadIdx.x) % kWarpSize * kVectorWidth;
    if (tail < (num_columns + kStepColumns - 1) / kStepColumns * kStepColumns) {
        store_vector(shared_row + tail, zero_vector());
    }
    if (has_token) {
        add_to_row(row, addend, residual, num_columns);
    }
    normalise_row(row, shared.norm, num_columns, eps, [&](int column, const Bf16x8& values) {
        store_vector(shared_row + column, values);
        if (has_token) {
            store_vector(out + column, values);
        }
    });
}

// Phase 2: a warp's part of the logits [16 experts, 8 tokens]. The order of the columns within a step is another in
// both operands alike.
__device__ __forceinline__ void multiply_gate(Shared& shared, const bf16* gate, int num_experts, int num_columns) {
    const int lane = threadIdx.x % kWarpSize;
    const int warp = threadIdx.x / kWarpSize;
    const int num_steps = (num_columns + kStepColumns - 1) / kStepColumns;
    const int lane_column = lane % 4 * kVectorWidth;
    const Split split(num_experts);
    const int expert = split.tile * kTileExperts + lane / 4;
    const bf16* low = gate + static_cast<size_t>(expert) * num_columns + lane_column;
    const bf16* high = low + static_cast<size_t>(8) * num_columns;
    const bf16* tokens = shared.rows[lane / 4] + lane_column;
    float sums[4] = {};
#pragma unroll 1
    for (int step = split.first_step; step < num_steps; step += kBatch * split.num_splits) {
        Bf16x8 a_low[kBatch];
        Bf16x8 a_high[kBatch];
#pragma unroll
        for (int i = 0; i < kBatch; i++) {
            const int column = (step + i * split.num_splits) * kStepColumns;
            const bool is_there = column + lane_column < num_columns;
            a_low[i] = is_there && expert < num_experts ? load_vector(low + column) : zero_vector();
            a_high[i] = is_there && expert + 8 < num_experts ? load_vector(high + column) : zero_vector();
        }
#pragma unroll
        for (int i = 0; i < kBatch; i++) {
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

// What a lane can still choose: two experts at most.
struct Candidates {
    float scores[2];
    float selections[2];
    bool is_free[2];

    __device__ __forceinline__ Candidates(const Shared& shared, const Rule& rule) {
        const int num_splits = Split(rule.num_experts).num_splits;
        const int warp = threadIdx.x / kWarpSize;
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

// Phase 3: a warp chooses its token's experts; a padding token has none.
__device__ __forceinline__ void choose_experts(
    Shared& shared, const Rule& rule, int token_idx, bool is_real, int* expert_ids, float* routing_weights) {
    const int lane = threadIdx.x % kWarpSize;
    Candidates candidates(shared, rule);
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
    if (is_real && lane < rule.top_k) {
        const float divisor = rule.is_normalised ? sum + kSumEpsilon : 1.0f;
        const size_t pair = static_cast<size_t>(token_idx) * rule.top_k + lane;
        expert_ids[pair] = own_expert;
        routing_weights[pair] = own_score / divisor * rule.scaling;
        atomicOr(&shared.masks[own_expert], 1u << threadIdx.x / kWarpSize);
    }
}

// True in the block that arrives last: it sees what the others wrote before.
__device__ __forceinline__ bool arrives_last(Shared& shared, unsigned* num_arrived) {
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        // It is zero again behind the last block.
        shared.is_last = atomicInc(num_arrived, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    __threadfence();
    return shared.is_last;
}

// Phase 4: the block's masks; then the last block sorts everybody's pairs.
__device__ __forceinline__ void group(
    Shared& shared, uint8_t* masks, unsigned* num_arrived, const Choices& choices, const Groups& groups) {
    __syncthreads();
    if (threadIdx.x < choices.num_experts) {
        masks[static_cast<size_t>(blockIdx.x) * choices.num_experts + threadIdx.x] = shared.masks[threadIdx.x];
    }
    if (arrives_last(shared, num_arrived)) {
        Grouping(choices, groups, shared.scratch).run();
    }
}

__device__ __forceinline__ int real_tokens(const int* num_real_tokens, int num_tokens) {
    return num_real_tokens == nullptr ? num_tokens : min(load_uniform(num_real_tokens), num_tokens);
}

extern "C" __global__ void __launch_bounds__(kThreads) add_rms_norm_route_top_k_bf16(
    bf16* __restrict__ residual,              // [tokens, columns]
    bf16* __restrict__ out,                   // [tokens, columns]
    const bf16* __restrict__ update,          // [tokens, columns]
    const bf16* __restrict__ weight,          // [columns]
    const bf16* __restrict__ gate,            // [experts, columns]
    const float* __restrict__ bias,           // [experts], or null
    int* expert_ids,                          // [tokens, top_k], by falling s + bias
    float* __restrict__ routing_weights,      // [tokens, top_k]
    int* __restrict__ sorted_pairs,           // [tokens * top_k]: pairs by expert, within an expert in rising order
    int* __restrict__ offsets,                // [experts + 1]: the first place of each expert in sorted_pairs
    int4* __restrict__ tiles,                 // (expert, first place, rows, 0), an expert's rows spread evenly
    int* __restrict__ num_tiles,              // [1]
    uint8_t* masks,                           // [ceil(tokens / 8)][experts]: which of eight tokens chose an expert
    unsigned* num_arrived,                    // [1], zero before the first launch
    const int* __restrict__ num_real_tokens,  // [1]: tokens from there on are padding, without experts; null: none is
    int num_tokens, int num_columns, int num_experts, int top_k, int is_normalised, int tile_rows, float scaling,
    float eps) {
    __shared__ Shared shared;
    const int token_idx = blockIdx.x * kMaskTokens + threadIdx.x / kWarpSize;
    const size_t offset = static_cast<size_t>(token_idx) * num_columns;
    const int num_real = real_tokens(num_real_tokens, num_tokens);
    if (threadIdx.x < kMaxExperts) {
        shared.masks[threadIdx.x] = 0;
    }
    add_and_normalise(
        shared, residual + offset, out + offset, update + offset, weight, token_idx < num_tokens, num_columns, eps);
    __syncthreads();
    if (Split(num_experts).tile * kTileExperts < num_experts) {
        multiply_gate(shared, gate, num_experts, num_columns);
    }
    __syncthreads();
    const Rule rule = {bias, num_experts, top_k, is_normalised != 0, scaling};
    choose_experts(shared, rule, token_idx, token_idx < num_real, expert_ids, routing_weights);
    group(
        shared, masks, num_arrived, {masks, expert_ids, num_real, num_experts, top_k},
        {sorted_pairs, offsets, tiles, num_tiles, tile_rows});
}

// Sorts choices that somebody else has written.
extern "C" __global__ void __launch_bounds__(kThreads) add_rms_norm_route_top_k_regroup(
    const int* expert_ids,                    // [tokens, top_k], different experts for a token
    int* __restrict__ sorted_pairs,           // this and what follows as above
    int* __restrict__ offsets,                // [experts + 1]
    int4* __restrict__ tiles,                 // [tiles]
    int* __restrict__ num_tiles,              // [1]
    uint8_t* masks,                           // [ceil(tokens / 8)][experts]
    unsigned* num_arrived,                    // [1]
    const int* __restrict__ num_real_tokens,  // [1] or null
    int num_tokens, int num_experts, int top_k, int tile_rows) {
    __shared__ Shared shared;
    const int num_real = real_tokens(num_real_tokens, num_tokens);
    if (threadIdx.x < kMaxExperts) {
        shared.masks[threadIdx.x] = 0;
    }
    __syncthreads();
    const int pair = blockIdx.x * kMaskTokens * top_k + threadIdx.x;
    if (threadIdx.x < kMaskTokens * top_k && pair < num_real * top_k) {
        atomicOr(&shared.masks[expert_ids[pair]], 1u << threadIdx.x / top_k);
    }
    group(
        shared, masks, num_arrived, {masks, expert_ids, num_real, num_experts, top_k},
        {sorted_pairs, offsets, tiles, num_tiles, tile_rows});
}

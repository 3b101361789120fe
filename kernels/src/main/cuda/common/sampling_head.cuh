// The choice of a row whose logits the LM head has seen: see HeadResult.
#pragma once

#include "sampling_choice.cuh"

// Calls f(logit, token id, random bits) for a lane's pair of the 64 tokens that a result is of.
template <typename Function>
__device__ __forceinline__ void for_each_of_result(const Choice& choice, int result_idx, Function f) {
    const Row& row = choice.row;
    const int first_id = result_idx * kHeadTokens + static_cast<int>(threadIdx.x) % kWarpSize * 2;
    const TokenPairBits bits = race_bits(row.header, first_id / 2);
#pragma unroll
    for (int i = 0; i < 2; i++) {
        if (first_id + i < row.num_valid) {
            const float logit = finite_or_minus_infinity(row.logits[first_id + i]);
            if (logit > -__builtin_huge_valf()) {
                f(logit, first_id + i, i == 0 ? bits.even : bits.odd);
            }
        }
    }
}

// Relative to the row's largest logit, in units of the temperature.
struct RaceScale {
    float top;
    float rate;

    __device__ __forceinline__ float relative(float logit) const { return relative_logit(logit, top, rate); }

    // No token of the result scores more; minus infinity where there is no logit.
    __device__ __forceinline__ float bound(const HeadResult& result) const {
        return result.max > -__builtin_huge_valf() ? relative(result.max) + advantage_bound(result.noise)
                                                   : -__builtin_huge_valf();
    }
};

// What the winner scores at least, approximately: each warp looks at the tokens of its most promising result.
__device__ __forceinline__ float least_of_winner(
    Choice& choice, const HeadResult* results, int num_results, const RaceScale& scale) {
    float most = kHopeless;
    int most_idx = 0;
#pragma unroll 1
    for (int i = threadIdx.x; i < num_results; i += kThreads) {
        const float bound = scale.bound(results[i]);
        most_idx = bound > most ? i : most_idx;
        most = fmaxf(most, bound);
    }
#pragma unroll
    for (int lane_mask = kWarpSize / 2; lane_mask > 0; lane_mask /= 2) {
        const float other = __shfl_xor_sync(kAllLanes, most, lane_mask);
        const int other_idx = __shfl_xor_sync(kAllLanes, most_idx, lane_mask);
        most_idx = other > most || (other == most && other_idx < most_idx) ? other_idx : most_idx;
        most = fmaxf(most, other);
    }
    float least = kHopeless;
    if (most > kHopeless) {
        for_each_of_result(choice, most_idx, [&](float logit, int, uint64_t bits) {
            least = fmaxf(least, scale.relative(logit) + approximate_advantage(bits));
        });
    }
    return block_max(choice.space, least) - kScoreSlack;
}

// The token of a row that takes the logits as they are.
__device__ __forceinline__ int choose_from_head(Choice& choice, const HeadResult* results) {
    const int num_results = (choice.row.num_valid + kHeadTokens - 1) / kHeadTokens;
    const bool is_greedy = choice.row.header.temperature == 0;
    Best best = {kMinusInfinity, kNoToken};
#pragma unroll 1
    for (int i = threadIdx.x; i < num_results; i += kThreads) {
        if (results[i].max > -__builtin_huge_valf()) {
            best.take(results[i].max, is_greedy ? results[i].argmax : 0);
        }
    }
    best = block_best(choice.space, best);
    if (best.value == kMinusInfinity || is_greedy) {
        return best.value == kMinusInfinity ? 0 : best.token_id;
    }
    if (threadIdx.x == 0) {
        choice.top.best = best;
    }
    const RaceScale scale = {static_cast<float>(best.value), race_rate(choice.row.header.temperature)};
    // Every thread sees the top behind this.
    const float least = least_of_winner(choice, results, num_results, scale);
    Best winner = {kMinusInfinity, kNoToken};
#pragma unroll 1
    for (int first = threadIdx.x / kWarpSize * kWarpSize; first < num_results; first += kThreads) {
        const int i = first + static_cast<int>(threadIdx.x) % kWarpSize;
        uint32_t in_reach = __ballot_sync(kAllLanes, i < num_results && scale.bound(results[i]) >= least);
#pragma unroll 1
        while (in_reach != 0) {
            const int result_idx = first + __ffs(static_cast<int>(in_reach)) - 1;
            for_each_of_result(choice, result_idx, [&](float logit, int token_id, uint64_t bits) {
                if (scale.relative(logit) + advantage_bound(high_word(bits)) >= least) {
                    race(winner, choice, logit, token_id);
                }
            });
            in_reach &= in_reach - 1;
        }
    }
    return block_best(choice.space, winner).token_id;
}

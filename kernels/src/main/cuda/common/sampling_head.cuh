// The choice of a row whose logits the LM head has seen: see HeadResult.
#pragma once

#include "sampling_choice.cuh"

// Of tokens whose order the head could not tell the logits are there.
__device__ __forceinline__ void race_crowd(Best& winner, const Choice& choice, int first_id) {
#pragma unroll 1
    for (int id = first_id; id < min(first_id + kHeadTokens, choice.row.num_valid); id++) {
        const float logit = finite_or_minus_infinity(choice.row.logits[id]);
        if (logit > -__builtin_huge_valf()) {
            race(winner, choice, logit, id);
        }
    }
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
    const float top = static_cast<float>(best.value);
    const float rate = race_rate(choice.row.header.temperature);
    float least = kHopeless;
#pragma unroll 1
    for (int i = threadIdx.x; i < num_results; i += kThreads) {
        if (results[i].max > -__builtin_huge_valf()) {
            least = fmaxf(least, relative_logit(results[i].max, top, rate) + results[i].score);
        }
    }
    // Every thread sees the top behind this.
    least = block_max(choice.space, least) - kScoreSlack;
    Best winner = {kMinusInfinity, kNoToken};
#pragma unroll 1
    for (int i = threadIdx.x; i < num_results; i += kThreads) {
        const HeadResult& result = results[i];
        if (result.max > -__builtin_huge_valf() && relative_logit(result.max, top, rate) + result.score >= least) {
            if (result.token_id == kCrowded) {
                race_crowd(winner, choice, i * kHeadTokens);
            } else {
                race(winner, choice, result.value, result.token_id);
            }
        }
    }
    return block_best(choice.space, winner).token_id;
}

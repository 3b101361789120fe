// What the LM head leaves of a row whose token is a choice among its logits, with nothing done to them: of each 64
// tokens enough to see whether they can matter. The largest logit's token is known then; a race reads the logits of the
// few tokens that can win it.
#pragma once

#include "sampling_slot.cuh"

// Tokens of a result: the rows of a weight that a warpgroup multiplies.
constexpr int kHeadTokens = 64;

struct alignas(8) HeadResult {
    float max;  // the largest logit, minus infinity if there is none
    union {
        int argmax;      // its lowest token, at temperature 0
        uint32_t noise;  // else the largest high word of the tokens' random bits: see advantage_bound
    };
};

// NaN counts as minus infinity, and plus infinity as the largest float.
__device__ __forceinline__ float finite_or_minus_infinity(float logit) {
    return logit == logit ? fminf(logit, 3.402823466e38f) : -__builtin_huge_valf();
}

// Whether a sequence that samples takes its token from the logits as they are: no mask, no constraint, no penalty, no
// filter, and nobody who asks for log probabilities.
__device__ __forceinline__ bool takes_raw_logits(const SlotHeader& slot, int mask_idx, int num_valid) {
    const bool is_filtered =
        (slot.top_k > 0 && slot.top_k < num_valid) || slot.min_scaled > -__builtin_huge_val() || slot.top_p < 1;
    const bool is_early = slot.num_stops > 0 && slot.num_outputs < slot.min_tokens;
    return mask_idx < 0 && slot.flags == 0 && slot.num_biases == 0 && slot.num_bad_words == 0 && !is_early &&
           slot.num_logprobs < 0 && (slot.temperature == 0 || !is_filtered);
}

// Twice 1 / temperature, for differences of halves, which do not overflow.
__device__ __forceinline__ float race_rate(double temperature) {
    return fminf(__fdividef(2.0f, static_cast<float>(temperature)), 2e30f);
}

// A logit relative to a larger one, in units of the temperature.
__device__ __forceinline__ float relative_logit(float logit, float largest, float rate) {
    return (0.5f * logit - 0.5f * largest) * rate;
}

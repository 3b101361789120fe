// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011), keyed by (seed, position): twin of CounterRandom.
#pragma once

#include <cstdint>

#include "strict_math.cuh"

constexpr int kPhiloxRounds = 10;

// Scaled logits this far below the largest cannot win: no advantage exceeds 36.8, and none is below -3.62.
constexpr float kHopeless = -45.0f;
// Twice the error of an approximate score, and more.
constexpr float kScoreSlack = 2e-3f;

// 64 random bits each for an even token and the odd one behind it.
struct TokenPairBits {
    uint64_t even;
    uint64_t odd;
};

__device__ __forceinline__ TokenPairBits random_bits(uint64_t seed, int position, int pair) {
    uint32_t counter[4] = {static_cast<uint32_t>(pair), 0, static_cast<uint32_t>(position), 0};
    uint32_t key_low = static_cast<uint32_t>(seed);
    uint32_t key_high = static_cast<uint32_t>(seed >> 32);
#pragma unroll
    for (int round = 0; round < kPhiloxRounds; round++) {
        const uint64_t product_0 = static_cast<uint64_t>(0xD2511F53u) * counter[0];
        const uint64_t product_1 = static_cast<uint64_t>(0xCD9E8D57u) * counter[2];
        counter[0] = static_cast<uint32_t>(product_1 >> 32) ^ counter[1] ^ key_low;
        counter[1] = static_cast<uint32_t>(product_1);
        counter[2] = static_cast<uint32_t>(product_0 >> 32) ^ counter[3] ^ key_high;
        counter[3] = static_cast<uint32_t>(product_0);
        key_low += 0x9E3779B9u;
        key_high += 0xBB67AE85u;
    }
    return {static_cast<uint64_t>(counter[0]) << 32 | counter[1], static_cast<uint64_t>(counter[2]) << 32 | counter[3]};
}

// (n + 1/2) / 2^52 of the high 52 bits n.
__device__ __forceinline__ double uniform(uint64_t bits) {
    return __dmul_rn(__dadd_rn(static_cast<double>(bits >> 12), 0.5), 0x1p-52);
}

// -log(-log(u)), the advantage of a token in the race.
__device__ __forceinline__ double token_advantage(uint64_t seed, int position, int token_id) {
    const TokenPairBits bits = random_bits(seed, position, token_id >> 1);
    return -strict_log(-strict_log(uniform(token_id & 1 ? bits.odd : bits.even)));
}

// lg2.approx, whose error is below 2^-22 of the result or of 1.
__device__ __forceinline__ float approximate_log(float x) {
    float y;
    asm("lg2.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y * 0.69314718f;
}

// The advantage within 1e-4. Near u = 1, where winners are, log(u) is taken as a series in 1 - u.
__device__ __forceinline__ float approximate_advantage(uint64_t bits) {
    const float rest = (static_cast<float>(~bits >> 12) + 0.5f) * 0x1p-52f;  // 1 - u
    const float series = rest * fmaf(rest, fmaf(rest, fmaf(rest, 0.25f, 0.33333334f), 0.5f), 1.0f);
    const float far = -approximate_log((static_cast<float>(bits >> 12) + 0.5f) * 0x1p-52f);
    return -approximate_log(rest < 0x1p-4f ? series : far);
}

// Of a token's random bits those that tell its advantage but for a rest: the more, the larger.
__device__ __forceinline__ uint32_t high_word(uint64_t bits) { return static_cast<uint32_t>(bits >> 32); }

// At least the advantage, for one logarithm: -log(-log(u)) <= -log(1 - u), of 1 - u rounded down to 32 bits.
__device__ __forceinline__ float advantage_bound(uint32_t word) {
    return 1e-3f - approximate_log(static_cast<float>(~word) * 0x1p-32f);
}

// Probability mass as integers, so that sums have no order: twin of TokenMass.
#pragma once

#include <cstdint>

#include "strict_math.cuh"

constexpr double kLog2E = 0x1.71547652b82fep0;
constexpr double kMaxOctaves = 0x1p29;
constexpr int kMassShift = 12;

// exp(value / temperature) as mantissa * 2^(octave - 31): a function of the token's value alone.
struct TokenMass {
    int octave;
    int bucket;  // half octaves, for histograms; rises with the value
    uint64_t mantissa;

    // In units of 2^(top_octave - 43), rounded down; vocabularies below 2^19 tokens cannot overflow a sum.
    __device__ __forceinline__ uint64_t below(int top_octave) const {
        const int distance = top_octave - octave;
        return distance < 64 ? (mantissa << kMassShift) >> distance : 0;
    }
};

// scale is log2(e) / temperature.
__device__ __forceinline__ TokenMass token_mass(double value, double scale) {
    const double z = fmin(fmax(__dmul_rn(value, scale), -kMaxOctaves), kMaxOctaves);
    const int octave = __double2int_rd(z);
    const double f = __dsub_rn(z, static_cast<double>(octave));
    double power = 0x1.6b1ab18438ebap-16;
    power = __fma_rn(power, f, 0x1.2bf24290c51dcp-13);
    power = __fma_rn(power, f, 0x1.600b071bdcb96p-10);
    power = __fma_rn(power, f, 0x1.3b046e152dd46p-7);
    power = __fma_rn(power, f, 0x1.c6b30332bbf40p-5);
    power = __fma_rn(power, f, 0x1.ebfbcc2cdbbafp-3);
    power = __fma_rn(power, f, 0x1.62e4302c24e69p-1);
    power = __fma_rn(power, f, 1.0);
    return {octave, 2 * octave + (f >= 0.5 ? 1 : 0), static_cast<uint64_t>(__double2ll_rz(__dmul_rn(power, 0x1p31)))};
}

// A sum in units of one octave, in those of a higher one.
__device__ __forceinline__ uint64_t lowered(uint64_t mass, int octave, int top_octave) {
    const int distance = top_octave - octave;
    return distance < 64 ? mass >> distance : 0;
}

// bfloat16 values, eight to a 16-byte access. Only storage is 16 bits wide: arithmetic is float32.
#pragma once

#include <cstdint>

using bf16 = uint16_t;

constexpr int kVectorWidth = 8;

// Eight values in memory order: value 2i is the low half of pairs[i].
struct alignas(16) Bf16x8 {
    uint32_t pairs[4];
};

// Both values rounded to nearest even; low ends in the low half.
__device__ __forceinline__ uint32_t cvt_rn_bf16x2_f32(float high, float low) {
    uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

__device__ __forceinline__ float low_float(uint32_t pair) { return __uint_as_float(pair << 16); }

__device__ __forceinline__ float high_float(uint32_t pair) { return __uint_as_float(pair & 0xFFFF0000u); }

__device__ __forceinline__ void unpack(const Bf16x8& packed, float (&values)[kVectorWidth]) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
        values[2 * i] = low_float(packed.pairs[i]);
        values[2 * i + 1] = high_float(packed.pairs[i]);
    }
}

__device__ __forceinline__ Bf16x8 pack(const float (&values)[kVectorWidth]) {
    Bf16x8 packed;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        packed.pairs[i] = cvt_rn_bf16x2_f32(values[2 * i + 1], values[2 * i]);
    }
    return packed;
}

__device__ __forceinline__ Bf16x8 zero_vector() { return {{0, 0, 0, 0}}; }

// The address is a multiple of 16 bytes.
__device__ __forceinline__ Bf16x8 load_vector(const bf16* address) {
    const uint4 words = *reinterpret_cast<const uint4*>(address);
    return {{words.x, words.y, words.z, words.w}};
}

__device__ __forceinline__ void store_vector(bf16* address, const Bf16x8& packed) {
    *reinterpret_cast<uint4*>(address) = make_uint4(packed.pairs[0], packed.pairs[1], packed.pairs[2], packed.pairs[3]);
}

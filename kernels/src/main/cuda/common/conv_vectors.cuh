// The short convolution of eight channels: used by all that have B, C and x of them in 16-byte vectors.
#pragma once

#include "conv_states.cuh"

// Channels of B, C and x come in turn, so many of each: two lanes read a whole sector.
constexpr int kPartChannels = 16;

__device__ __forceinline__ Bf16x8 multiply(const Bf16x8& b, const Bf16x8& x) {
    float left[kVectorWidth];
    float right[kVectorWidth];
    unpack(b, left);
    unpack(x, right);
#pragma unroll
    for (int i = 0; i < kVectorWidth; i++) {
        left[i] *= right[i];
    }
    return pack(left);
}

__device__ __forceinline__ void add_tap(float (&sum)[kVectorWidth], const Bf16x8& weight, const Bf16x8& column) {
    float w[kVectorWidth];
    float bx[kVectorWidth];
    unpack(weight, w);
    unpack(column, bx);
#pragma unroll
    for (int i = 0; i < kVectorWidth; i++) {
        sum[i] = fmaf(w[i], bx[i], sum[i]);
    }
}

// bf16(gate * bf16(w0 older + w1 newer + w2 own))
__device__ __forceinline__ Bf16x8 convolve(
    const Bf16x8 (&weights)[kHistory + 1], const Bf16x8& older, const Bf16x8& newer, const Bf16x8& own,
    const Bf16x8& gate) {
    float y[kVectorWidth] = {};
    add_tap(y, weights[0], older);
    add_tap(y, weights[1], newer);
    add_tap(y, weights[2], own);
    return multiply(pack(y), gate);
}

// Memory from a thread's first channel on.
struct ConvMemory {
    bf16* __restrict__ out;  // [tokens, hidden]
    bf16* states;            // [slot * slot_stride + column * hidden]
    bf16* snapshots;         // the same, by snapshot
    int hidden;
    long long slot_stride;

    __device__ __forceinline__ const bf16* history(int source) const {
        return source >= 0 ? states + source * slot_stride : snapshots + (-2 - source) * slot_stride;
    }

    __device__ __forceinline__ void store_state(bf16* slots, int slot, const Bf16x8& older, const Bf16x8& newer) const {
        store_vector(slots + slot * slot_stride, older);
        store_vector(slots + slot * slot_stride + hidden, newer);
    }
};

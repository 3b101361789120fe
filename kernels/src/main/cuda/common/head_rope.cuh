// RMSNorm and rotation of a head of which eight neighbouring lanes hold eight values each: the same bits for all.
#pragma once

#include "bf16.cuh"
#include "warp.cuh"

constexpr int kHeadDim = 64;
constexpr int kHeadLanes = kHeadDim / kVectorWidth;
constexpr int kAngles = kHeadDim / 2;
// Of a KV block.
constexpr int kBlockTokens = 64;

// bf16(bf16(x * scale) * weight) of a lane's eight values of a head.
__device__ __forceinline__ Bf16x8 normalise(const Bf16x8& head, const Bf16x8& weight, float eps) {
    float x[kVectorWidth];
    float w[kVectorWidth];
    unpack(head, x);
    float squares = 0;
#pragma unroll
    for (int i = 0; i < kVectorWidth; i++) {
        squares = fmaf(x[i], x[i], squares);
    }
    const float scale = rsqrtf(lane_sum<kHeadLanes>(squares) / kHeadDim + eps);
#pragma unroll
    for (int i = 0; i < kVectorWidth; i++) {
        x[i] *= scale;
    }
    unpack(pack(x), x);
    unpack(weight, w);
#pragma unroll
    for (int i = 0; i < kVectorWidth; i++) {
        x[i] *= w[i];
    }
    return pack(x);
}

// Cosines and sines of a lane's eight dims, those in the lower and in the upper half alike, four at a time: loaded when
// they are used from [32 cosines | 32 sines].
struct AngleRow {
    const float* row;

    __device__ __forceinline__ float4 four(int first) const {
        const int dim = threadIdx.x % (kHeadLanes / 2) * kVectorWidth;
        return *reinterpret_cast<const float4*>(row + dim + first);
    }
    __device__ __forceinline__ float4 cosines(int first) const { return four(first); }
    __device__ __forceinline__ float4 sines(int first) const { return four(kAngles + first); }
};

// The same, loaded before.
struct Angles {
    float4 fours[4];

    __device__ __forceinline__ void load(const AngleRow& from) {
        fours[0] = from.cosines(0);
        fours[1] = from.cosines(4);
        fours[2] = from.sines(0);
        fours[3] = from.sines(4);
    }

    __device__ __forceinline__ float4 cosines(int first) const { return fours[first / 4]; }
    __device__ __forceinline__ float4 sines(int first) const { return fours[2 + first / 4]; }
};

// Lanes 0-3 hold dims 0-31, lanes 4-7 dims 32-63: the pair (d, d + 32) is four lanes apart.
template <typename LaneAngles>
__device__ __forceinline__ Bf16x8 rotate(const Bf16x8& head, const LaneAngles& angles, int lane) {
    Bf16x8 partner;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        partner.pairs[i] = __shfl_xor_sync(kAllLanes, head.pairs[i], kHeadLanes / 2);
    }
    const float sign = lane < kHeadLanes / 2 ? -1.0f : 1.0f;
    float own[kVectorWidth];
    float other[kVectorWidth];
    unpack(head, own);
    unpack(partner, other);
#pragma unroll
    for (int i = 0; i < kVectorWidth; i += 4) {
        const float4 cosine = angles.cosines(i);
        const float4 sine = angles.sines(i);
        own[i] = __fadd_rn(__fmul_rn(own[i], cosine.x), __fmul_rn(sign * other[i], sine.x));
        own[i + 1] = __fadd_rn(__fmul_rn(own[i + 1], cosine.y), __fmul_rn(sign * other[i + 1], sine.y));
        own[i + 2] = __fadd_rn(__fmul_rn(own[i + 2], cosine.z), __fmul_rn(sign * other[i + 2], sine.z));
        own[i + 3] = __fadd_rn(__fmul_rn(own[i + 3], cosine.w), __fmul_rn(sign * other[i + 3], sine.w));
    }
    return pack(own);
}

// What the lanes of a warp do together. All 32 take part.
#pragma once

constexpr int kWarpSize = 32;
constexpr unsigned kAllLanes = 0xFFFFFFFFu;

// The sum over groups of kLanes neighbouring lanes, the same in each of them and in one order.
template <int kLanes>
__device__ __forceinline__ float lane_sum(float value) {
#pragma unroll
    for (int lane_mask = kLanes / 2; lane_mask > 0; lane_mask /= 2) {
        value += __shfl_xor_sync(kAllLanes, value, lane_mask);
    }
    return value;
}

// A value that all lanes need, read by one of them.
__device__ __forceinline__ int load_uniform(const int* address) {
    int value = 0;
    if (threadIdx.x % kWarpSize == 0) {
        value = *address;
    }
    return __shfl_sync(kAllLanes, value, 0);
}

// What the threads of a block do together, not inlined: the choice calls them often and is short of registers. The
// result is the same in each of them and in any order of execution.
#pragma once

#include "sampling_row.cuh"

// A value and its token: the larger value first, then the lower token.
struct Best {
    double value;
    int token_id;

    __device__ __forceinline__ void take(double other_value, int other_id) {
        if (other_value > value || (other_value == value && other_id < token_id)) {
            value = other_value;
            token_id = other_id;
        }
    }
};

constexpr int kNoToken = INT32_MAX;

struct ReduceSpace {
    double values[kWarps];
    int ids[kWarps];
    uint64_t sums[kWarps];
    uint64_t total;
};

__device__ __noinline__ Best block_best(ReduceSpace& space, Best best) {
    const int warp = threadIdx.x / kWarpSize;
#pragma unroll
    for (int lane_mask = kWarpSize / 2; lane_mask > 0; lane_mask /= 2) {
        const double value = __shfl_xor_sync(kAllLanes, best.value, lane_mask);
        best.take(value, __shfl_xor_sync(kAllLanes, best.token_id, lane_mask));
    }
    if (threadIdx.x % kWarpSize == 0) {
        space.values[warp] = best.value;
        space.ids[warp] = best.token_id;
    }
    __syncthreads();
#pragma unroll
    for (int w = 0; w < kWarps; w++) {
        best.take(space.values[w], space.ids[w]);
    }
    __syncthreads();
    return best;
}

__device__ __forceinline__ float block_max(ReduceSpace& space, float value) {
#pragma unroll
    for (int lane_mask = kWarpSize / 2; lane_mask > 0; lane_mask /= 2) {
        value = fmaxf(value, __shfl_xor_sync(kAllLanes, value, lane_mask));
    }
    if (threadIdx.x % kWarpSize == 0) {
        space.values[threadIdx.x / kWarpSize] = value;
    }
    __syncthreads();
#pragma unroll
    for (int w = 0; w < kWarps; w++) {
        value = fmaxf(value, static_cast<float>(space.values[w]));
    }
    __syncthreads();
    return value;
}

__device__ __noinline__ uint64_t block_sum(ReduceSpace& space, uint64_t value) {
#pragma unroll
    for (int lane_mask = kWarpSize / 2; lane_mask > 0; lane_mask /= 2) {
        value += __shfl_xor_sync(kAllLanes, value, lane_mask);
    }
    if (threadIdx.x % kWarpSize == 0) {
        space.sums[threadIdx.x / kWarpSize] = value;
    }
    __syncthreads();
    uint64_t sum = 0;
#pragma unroll
    for (int w = 0; w < kWarps; w++) {
        sum += space.sums[w];
    }
    __syncthreads();
    return sum;
}

// The sum over all threads before this one; space.total is that over all.
__device__ __noinline__ uint64_t block_prefix(ReduceSpace& space, uint64_t value) {
    const int lane = threadIdx.x % kWarpSize;
    const int warp = threadIdx.x / kWarpSize;
    uint64_t sum = value;
#pragma unroll
    for (int distance = 1; distance < kWarpSize; distance *= 2) {
        const uint64_t before = __shfl_up_sync(kAllLanes, sum, distance);
        sum += lane >= distance ? before : 0;
    }
    if (lane == kWarpSize - 1) {
        space.sums[warp] = sum;
    }
    __syncthreads();
    uint64_t before = 0;
#pragma unroll
    for (int w = 0; w < kWarps; w++) {
        before += w < warp ? space.sums[w] : 0;
    }
    if (threadIdx.x == kThreads - 1) {
        space.total = before + sum;
    }
    __syncthreads();
    return before + sum - value;
}

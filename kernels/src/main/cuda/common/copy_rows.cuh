// One block copies one row: used by embed and gather_last.
#pragma once

#include "bf16.cuh"

constexpr int kThreads = 128;
// Loads in flight per thread before the first store.
constexpr int kBatch = 2;

__device__ __forceinline__ void copy_row(bf16* __restrict__ out, const bf16* __restrict__ in, int num_columns) {
#pragma unroll 1
    for (int first = threadIdx.x * kVectorWidth; first < num_columns; first += kBatch * kThreads * kVectorWidth) {
        Bf16x8 values[kBatch];
#pragma unroll
        for (int i = 0; i < kBatch; i++) {
            const int column = first + i * kThreads * kVectorWidth;
            if (column < num_columns) {
                values[i] = load_vector(in + column);
            }
        }
#pragma unroll
        for (int i = 0; i < kBatch; i++) {
            const int column = first + i * kThreads * kVectorWidth;
            if (column < num_columns) {
                store_vector(out + column, values[i]);
            }
        }
    }
}

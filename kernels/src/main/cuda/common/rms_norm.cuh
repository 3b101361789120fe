// RMSNorm of a row that one warp holds in registers: used by rms_norm and the operations that end with one.
#pragma once

#include "bf16.cuh"
#include "warp.cuh"

// Columns of the widest row; 64 values a lane are held without spilling.
constexpr int kMaxColumns = 2048;
constexpr int kRowVectors = kMaxColumns / (kWarpSize * kVectorWidth);
// The weight is read once per block, so rows per block bound its share of the bytes: 1 / (2 * 12).
constexpr int kMaxWarps = 12;

__device__ __forceinline__ int row_column(int vector_idx) {
    return (vector_idx * kWarpSize + static_cast<int>(threadIdx.x) % kWarpSize) * kVectorWidth;
}

// All vectors of a row, loaded before the first is used; zeros behind its end.
__device__ __forceinline__ void load_row(Bf16x8 (&row)[kRowVectors], const bf16* x, int num_columns) {
#pragma unroll
    for (int v = 0; v < kRowVectors; v++) {
        row[v] = row_column(v) < num_columns ? load_vector(x + row_column(v)) : zero_vector();
    }
}

// One of the threads that copy the weight together, so that each byte of it leaves L2 once for them.
__device__ __forceinline__ void copy_weight(
    bf16 (&shared_weight)[kMaxColumns], const bf16* weight, int num_columns, int thread, int num_threads) {
#pragma unroll 1
    for (int column = thread * kVectorWidth; column < num_columns; column += num_threads * kVectorWidth) {
        store_vector(shared_weight + column, load_vector(weight + column));
    }
}

// The whole block copies it.
__device__ __forceinline__ void copy_weight(bf16 (&shared_weight)[kMaxColumns], const bf16* weight, int num_columns) {
    copy_weight(shared_weight, weight, num_columns, threadIdx.x, blockDim.x);
}

// row = bf16(row + addend), which goes to out as well.
__device__ __forceinline__ void add_to_row(
    Bf16x8 (&row)[kRowVectors], const Bf16x8 (&addend)[kRowVectors], bf16* out, int num_columns) {
#pragma unroll
    for (int v = 0; v < kRowVectors; v++) {
        float sum[kVectorWidth];
        float y[kVectorWidth];
        unpack(row[v], sum);
        unpack(addend[v], y);
#pragma unroll
        for (int i = 0; i < kVectorWidth; i++) {
            sum[i] += y[i];
        }
        row[v] = pack(sum);
        if (row_column(v) < num_columns) {
            store_vector(out + row_column(v), row[v]);
        }
    }
}

// Gives store(column, eight values) the row bf16(bf16(x / sqrt(mean(x^2) + eps)) * weight).
template <typename Store>
__device__ __forceinline__ void normalise_row(
    const Bf16x8 (&row)[kRowVectors], const bf16* norm, int num_columns, float eps, Store store) {
    float squares = 0;
#pragma unroll
    for (int v = 0; v < kRowVectors; v++) {
        float x[kVectorWidth];
        unpack(row[v], x);
#pragma unroll
        for (int i = 0; i < kVectorWidth; i++) {
            squares = fmaf(x[i], x[i], squares);
        }
    }
    const float scale = rsqrtf(lane_sum<kWarpSize>(squares) / static_cast<float>(num_columns) + eps);
#pragma unroll
    for (int v = 0; v < kRowVectors; v++) {
        if (row_column(v) >= num_columns) {
            break;
        }
        float x[kVectorWidth];
        float weight[kVectorWidth];
        unpack(row[v], x);
        unpack(load_vector(norm + row_column(v)), weight);
#pragma unroll
        for (int i = 0; i < kVectorWidth; i++) {
            x[i] *= scale;
        }
        unpack(pack(x), x);
#pragma unroll
        for (int i = 0; i < kVectorWidth; i++) {
            x[i] *= weight[i];
        }
        store(row_column(v), pack(x));
    }
}

__device__ __forceinline__ void normalise_row(
    bf16* out, const Bf16x8 (&row)[kRowVectors], const bf16* norm, int num_columns, float eps) {
    normalise_row(
        row, norm, num_columns, eps, [&](int column, const Bf16x8& values) { store_vector(out + column, values); });
}

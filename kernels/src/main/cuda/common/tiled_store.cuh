// What becomes of a part's sums on 9.0: rounded rows, or SwiGLU's. Used by linear and grouped products on tiles.
#pragma once

#include "silu.cuh"
#include "tiled_linear.cuh"

__device__ __forceinline__ Bf16x8 load_shared_vector(uint32_t shared) {
    Bf16x8 vector;
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(vector.pairs[0]), "=r"(vector.pairs[1]), "=r"(vector.pairs[2]), "=r"(vector.pairs[3])
                 : "r"(shared)
                 : "memory");
    return vector;
}

// 16 columns of 16 rows, as stmatrix takes them: matrices are 8 columns of 8 rows, columns 0 and 8 of the first rows,
// then of the others. scale(row) is of a row behind the first.
template <int kSums, typename Scale>
__device__ __forceinline__ void square_of(uint32_t (&pairs)[4], const float (&sums)[kSums], int step, Scale scale) {
#pragma unroll
    for (int m = 0; m < 4; m++) {
        const int first = step * 8 + m / 2 * 4 + m % 2 * 2;
        const int row = m / 2 * 8 + threadIdx.x % 4 * 2;
        pairs[m] = first < kSums ? cvt_rn_bf16x2_f32(sums[first + 1] * scale(row + 1), sums[first] * scale(row)) : 0;
    }
}

// The row and the eight columns of a square that a lane says where to put.
__device__ __forceinline__ int square_row() { return threadIdx.x % 8 + threadIdx.x % kWarpSize / 16 * 8; }

__device__ __forceinline__ int square_chunk() { return threadIdx.x / 8 % 2; }

// A square alone: rows of 32 bytes, halves swapped in every other four rows. A lane has eight columns of row lane / 2.
__device__ __forceinline__ uint32_t square_stored() {
    return square_row() * 32 + (square_chunk() ^ square_row() / 4 % 2) * 16;
}

__device__ __forceinline__ uint32_t square_loaded() {
    const int lane = threadIdx.x % kWarpSize;
    return lane / 2 * 32 + (lane % 2 ^ lane / 8 % 2) * 16;
}

// y[row][column], rounded: 16 columns of 16 rows at a time, so that a lane writes eight neighbours and a warp whole
// sectors.
template <int kSums, typename Block, typename Work, typename Rows>
__device__ __forceinline__ void store_bf16(
    const Consumer<Block, Work>& consumer, const float (&sums)[kSums], const Part& part, const Rows& rows, bf16* y) {
    const int lane = threadIdx.x % kWarpSize;
    const int column = consumer.warp_column(part) + lane % 2 * 8;
#pragma unroll
    for (int step = 0; step < (kSums + 7) / 8; step++) {
        if (step * 16 < part.num_rows) {
            uint32_t pairs[4];
            square_of(pairs, sums, step, [&](int row) { return rows.scale(step * 16, row); });
            const uint32_t room = consumer.store_room(step);
            stmatrix_x4_trans(room + square_stored(), pairs);
            __syncwarp();
            const Bf16x8 vector = load_shared_vector(room + square_loaded());
            const int at = rows.place(step * 16, lane / 2);
            if (step * 16 + lane / 2 < part.num_rows && column < consumer.work.num_columns) {
                store_vector(y + static_cast<size_t>(at) * consumer.work.num_columns + column, vector);
            }
        }
    }
}

// y[row][column] of silu(gate) * up, rounded: the weight's rows come in eights of gate and of up, so a lane has both.
template <int kSums, typename Block, typename Work, typename Rows>
__device__ __forceinline__ void store_silu_and_mul_bf16(
    const Consumer<Block, Work>& consumer, const float (&sums)[kSums], const Part& part, const Rows& rows, bf16* y) {
    const int lane = threadIdx.x % kWarpSize;
    const int column = consumer.warp_column(part) / 2;
    constexpr int kMatrices = kSums / 4;
#pragma unroll
    for (int step = 0; step < (kMatrices + 3) / 4; step++) {
        if (step * 32 < part.num_rows) {
            uint32_t pairs[4] = {};
#pragma unroll
            for (int m = 0; m < 4; m++) {
                const int first = (step * 4 + m) * 4;
                if (first < kSums) {
                    pairs[m] = cvt_rn_bf16x2_f32(
                        silu_and_mul(sums[first + 1], sums[first + 3]), silu_and_mul(sums[first], sums[first + 2]));
                }
            }
            const uint32_t room = consumer.store_room(step);
            stmatrix_x4_trans(room + lane * 16, pairs);
            __syncwarp();
            const Bf16x8 vector = load_shared_vector(room + lane * 16);
            const int at = rows.place(step * 32, lane);
            if (step * 32 + lane < part.num_rows && column < consumer.work.num_columns) {
                store_vector(y + static_cast<size_t>(at) * consumer.work.num_columns + column, vector);
            }
        }
    }
}

// The products of 16 query rows and a tile of 64 keys and values, by mma.sync: the same for decode and prefill.
#pragma once

#include "attention_sums.cuh"
#include "mma.cuh"

// Of a block of either kernel.
constexpr int kBlockThreads = 128;

// scores = q kᵀ, over dims in steps of 16, rising; keys is a tile in shared memory.
template <int kTilesM>
__device__ __forceinline__ void multiply_keys(
    float (&scores)[kTilesM][kColumnTiles][4], const uint32_t (&q)[kTilesM][kSteps][4], uint32_t keys) {
    // Matrices 0 and 1: the first eight keys' lower and upper eight dims of a step; 2 and 3: the next eight keys'.
    const int row = threadIdx.x % 8 + threadIdx.x / 16 % 2 * 8;
    const uint32_t place = row * kRowBytes + (((threadIdx.x / 8 % 2) ^ (row & 7)) * 16);
#pragma unroll
    for (int m = 0; m < kTilesM; m++) {
#pragma unroll
        for (int j = 0; j < kColumnTiles; j++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                scores[m][j][i] = 0;
            }
        }
    }
#pragma unroll
    for (int step = 0; step < kSteps; step++) {
#pragma unroll
        for (int pair = 0; pair < kColumnTiles / 2; pair++) {
            uint32_t b[4];
            ldmatrix_x4(b, keys + (place ^ (step * 32)) + pair * 16 * kRowBytes);
#pragma unroll
            for (int m = 0; m < kTilesM; m++) {
                mma_m16n8k16(scores[m][2 * pair], q[m][step], b[0], b[1]);
                mma_m16n8k16(scores[m][2 * pair + 1], q[m][step], b[2], b[3]);
            }
        }
    }
}

// sums.values += p v, over keys in steps of 16, rising; values is a tile in shared memory.
template <int kTilesM, typename Sums>
__device__ __forceinline__ void multiply_values(
    Sums (&sums)[kTilesM], const uint32_t (&p)[kTilesM][kSteps][4], uint32_t values) {
    // Matrices 0 and 1: eight dims of the first and the next eight keys; 2 and 3: the next eight dims.
    const int row = threadIdx.x % 16;
    const uint32_t place = row * kRowBytes + (((threadIdx.x / 16 % 2) ^ (row & 7)) * 16);
#pragma unroll
    for (int step = 0; step < kSteps; step++) {
#pragma unroll
        for (int pair = 0; pair < kColumnTiles / 2; pair++) {
            uint32_t b[4];
            ldmatrix_x4_trans(b, values + (place ^ (pair * 32)) + step * 16 * kRowBytes);
#pragma unroll
            for (int m = 0; m < kTilesM; m++) {
                mma_m16n8k16(sums[m].values[2 * pair], p[m][step], b[0], b[1]);
                mma_m16n8k16(sums[m].values[2 * pair + 1], p[m][step], b[2], b[3]);
            }
        }
    }
}

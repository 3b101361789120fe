// A row that is the sum of a token's experts, held by one warp: used by all that end with it.
#pragma once

#include "rms_norm.cuh"
#include "token_warps.cuh"

using Row = Bf16x8[kRowVectors];

// The rounded sum of rows that lie one behind the other, in their order: kVectors of the row's vectors from kFirst on.
template <int kFirst, int kVectors>
__device__ __forceinline__ void sum_rows(Row& sum, const bf16* rows, int num_rows, int num_columns) {
    float sums[kVectors][kVectorWidth] = {};
#pragma unroll 1
    for (int i = 0; i < num_rows; i++) {
        Bf16x8 addend[kVectors];
#pragma unroll
        for (int v = 0; v < kVectors; v++) {
            const int column = row_column(kFirst + v);
            addend[v] = column < num_columns ? load_vector(rows + column) : zero_vector();
        }
#pragma unroll
        for (int v = 0; v < kVectors; v++) {
            float y[kVectorWidth];
            unpack(addend[v], y);
#pragma unroll
            for (int j = 0; j < kVectorWidth; j++) {
                sums[v][j] += y[j];
            }
        }
        rows += num_columns;
    }
#pragma unroll
    for (int v = 0; v < kVectors; v++) {
        sum[kFirst + v] = pack(sums[v]);
    }
}

// residual = bf16(residual + update); out = rms_norm of it.
__device__ __forceinline__ void add_and_normalise(
    const Row& update, bf16* residual, bf16* out, const bf16* norm, int num_columns, float eps) {
    Row row;
    load_row(row, residual, num_columns);
    add_to_row(row, update, residual, num_columns);
    normalise_row(out, row, norm, num_columns, eps);
}

// Rows [tokens, columns] that are normalised sums of what tokens' experts made [tokens, top_k, columns].
struct CombinedRows {
    bf16* residual;
    bf16* out;
    const bf16* expert_out;
    const bf16* norm;            // [columns]
    const int* num_real_tokens;  // [1]: tokens from there on are padding, without experts; null: none is
    int num_tokens;
    int top_k;
    int num_columns;
    float eps;

    __device__ __forceinline__ int num_pieces() const { return (num_tokens + kTokenWarps - 1) / kTokenWarps; }

    // A warp's row of one piece of eight tokens.
    __device__ __forceinline__ void run(int thread, int piece) const {
        const int token = piece * kTokenWarps + thread / kWarpSize;
        if (token < num_tokens) {
            const size_t offset = static_cast<size_t>(token) * num_columns;
            const bool is_real = num_real_tokens == nullptr || token < load_uniform(num_real_tokens);
            Row update;
            sum_rows<0, kRowVectors>(update, expert_out + offset * top_k, is_real ? top_k : 0, num_columns);
            __syncwarp();
            add_and_normalise(update, residual + offset, out + offset, norm, num_columns, eps);
        }
    }
};

// Computes: u = bf16(sum over slots of expert_out[t, slot]); residual = bf16(residual + u); out = rms_norm of residual.
// Shapes:   residual, out [rows, columns]; expert_out [rows, top_k, columns]; weight [columns]; columns at most 2048.
// Launch:   grid ceil(rows / warps), block 32 warps (at most 12 warps), 4 KiB static shared memory; a warp owns a row.
// Bound:    memory: ((3 + top_k) rows + 1) * columns * 2 bytes; the weight once per block.
// Twin:     CpuOps.combineAddRmsNorm: sums in float32 in the order of the slots, rounds, then as add_rms_norm does.
#include "common/rms_norm.cuh"

using Sums = float[kRowVectors][kVectorWidth];

__device__ __forceinline__ void add_row(Sums& sums, const bf16* row, int num_columns) {
    Bf16x8 addend[kRowVectors];
    load_row(addend, row, num_columns);
#pragma unroll
    for (int v = 0; v < kRowVectors; v++) {
        float y[kVectorWidth];
        unpack(addend[v], y);
#pragma unroll
        for (int i = 0; i < kVectorWidth; i++) {
            sums[v][i] += y[i];
        }
    }
}

extern "C" __global__ void __launch_bounds__(kMaxWarps* kWarpSize) combine_add_rms_norm_bf16(
    bf16* __restrict__ residual,            // [rows, columns]
    bf16* __restrict__ out,                 // [rows, columns]
    const bf16* __restrict__ expert_out,    // [rows, top_k, columns]
    const bf16* __restrict__ weight,        // [columns]
    const int* __restrict__ num_real_rows,  // [1]: rows from there on are padding, without experts; null: none is
    int top_k, int num_rows, int num_columns, float eps) {
    __shared__ alignas(16) bf16 shared_weight[kMaxColumns];
    const int row_idx = blockIdx.x * (blockDim.x / kWarpSize) + threadIdx.x / kWarpSize;
    const size_t offset = static_cast<size_t>(row_idx) * num_columns;
    const bool has_row = row_idx < num_rows;
    const bool has_experts = has_row && (num_real_rows == nullptr || row_idx < load_uniform(num_real_rows));

    Sums sums = {};
    if (has_experts) {
        const bf16* slot = expert_out + offset * top_k;
#pragma unroll 1
        for (int i = 0; i < top_k; i++) {
            add_row(sums, slot, num_columns);
            slot += num_columns;
        }
    }
    copy_weight(shared_weight, weight, num_columns);
    __syncthreads();
    if (!has_row) {
        return;
    }

    Bf16x8 row[kRowVectors];
    Bf16x8 update[kRowVectors];
    load_row(row, residual + offset, num_columns);
#pragma unroll
    for (int v = 0; v < kRowVectors; v++) {
        update[v] = pack(sums[v]);
    }
    add_to_row(row, update, residual + offset, num_columns);
    normalise_row(out + offset, row, shared_weight, num_columns, eps);
}

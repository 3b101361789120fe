// Computes: residual = bf16(residual + update); out = bf16(bf16(residual / sqrt(mean(residual^2) + eps)) * weight).
// Shapes:   residual, out, update [rows, columns]; weight [columns]; columns a multiple of 8, at most 2048.
// Launch:   grid ceil(rows / warps), block 32 warps (at most 12 warps), 4 KiB static shared memory; a warp owns a row.
// Bound:    memory: (4 rows + 1) * columns * 2 bytes; the weight once per block instead of once is at most 2.1 % more.
// Twin:     CpuOps.addRmsNorm: rounds the sum, then as rms_norm does; statistics are of the rounded sum.
#include "common/rms_norm.cuh"

extern "C" __global__ void __launch_bounds__(kMaxWarps* kWarpSize) add_rms_norm_bf16(
    bf16* __restrict__ residual,      // [rows, columns]
    bf16* __restrict__ out,           // [rows, columns]
    const bf16* __restrict__ update,  // [rows, columns]
    const bf16* __restrict__ weight,  // [columns]
    int num_rows, int num_columns, float eps) {
    __shared__ alignas(16) bf16 shared_weight[kMaxColumns];
    const int row_idx = blockIdx.x * (blockDim.x / kWarpSize) + threadIdx.x / kWarpSize;
    const size_t offset = static_cast<size_t>(row_idx) * num_columns;
    const bool has_row = row_idx < num_rows;

    // The row's loads are in flight while the block waits for the weight.
    Bf16x8 row[kRowVectors];
    Bf16x8 addend[kRowVectors];
    load_row(row, residual + offset, has_row ? num_columns : 0);
    load_row(addend, update + offset, has_row ? num_columns : 0);
    copy_weight(shared_weight, weight, num_columns);
    __syncthreads();
    if (!has_row) {
        return;
    }

    add_to_row(row, addend, residual + offset, num_columns);
    normalise_row(out + offset, row, shared_weight, num_columns, eps);
}

// Computes: out = bf16(bf16(x / sqrt(mean(x^2) + eps)) * weight), row by row; out may be x.
// Shapes:   out, x [rows, columns]; weight [columns]; columns a multiple of 8, at most 2048.
// Launch:   grid ceil(rows / warps), block 32 warps (at most 12 warps), 4 KiB static shared memory; a warp owns a row.
// Bound:    memory: (2 rows + 1) * columns * 2 bytes; the weight once per block instead of once is at most 4.2 % more.
// Twin:     CpuOps.rmsNorm: rounds after the scale and after the weight; the sum of squares is float32.
#include "common/rms_norm.cuh"

extern "C" __global__ void __launch_bounds__(kMaxWarps* kWarpSize) rms_norm_bf16(
    bf16* out,                        // [rows, columns]
    const bf16* x,                    // [rows, columns]
    const bf16* __restrict__ weight,  // [columns]
    int num_rows, int num_columns, float eps) {
    __shared__ alignas(16) bf16 shared_weight[kMaxColumns];
    const int row_idx = blockIdx.x * (blockDim.x / kWarpSize) + threadIdx.x / kWarpSize;
    const size_t offset = static_cast<size_t>(row_idx) * num_columns;
    const bool has_row = row_idx < num_rows;

    // The row's loads are in flight while the block waits for the weight.
    Bf16x8 row[kRowVectors];
    load_row(row, x + offset, has_row ? num_columns : 0);
    copy_weight(shared_weight, weight, num_columns);
    __syncthreads();
    if (has_row) {
        normalise_row(out + offset, row, shared_weight, num_columns, eps);
    }
}

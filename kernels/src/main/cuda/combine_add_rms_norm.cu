// Computes: u = bf16(sum over slots of expert_out[t, slot]); residual = bf16(residual + u); out = rms_norm of residual.
// Shapes:   residual, out [rows, columns]; expert_out [rows, top_k, columns]; weight [columns]; columns at most 2048.
// Launch:   grid ceil(rows / warps), block 32 warps (at most 12 warps), 4 KiB static shared memory; a warp owns a row.
// Bound:    memory: ((3 + top_k) rows + 1) * columns * 2 bytes; the weight once per block.
// Twin:     CpuOps.combineAddRmsNorm: sums in float32 in the order of the slots, rounds, then as add_rms_norm does.
#include "common/combine_row.cuh"

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

    Row update;
    sum_rows<0, kRowVectors>(update, expert_out + offset * top_k, has_experts ? top_k : 0, num_columns);
    copy_weight(shared_weight, weight, num_columns);
    __syncthreads();
    if (!has_row) {
        return;
    }

    add_and_normalise(update, residual + offset, out + offset, shared_weight, num_columns, eps);
}

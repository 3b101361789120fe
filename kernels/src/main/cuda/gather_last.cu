// Computes: out[r] = x[logit_tokens[r]]: the rows, mostly each sequence's last, that go through the LM head.
// Shapes:   out [rows, columns]; x [tokens, columns]; columns a multiple of 8.
// Launch:   grid rows, block 128, no shared memory; a block owns a row.
// Bound:    memory: 2 * rows * columns * 2 bytes, each byte once, and the indices.
// Twin:     CpuOps.gatherLast: moves bits.
#include "common/copy_rows.cuh"
#include "common/warp.cuh"

extern "C" __global__ void __launch_bounds__(kThreads) gather_last_bf16(
    bf16* __restrict__ out,                // [rows, columns]
    const bf16* __restrict__ x,            // [tokens, columns]
    const int* __restrict__ logit_tokens,  // [rows]
    int num_columns) {
    const size_t row_idx = blockIdx.x;
    const size_t token_idx = load_uniform(logit_tokens + row_idx);
    copy_row(out + row_idx * num_columns, x + token_idx * num_columns, num_columns);
}

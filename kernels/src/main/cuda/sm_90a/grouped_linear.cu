// Computes: y[p] = weights[p] * (x[p] w[e]ᵀ), or silu(x[t] gate[e]ᵀ) * (x[t] up[e]ᵀ); e the expert, t the token of p.
// Shapes:   y [pairs, columns]; x [pairs or tokens, k]; w [experts] tile images of [columns, k]; multiples of 8.
// Launch:   as many blocks as fit on the device; what there is to do is read there.
// Bound:    the weights of experts that have a pair, or 2 * pairs * columns * k FLOPs from about 200 rows an expert on.
// Twin:     CpuOps.groupedLinear, groupedLinearSiluAndMul: rounds once; sums as linear does, so a row has its bits.
#include "../common/grouped_work.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

template <typename Block>
__device__ __forceinline__ void grouped_linear_bf16(const GroupedWork<Block>& work, bf16* y) {
    run_tiled<Block>(work, shared_stages, [&](auto& consumer, const auto& sums, const Part& part, const auto& rows) {
        store_bf16(consumer, sums, part, rows, y);
    });
}

template <typename Block>
__device__ __forceinline__ void grouped_linear_silu_and_mul_bf16(const GroupedWork<Block>& work, bf16* y) {
    run_tiled<Block>(work, shared_stages, [&](auto& consumer, const auto& sums, const Part& part, const auto& rows) {
        store_silu_and_mul_bf16(consumer, sums, part, rows, y);
    });
}

#define GROUPED_LINEAR(function, variant, Block, kBlocks, scales, pairs_per_row, kRowsPerColumn)                    \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                                 \
        bf16* __restrict__ y,                      /* [pairs, columns] */                                           \
        const bf16* __restrict__ x,                /* [pairs, k], or [tokens, k] for silu_and_mul */                \
        const uint8_t* __restrict__ weights,       /* [experts][tiles of columns or 2 width][tiles of k][64, 64] */ \
        const int* __restrict__ sorted_pairs,      /* [pairs] */                                                    \
        const int* __restrict__ tiles,             /* [tiles][4] */                                                 \
        const int* __restrict__ num_tiles,         /* [1] */                                                        \
        const float* __restrict__ routing_weights, /* [pairs] */                                                    \
        int top_k, int num_columns, int k) {                                                                        \
        function<Block>(                                                                                            \
            {x, weights, sorted_pairs, tiles, num_tiles, scales, pairs_per_row, kRowsPerColumn * num_columns,       \
             num_columns, k},                                                                                       \
            y);                                                                                                     \
    }

GROUPED_LINEAR(grouped_linear_bf16, grouped_linear_tiled_m64_bf16, BlockM64, 2, routing_weights, 1, 1)
GROUPED_LINEAR(grouped_linear_bf16, grouped_linear_tiled_m128_bf16, BlockM128, 1, routing_weights, 1, 1)
GROUPED_LINEAR(
    grouped_linear_silu_and_mul_bf16, grouped_linear_silu_and_mul_tiled_m64_bf16, BlockM64, 2, nullptr, top_k, 2)
GROUPED_LINEAR(
    grouped_linear_silu_and_mul_bf16, grouped_linear_silu_and_mul_tiled_m128_bf16, BlockM128, 1, nullptr, top_k, 2)

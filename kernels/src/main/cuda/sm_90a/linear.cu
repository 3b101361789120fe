// Computes: y = x wᵀ, summed over k in steps of 16, rising, in every variant: a row has the same bits in any batch.
// Shapes:   y [rows, columns]; x [rows, k]; w tile images of [columns, k]; columns, k multiples of 8.
// Launch:   as many blocks as fit on the device, or as there are parts: row tiles times ceil(columns / BLOCK_ROWS).
// Bound:    2 * rows * columns * k FLOPs on tensor cores, or columns * k * 2 bytes of weights below about 200 rows.
// Twin:     CpuOps.linear, linearSiluAndMul (rows: 8 gates, 8 ups, in turn), logits (f32): float32 sums, rounds once;
//           f32 for rows that sample: Sampler, see sample.cu.
#include "../common/head_sampling.cuh"
#include "../common/linear_work.cuh"
#include "../common/tiled_store.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

template <typename Block>
__device__ __forceinline__ void linear_bf16(const LinearWork<Block>& work, bf16* y) {
    run_tiled<Block>(work, shared_stages, [&](auto& consumer, const auto& sums, const Part& part, const auto& rows) {
        store_bf16(consumer, sums, part, rows, y);
    });
}

template <typename Block>
__device__ __forceinline__ void linear_silu_and_mul_bf16(const LinearWork<Block>& work, bf16* y) {
    run_tiled<Block>(work, shared_stages, [&](auto& consumer, const auto& sums, const Part& part, const auto& rows) {
        store_silu_and_mul_bf16(consumer, sums, part, rows, y);
    });
}

// The LM head: LinearWork, and what is known of the rows that sample.
template <typename Block>
struct HeadWork : LinearWork<Block> {
    SampledRows sampled;

    template <int kLaneRows>
    struct Rows : PartRows<kLaneRows * kWarpSize> {
        __device__ __forceinline__ Rows(const HeadWork& work, const Part& part)
            : PartRows<kLaneRows * kWarpSize>(work.sampled, part, work.num_k_tiles()) {}
        __device__ __forceinline__ void load_scales(const HeadWork&, const Part&) {}
    };
};

template <typename Block>
__device__ __forceinline__ void linear_f32(const HeadWork<Block>& work, float* y) {
    run_tiled<Block>(
        work, shared_stages,
        [&](auto& consumer, const auto& sums, const Part& part, const auto& rows) {
            finish_head(consumer, sums, part, rows, shared_stages, y);
        },
        [&](auto& consumer, auto& rows, const Part& part, int tile) {
            rows.draw(work.sampled, part.first_column + consumer.group * TILE_ROWS, tile);
        });
}

#define LINEAR(function, variant, Block, kBlocks, kRowsPerColumn)                                               \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                             \
        bf16* __restrict__ y,               /* [rows, columns], or [rows, width] of silu(gate) * up */          \
        const bf16* __restrict__ x,         /* [rows, k] */                                                     \
        const uint8_t* __restrict__ weight, /* [tiles of columns or 2 width][tiles of k][64, 64] */             \
        int num_rows, int num_columns, int k, int num_row_tiles) {                                              \
        function<Block>({x, weight, num_rows, kRowsPerColumn * num_columns, num_columns, k, num_row_tiles}, y); \
    }

LINEAR(linear_bf16, linear_tiled_m64_bf16, BlockM64, 2, 1)
LINEAR(linear_bf16, linear_tiled_m128_bf16, BlockM128, 1, 1)
LINEAR(linear_silu_and_mul_bf16, linear_silu_and_mul_tiled_m64_bf16, BlockM64, 2, 2)
LINEAR(linear_silu_and_mul_bf16, linear_silu_and_mul_tiled_m128_bf16, BlockM128, 1, 2)

#define LM_HEAD(variant, Block, kBlocks)                                                                           \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                                \
        float* y,                            /* [rows, columns]: of rows whose logits somebody reads */            \
        const bf16* __restrict__ x,          /* [rows, k] */                                                       \
        const uint8_t* __restrict__ weight,  /* [tiles of columns][tiles of k][64, 64] */                          \
        HeadResult* __restrict__ results,    /* [rows, results_per_row], one for 64 tokens */                      \
        const int* __restrict__ row_slots,   /* [rows]: conv slot; negative: nothing is sampled */                 \
        const int* __restrict__ row_masks,   /* [rows]: index of a mask, or -1 */                                  \
        const int* __restrict__ row_targets, /* [rows]: a token to score, or negative */                           \
        const Slot* __restrict__ slots, /* [conv slots]; null: all logits are written, and there are no results */ \
        int num_rows, int num_columns, int k, int num_row_tiles, int num_valid, int results_per_row) {             \
        linear_f32<Block>(                                                                                         \
            {{x, weight, num_rows, num_columns, num_columns, k, num_row_tiles},                                    \
             {results, row_slots, row_masks, row_targets, slots, num_valid, results_per_row}},                     \
            y);                                                                                                    \
    }

LM_HEAD(linear_tiled_m64_f32, BlockM64, 2)
LM_HEAD(linear_tiled_m128_f32, BlockM128, 1)

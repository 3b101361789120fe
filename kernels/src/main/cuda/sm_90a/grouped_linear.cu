// Computes: y[p] = weights[p] * (x[p] w[e]ᵀ), or silu(x[t] gate[e]ᵀ) * (x[t] up[e]ᵀ); e the expert, t the token of p.
// Shapes:   y [pairs, columns]; x [pairs or tokens, k]; w [experts] tile images of [columns, k]; multiples of 8.
// Launch:   as many blocks as fit on the device; what there is to do is read there.
// Bound:    the weights of experts that have a pair, or 2 * pairs * columns * k FLOPs from about 200 rows an expert on.
// Twin:     CpuOps.groupedLinear, groupedLinearSiluAndMul: rounds once; sums as linear does, so a row has its bits.
#include "../common/tiled_linear.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

// What add_rms_norm_route_top_k leaves of a step: a tile is (expert, its first place in sorted_pairs, rows, 0). The
// parts of a tile run at the same time, and behind them those of the expert's next tile.
template <typename Block>
struct GroupedWork {
    const bf16* __restrict__ x;
    const uint8_t* __restrict__ weights;
    const int* __restrict__ sorted_pairs;  // [pairs]: pairs by expert, within an expert in rising order
    const int4* __restrict__ tiles;        // [tiles]
    const int* __restrict__ num_tiles;     // [1]
    const float* __restrict__ scales;      // [pairs], or null
    int pairs_per_row;
    int weight_rows;  // of an expert
    int num_columns;  // of y
    int k;

    // The pairs of the part's rows and their weights: a lane has every 32nd. They are fetched while tensor cores work.
    template <int kLaneRows>
    struct Rows {
        int pairs[kLaneRows];
        float scales[kLaneRows];

        __device__ __forceinline__ Rows(const GroupedWork& work, const Part& part) {
#pragma unroll
            for (int i = 0; i < kLaneRows; i++) {
                const int row = i * kWarpSize + threadIdx.x % kWarpSize;
                pairs[i] = row < part.num_rows ? work.sorted_pairs[part.first_row + row] : 0;
                scales[i] = 1.0f;
            }
        }

        __device__ __forceinline__ void load_scales(const GroupedWork& work, const Part& part) {
            if (work.scales != nullptr) {
#pragma unroll
                for (int i = 0; i < kLaneRows; i++) {
                    const int row = i * kWarpSize + threadIdx.x % kWarpSize;
                    scales[i] = row < part.num_rows ? work.scales[pairs[i]] : 0.0f;
                }
            }
        }

        // Of a row that is an offset behind a multiple of 16; all lanes ask for offsets in one 32.
        __device__ __forceinline__ float scale(int first, int offset) const {
            return __shfl_sync(kAllLanes, scales[first / kWarpSize], first % kWarpSize + offset);
        }

        __device__ __forceinline__ int place(int first, int offset) const {
            return __shfl_sync(kAllLanes, pairs[first / kWarpSize], first % kWarpSize + offset);
        }
    };

    __device__ __forceinline__ int num_k_tiles() const { return (k + TILE_K - 1) / TILE_K; }

    __device__ __forceinline__ int num_blocks() const {
        return (weight_rows + Block::BLOCK_ROWS - 1) / Block::BLOCK_ROWS;
    }

    __device__ __forceinline__ int num_parts() const { return *num_tiles * num_blocks(); }

    __device__ __forceinline__ int row(int i) const { return sorted_pairs[i] / pairs_per_row; }

    __device__ __forceinline__ Part part(int i) const {
        const int4 tile = tiles[i / num_blocks()];
        const int block = i % num_blocks();
        // Tiles of an expert's rows are even in number.
        const int expert_tiles = (weight_rows + 2 * TILE_ROWS - 1) / (2 * TILE_ROWS) * 2;
        const size_t image = (static_cast<size_t>(tile.x) * expert_tiles + block * Block::kMath) * num_k_tiles();
        return {weights + image * kTileBytes, tile.y, tile.z, block * Block::BLOCK_ROWS};
    }
};

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

// Few rows an expert: two blocks of a multiprocessor have 192 KiB of stages between them. Many: a warpgroup's sums are
// all the registers that it can have, and a byte of shared memory serves 100 FLOPs.
using BlockM64 = TiledBlock<1, 6, RowCounts<8, 16, 32, 64>>;
using BlockM128 = TiledBlock<2, 4, RowCounts<64, 96, 128, 144, 176, 208, 256, 272, 304>>;

#define GROUPED_LINEAR(function, variant, Block, kBlocks, scales, pairs_per_row, kRowsPerColumn)                    \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                                 \
        bf16* __restrict__ y,                      /* [pairs, columns] */                                           \
        const bf16* __restrict__ x,                /* [pairs, k], or [tokens, k] for silu_and_mul */                \
        const uint8_t* __restrict__ weights,       /* [experts][tiles of columns or 2 width][tiles of k][64, 64] */ \
        const int* __restrict__ sorted_pairs,      /* [pairs] */                                                    \
        const int4* __restrict__ tiles,            /* [tiles] */                                                    \
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

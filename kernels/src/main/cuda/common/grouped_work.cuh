// The product of rows with the experts that were chosen for them, on tiles: used by grouped_linear and
// experts_add_rms_norm for 9.0.
#pragma once

#include "tiled_linear.cuh"
#include "tiled_store.cuh"

// What add_rms_norm_route_top_k leaves of a step: a tile is (expert, its first place in sorted_pairs, rows, 0). The
// parts of a tile run at the same time, and behind them those of the expert's next tile.
template <typename Block>
struct GroupedWork {
    // The router in front says which.
    static constexpr bool kKnowsWeights = false;

    const bf16* x;
    const uint8_t* __restrict__ weights;
    const int* __restrict__ sorted_pairs;  // [pairs]: pairs by expert, within an expert in rising order
    const int* tiles;                      // [tiles][4], of which the last may change meanwhile
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
        const int* tile = tiles + i / num_blocks() * 4;
        const int block = i % num_blocks();
        // Tiles of an expert's rows are even in number.
        const int expert_tiles = (weight_rows + 2 * TILE_ROWS - 1) / (2 * TILE_ROWS) * 2;
        const size_t image = (static_cast<size_t>(tile[0]) * expert_tiles + block * Block::kMath) * num_k_tiles();
        return {weights + image * kTileBytes, tile[1], tile[2], block * Block::BLOCK_ROWS};
    }
};

// Few rows an expert: two blocks of a multiprocessor have 192 KiB of stages between them. Many: a warpgroup's sums are
// all the registers that it can have, and a byte of shared memory serves 100 FLOPs.
using BlockM64 = TiledBlock<1, 6, RowCounts<8, 16, 32, 64>>;
using BlockM128 = TiledBlock<2, 4, RowCounts<64, 96, 128, 144, 176, 208, 256, 272, 304>>;

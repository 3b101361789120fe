// The product of all rows of x with one weight, on tiles: used by linear, and by what has an epilogue of its own.
#pragma once

#include "tiled_linear.cuh"

// All rows of x, cut evenly into tiles; those of the same weights run at the same time.
template <typename Block>
struct LinearWork {
    // Which weights a part has is no matter of what other launches write.
    static constexpr bool kKnowsWeights = true;

    const bf16* __restrict__ x;
    const uint8_t* __restrict__ weight;
    int all_rows;
    int weight_rows;
    int num_columns;  // of y
    int k;
    int num_row_tiles;

    // Rows follow each other; nothing is to be remembered of them.
    template <int kLaneRows>
    struct Rows {
        int first_row;

        __device__ __forceinline__ Rows(const LinearWork&, const Part& part) : first_row(part.first_row) {}
        __device__ __forceinline__ void load_scales(const LinearWork&, const Part&) {}
        __device__ __forceinline__ float scale(int, int) const { return 1.0f; }
        __device__ __forceinline__ int place(int first, int offset) const { return first_row + first + offset; }
    };

    __device__ __forceinline__ int num_k_tiles() const { return (k + TILE_K - 1) / TILE_K; }

    __device__ __forceinline__ int num_parts() const {
        return num_row_tiles * ((weight_rows + Block::BLOCK_ROWS - 1) / Block::BLOCK_ROWS);
    }

    __device__ __forceinline__ int row(int i) const { return i; }

    __device__ __forceinline__ int num_units() const { return (all_rows + 15) / 16; }

    // Units of 16 rows of the smaller tiles, and how many of these there are.
    __device__ __forceinline__ int share() const { return num_units() / num_row_tiles; }

    __device__ __forceinline__ int num_small() const { return num_row_tiles - num_units() % num_row_tiles; }

    // The tile that a row is in.
    __device__ __forceinline__ int row_tile(int row) const {
        const int behind = row / 16 - num_small() * share();
        return behind < 0 ? row / 16 / share() : num_small() + behind / (share() + 1);
    }

    // Tiles have multiples of 16 rows that differ by 16 at most, the larger ones last.
    __device__ __forceinline__ Part part(int i) const {
        const int tile = i % num_row_tiles;
        const int block = i / num_row_tiles;
        const int first = (tile * share() + max(0, tile - num_small())) * 16;
        const int rows = (share() + (tile >= num_small() ? 1 : 0)) * 16;
        const int first_column = block * Block::BLOCK_ROWS;
        const size_t image = static_cast<size_t>(first_column / TILE_ROWS) * num_k_tiles() * kTileBytes;
        return {
            weight + image + first_column % TILE_ROWS * kRowBytes, first, min(rows, all_rows - first), first_column};
    }
};

// Few rows, or few columns: two blocks of a multiprocessor have 192 KiB of stages between them. Many: a warpgroup's
// sums are all the registers that it can have, and a byte of shared memory serves 100 FLOPs.
using BlockM64 = TiledBlock<1, 6, RowCounts<8, 16, 32, 64>>;
using BlockM128 = TiledBlock<2, 4, RowCounts<64, 128, 192, 256>>;

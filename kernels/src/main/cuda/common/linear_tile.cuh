// One output tile of x wᵀ: shared-memory layout, the pipeline over k and the fragments. Used by linear.
#pragma once

#include "async_copy.cuh"
#include "bf16.cuh"
#include "mma.cuh"
#include "warp.cuh"

// A stage holds 64 columns of k of both tiles: rows of 128 bytes, in eight chunks of 16 that are swizzled by the row.
constexpr int BLOCK_K = 64;
constexpr int kRowBytes = BLOCK_K * 2;
constexpr int kChunks = kRowBytes / 16;
// A warp's columns come in groups of four 8-wide tensor-core tiles.
constexpr int kGroupTiles = 4;
constexpr int kGroupRows = 8 * kGroupTiles;

// Which of a group's 32 weight rows is column `column` of tensor-core tile `tile`. A thread gets columns 2q and 2q + 1
// of each tile; the rows are dealt out so that these are neighbours in the output and make one wide store.
struct PlainBf16 {
    // Thread q has outputs 8q .. 8q + 7.
    static __device__ __forceinline__ int row(int tile, int column) { return column / 2 * 8 + tile * 2 + column % 2; }
    static __device__ __forceinline__ int key(int row) { return (row & 1) | (row >> 3 & 3) << 1; }
};

struct PlainF32 {
    // Thread q has outputs 4q .. 4q + 3 of both halves.
    static __device__ __forceinline__ int row(int tile, int column) {
        return tile / 2 * 16 + column / 2 * 4 + tile % 2 * 2 + column % 2;
    }
    static __device__ __forceinline__ int key(int row) { return (row & 1) | (row >> 2 & 3) << 1; }
};

struct SiluAndMulBf16 {
    // Rows are 8 gates, 8 ups, 8 gates, 8 ups; thread q has outputs 4q .. 4q + 3, gates in tiles 0, 1, ups in 2, 3.
    static __device__ __forceinline__ int row(int tile, int column) {
        const int output = column / 2 * 4 + tile % 2 * 2 + column % 2;
        return output / 8 * 16 + output % 8 + tile / 2 * 8;
    }
    static __device__ __forceinline__ int key(int row) { return (row & 1) | (row >> 2 & 1) << 1 | (row >> 4 & 1) << 2; }
};

// Byte offset of a chunk in a tile of rows; key says how the row swizzles, so that the eight rows which ldmatrix
// reads at a time lie in different banks.
__device__ __forceinline__ uint32_t chunk_offset(int row, int chunk, int key) {
    return row * kRowBytes + ((chunk ^ key) * 16);
}

template <int BLOCK_M_, int BLOCK_N_, int kWarpsM_, int kWarpsN_, int kStages_, typename Columns_>
struct LinearTile {
    static constexpr int BLOCK_M = BLOCK_M_;
    static constexpr int BLOCK_N = BLOCK_N_;
    static constexpr int kStages = kStages_;
    static constexpr int kThreads = kWarpsM_ * kWarpsN_ * kWarpSize;
    static constexpr int kRowsPerPass = kThreads / kChunks;
    static constexpr int kWarpRows = BLOCK_M / kWarpsM_;
    static constexpr int kWarpColumns = BLOCK_N / kWarpsN_;
    static constexpr int kTilesM = kWarpRows / 16;
    static constexpr int kGroups = kWarpColumns / kGroupRows;
    static constexpr uint32_t kStageBytes = (BLOCK_M + BLOCK_N) * kRowBytes;
    static_assert(kWarpRows % 16 == 0 && kWarpColumns % kGroupRows == 0, "a warp has whole tensor-core tiles");
    static_assert(BLOCK_M % kRowsPerPass == 0 && BLOCK_N % kRowsPerPass == 0, "copies come out even");
    static_assert(kRowsPerPass % 8 == 0 && (kRowsPerPass & (kRowsPerPass - 1)) == 0, "rows of a pass swizzle alike");
    using Columns = Columns_;

    // What a thread copies: one chunk of every kRowsPerPass-th row of both tiles.
    struct Source {
        const bf16* x;         // its chunk of its first row, at the columns that are copied next
        const bf16* weight;    // the same of the weight
        size_t pass_stride;    // elements from a pass to the next
        int rows_left;         // from its first row to the end of x
        int weight_rows_left;  // from its first row to the end of the weight
        int k_left;            // from its chunk to the end of a row
        uint32_t x_offset;     // where its chunk lies in a stage
        uint32_t weight_offset;

        __device__ __forceinline__ Source(const bf16* x_, const bf16* weight_, int num_rows, int num_columns, int k) {
            const int chunk = threadIdx.x % kChunks;
            const int row = threadIdx.x / kChunks;
            const int m = blockIdx.x * BLOCK_M + row;
            const int n = blockIdx.y * BLOCK_N + row;
            x = x_ + static_cast<size_t>(m) * k + chunk * kVectorWidth;
            weight = weight_ + static_cast<size_t>(n) * k + chunk * kVectorWidth;
            pass_stride = static_cast<size_t>(kRowsPerPass) * k;
            rows_left = num_rows - m;
            weight_rows_left = num_columns - n;
            k_left = k - chunk * kVectorWidth;
            x_offset = chunk_offset(row, chunk, row & 7);
            weight_offset = BLOCK_M * kRowBytes + chunk_offset(row, chunk, Columns::key(row));
        }

        // Starts the copies of the next 64 columns into a stage; what lies outside the matrices becomes zero.
        __device__ __forceinline__ void copy(uint32_t stage) {
#pragma unroll
            for (int row = 0; row < BLOCK_M; row += kRowsPerPass) {
                const bf16* source = x + row / kRowsPerPass * pass_stride;
                cp_async_16(stage + x_offset + row * kRowBytes, source, k_left > 0 && row < rows_left);
            }
#pragma unroll
            for (int row = 0; row < BLOCK_N; row += kRowsPerPass) {
                // A pass has a power of two of rows, so the keys of its first row and of the row in it combine by XOR.
                const uint32_t offset = (weight_offset ^ Columns::key(row) * 16) + row * kRowBytes;
                const bf16* source = weight + row / kRowsPerPass * pass_stride;
                cp_async_16(stage + offset, source, k_left > 0 && row < weight_rows_left);
            }
            x += BLOCK_K;
            weight += BLOCK_K;
            k_left -= BLOCK_K;
        }
    };

    float sums[kTilesM][kGroups * kGroupTiles][4];

    // sums += the stage's product: k in steps of 16, rising, whatever the tile's shape.
    __device__ __forceinline__ void multiply(uint32_t stage) {
        const int lane = threadIdx.x % kWarpSize;
        const int warp = threadIdx.x / kWarpSize;
        const int x_row = warp % kWarpsM_ * kWarpRows + lane % 16;
        const int weight_row = warp / kWarpsM_ * kWarpColumns + Columns::row(lane / 16, lane % 8);
        const uint32_t x_offset = chunk_offset(x_row, lane / 16, x_row & 7);
        const uint32_t weight_offset =
            BLOCK_M * kRowBytes + chunk_offset(weight_row, lane / 8 % 2, Columns::key(weight_row));
#pragma unroll
        for (int step = 0; step < BLOCK_K / 16; step++) {
            // Two chunks further; a swizzled place moves by XOR.
            const uint32_t moved = step * 32;
            uint32_t a[kTilesM][4];
#pragma unroll
            for (int m = 0; m < kTilesM; m++) {
                ldmatrix_x4(a[m], stage + (x_offset ^ moved) + m * 16 * kRowBytes);
            }
#pragma unroll
            for (int pair = 0; pair < kGroups * kGroupTiles / 2; pair++) {
                const int row = pair * 2 / kGroupTiles * kGroupRows + Columns::row(pair * 2 % kGroupTiles, 0);
                uint32_t b[4];
                ldmatrix_x4(b, stage + (weight_offset ^ moved) + row * kRowBytes);
#pragma unroll
                for (int m = 0; m < kTilesM; m++) {
                    mma_m16n8k16(sums[m][pair * 2], a[m], b[0], b[1]);
                    mma_m16n8k16(sums[m][pair * 2 + 1], a[m], b[2], b[3]);
                }
            }
        }
    }

    // The whole product of the block's tile; one barrier per stage.
    __device__ __forceinline__ void run(
        uint32_t shared, const bf16* x, const bf16* weight, int num_rows, int num_columns, int k) {
#pragma unroll
        for (int m = 0; m < kTilesM; m++) {
#pragma unroll
            for (int n = 0; n < kGroups * kGroupTiles; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    sums[m][n][i] = 0;
                }
            }
        }
        Source source(x, weight, num_rows, num_columns, k);
        const int num_steps = (k + BLOCK_K - 1) / BLOCK_K;
#pragma unroll
        for (int s = 0; s < kStages - 1; s++) {
            if (s < num_steps) {
                source.copy(shared + s * kStageBytes);
            }
            cp_async_commit_group();
        }
        uint32_t read_stage = shared;
        uint32_t write_stage = shared + (kStages - 1) * kStageBytes;
        const uint32_t end_stage = shared + kStages * kStageBytes;
#pragma unroll 1
        for (int step = 0; step < num_steps; step++) {
            cp_async_wait_group<kStages - 2>();
            // The stage has landed for all threads, and all have left the one that is written next.
            __syncthreads();
            if (step + kStages - 1 < num_steps) {
                source.copy(write_stage);
            }
            cp_async_commit_group();
            multiply(read_stage);
            read_stage = read_stage + kStageBytes == end_stage ? shared : read_stage + kStageBytes;
            write_stage = write_stage + kStageBytes == end_stage ? shared : write_stage + kStageBytes;
        }
    }

    // Calls store(row, first weight row of the thread's group, quad lane, the group's sums of that row [tile][2]).
    template <typename Store>
    __device__ __forceinline__ void store_rows(int num_rows, Store store) {
        const int lane = threadIdx.x % kWarpSize;
        const int warp = threadIdx.x / kWarpSize;
#pragma unroll
        for (int m = 0; m < kTilesM; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const int row = blockIdx.x * BLOCK_M + warp % kWarpsM_ * kWarpRows + m * 16 + half * 8 + lane / 4;
                if (row >= num_rows) {
                    continue;
                }
#pragma unroll
                for (int group = 0; group < kGroups; group++) {
                    const int column = blockIdx.y * BLOCK_N + warp / kWarpsM_ * kWarpColumns + group * kGroupRows;
                    float values[2 * kGroupTiles];
#pragma unroll
                    for (int tile = 0; tile < kGroupTiles; tile++) {
                        values[2 * tile] = sums[m][group * kGroupTiles + tile][2 * half];
                        values[2 * tile + 1] = sums[m][group * kGroupTiles + tile][2 * half + 1];
                    }
                    store(row, column, lane % 4, values);
                }
            }
        }
    }
};

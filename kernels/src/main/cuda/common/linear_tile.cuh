// One output tile of x wᵀ: shared-memory layout, the pipeline over k and the fragments. Used by all that multiply by
// weights, which therefore sum alike.
#pragma once

#include "async_copy.cuh"
#include "bf16.cuh"
#include "mma.cuh"
#include "silu.cuh"
#include "warp.cuh"

// A stage holds 64 columns of k of both tiles: rows of 128 bytes, in eight chunks of 16 that are swizzled by the row.
constexpr int BLOCK_K = 64;
constexpr int kRowBytes = BLOCK_K * 2;
constexpr int kChunks = kRowBytes / 16;

// A warp's columns come in groups of kTiles 8-wide tensor-core tiles. row says which of a group's weight rows is column
// `column` of tile `tile`: a thread gets columns 2q and 2q + 1 of each tile, and the rows are dealt out so that these
// are neighbours in the output and make one wide store. key says how a row swizzles: by bits of its number, in which
// the eight rows that ldmatrix reads at a time differ.
struct PlainBf16 {
    static constexpr int kTiles = 4;
    // Thread q has outputs 8q .. 8q + 7.
    static __device__ __forceinline__ int row(int tile, int column) { return column / 2 * 8 + tile * 2 + column % 2; }
    static __device__ __forceinline__ int key(int row) { return (row & 1) | (row >> 3 & 3) << 1; }
};

struct PlainF32 {
    static constexpr int kTiles = 4;
    // Thread q has outputs 4q .. 4q + 3 of both halves.
    static __device__ __forceinline__ int row(int tile, int column) {
        return tile / 2 * 16 + column / 2 * 4 + tile % 2 * 2 + column % 2;
    }
    static __device__ __forceinline__ int key(int row) { return (row & 1) | (row >> 2 & 3) << 1; }
};

struct SiluAndMulBf16 {
    static constexpr int kTiles = 4;
    // Rows are 8 gates, 8 ups, 8 gates, 8 ups; thread q has outputs 4q .. 4q + 3, gates in tiles 0, 1, ups in 2, 3.
    static __device__ __forceinline__ int row(int tile, int column) {
        const int output = column / 2 * 4 + tile % 2 * 2 + column % 2;
        return output / 8 * 16 + output % 8 + tile / 2 * 8;
    }
    static __device__ __forceinline__ int key(int row) { return (row & 1) | (row >> 2 & 1) << 1 | (row >> 4 & 1) << 2; }
};

// Rows are 16 of B, 16 of C, 16 of x; thread q has channels 4q .. 4q + 3: B in tiles 0, 1, C in 2, 3, x in 4, 5.
struct InProjBf16 {
    static constexpr int kTiles = 6;
    static __device__ __forceinline__ int row(int tile, int column) {
        return tile / 2 * 16 + column / 2 * 4 + tile % 2 * 2 + column % 2;
    }
    static __device__ __forceinline__ int key(int row) { return (row & 1) | (row >> 2 & 1) << 1 | (row >> 3 & 1) << 2; }
};

// Rows of x that lie one after the other.
struct PlainRows {
    const bf16* __restrict__ x;  // the tile's first row
    int num_rows;                // from it to the end of x
    static constexpr bool kRagged = false;

    // What a thread copies: its chunk of every kPassRows-th row.
    template <int kPasses, int kPassRows>
    struct Cursor {
        const bf16* source;  // its first row, at the columns that are copied next
        size_t stride;
        int rows_left;

        __device__ __forceinline__ Cursor(const PlainRows& rows, int row, int column, int k)
            : source(rows.x + static_cast<size_t>(row) * k + column),
              stride(static_cast<size_t>(kPassRows) * k),
              rows_left(rows.num_rows - row) {}

        __device__ __forceinline__ const bf16* operator()(int pass) const { return source + pass * stride; }

        // Zeros are needed behind the last row.
        __device__ __forceinline__ bool is_needed(int) const { return true; }

        __device__ __forceinline__ bool is_there(int pass) const { return pass * kPassRows < rows_left; }

        __device__ __forceinline__ void advance() { source += BLOCK_K; }
    };
};

// Rows of x that lie anywhere: row i is pairs[i] / pairs_per_row. Tensor-core tiles without a row are left out.
struct GatheredRows {
    const bf16* __restrict__ x;
    const int* __restrict__ pairs;
    int num_rows;
    int pairs_per_row;
    static constexpr bool kRagged = true;

    template <int kPasses, int kPassRows>
    struct Cursor {
        const bf16* sources[kPasses];
        int rows_left;
        int needed_left;

        __device__ __forceinline__ Cursor(const GatheredRows& rows, int row, int column, int k)
            : rows_left(rows.num_rows - row), needed_left((rows.num_rows + 15) / 16 * 16 - row) {
#pragma unroll
            for (int pass = 0; pass < kPasses; pass++) {
                const int pair = is_there(pass) ? rows.pairs[row + pass * kPassRows] : 0;
                sources[pass] = rows.x + static_cast<size_t>(pair / rows.pairs_per_row) * k + column;
            }
        }

        __device__ __forceinline__ const bf16* operator()(int pass) const { return sources[pass]; }

        __device__ __forceinline__ bool is_needed(int pass) const { return pass * kPassRows < needed_left; }

        __device__ __forceinline__ bool is_there(int pass) const { return pass * kPassRows < rows_left; }

        __device__ __forceinline__ void advance() {
#pragma unroll
            for (int pass = 0; pass < kPasses; pass++) {
                sources[pass] += BLOCK_K;
            }
        }
    };
};

// Four outputs of SiluAndMulBf16 from the sums of a row: silu(gate) * up.
__device__ __forceinline__ void store_silu_and_mul(bf16* address, const float (&values)[8]) {
    float out[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
        out[i] = silu_and_mul(values[i], values[4 + i]);
    }
    *reinterpret_cast<uint2*>(address) =
        make_uint2(cvt_rn_bf16x2_f32(out[1], out[0]), cvt_rn_bf16x2_f32(out[3], out[2]));
}

// Byte offset of a chunk in a tile of rows; key says how the row swizzles, so that the eight rows which ldmatrix
// reads at a time lie in different banks.
__device__ __forceinline__ uint32_t chunk_offset(int row, int chunk, int key) {
    return row * kRowBytes + ((chunk ^ key) * 16);
}

template <int BLOCK_M_, int BLOCK_N_, int kWarpsM_, int kWarpsN_, int kStages_, typename Columns_, typename Rows_>
struct LinearTile {
    static constexpr int BLOCK_M = BLOCK_M_;
    static constexpr int BLOCK_N = BLOCK_N_;
    static constexpr int kStages = kStages_;
    static constexpr int kThreads = kWarpsM_ * kWarpsN_ * kWarpSize;
    static constexpr int kRowsPerPass = kThreads / kChunks;
    static constexpr int kWarpColumns = BLOCK_N / kWarpsN_;
    static constexpr int kTilesM = BLOCK_M / kWarpsM_ / 16;
    static constexpr int kGroupTiles = Columns_::kTiles;
    static constexpr int kGroupRows = 8 * kGroupTiles;
    static constexpr int kGroups = kWarpColumns / kGroupRows;
    static constexpr uint32_t kStageBytes = (BLOCK_M + BLOCK_N) * kRowBytes;
    static_assert(BLOCK_M % (kWarpsM_ * 16) == 0 && kWarpColumns % kGroupRows == 0, "a warp has whole mma tiles");
    static_assert(BLOCK_M % kRowsPerPass == 0 && BLOCK_N % kRowsPerPass == 0, "copies come out even");
    static_assert(kRowsPerPass % 8 == 0 && (kRowsPerPass & (kRowsPerPass - 1)) == 0, "rows of a pass swizzle alike");
    using Columns = Columns_;
    using Rows = Rows_;

    // What a thread copies: one chunk of every kRowsPerPass-th row of both tiles.
    struct Source {
        typename Rows::template Cursor<BLOCK_M / kRowsPerPass, kRowsPerPass> x;
        const bf16* weight;    // its chunk of its first row, at the columns that are copied next
        size_t pass_stride;    // elements from a pass to the next
        int weight_rows_left;  // from its first row to the end of the weight
        int k_left;            // from its chunk to the end of a row
        uint32_t x_offset;     // where its chunk lies in a stage
        uint32_t weight_offset;

        __device__ __forceinline__ Source(const Rows& rows, const bf16* weight_, int num_columns, int k)
            : x(rows, threadIdx.x / kChunks, threadIdx.x % kChunks * kVectorWidth, k) {
            const int chunk = threadIdx.x % kChunks;
            const int row = threadIdx.x / kChunks;
            weight = weight_ + static_cast<size_t>(row) * k + chunk * kVectorWidth;
            pass_stride = static_cast<size_t>(kRowsPerPass) * k;
            weight_rows_left = num_columns - row;
            k_left = k - chunk * kVectorWidth;
            x_offset = chunk_offset(row, chunk, row & 7);
            weight_offset = BLOCK_M * kRowBytes + chunk_offset(row, chunk, Columns::key(row));
        }

        // Starts the copies of the next 64 columns into a stage; what lies outside the matrices becomes zero.
        __device__ __forceinline__ void copy(uint32_t stage) {
#pragma unroll
            for (int pass = 0; pass < BLOCK_M / kRowsPerPass; pass++) {
                if (x.is_needed(pass)) {
                    const uint32_t row = pass * kRowsPerPass;
                    cp_async_16(stage + x_offset + row * kRowBytes, x(pass), k_left > 0 && x.is_there(pass));
                }
            }
#pragma unroll
            for (int row = 0; row < BLOCK_N; row += kRowsPerPass) {
                // A pass has a power of two of rows, so the keys of its first row and of the row in it combine by XOR.
                const uint32_t offset = (weight_offset ^ Columns::key(row) * 16) + row * kRowBytes;
                const bf16* source = weight + row / kRowsPerPass * pass_stride;
                cp_async_16(stage + offset, source, k_left > 0 && row < weight_rows_left);
            }
            x.advance();
            weight += BLOCK_K;
            k_left -= BLOCK_K;
        }
    };

    float sums[kTilesM][kGroups * kGroupTiles][4];

    // Rows of tensor-core tile m: warps take turns, so that a tile with few rows is shared evenly.
    static __device__ __forceinline__ int tile_row(int m) {
        return (m * kWarpsM_ + static_cast<int>(threadIdx.x) / kWarpSize % kWarpsM_) * 16;
    }

    // First weight row of the thread's warp in the tile.
    static __device__ __forceinline__ int warp_column() {
        return static_cast<int>(threadIdx.x) / kWarpSize / kWarpsM_ * kWarpColumns;
    }

    // sums += the stage's product: k in steps of 16, rising, whatever the tile's shape. Without kAll it is that of the
    // first num_tiles tensor-core tiles of rows.
    template <bool kAll>
    __device__ __forceinline__ void multiply(uint32_t stage, int num_tiles) {
        const int lane = threadIdx.x % kWarpSize;
        const int x_row = tile_row(0) + lane % 16;
        const int weight_row = warp_column() + Columns::row(lane / 16, lane % 8);
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
                if (kAll || m < num_tiles) {
                    ldmatrix_x4(a[m], stage + (x_offset ^ moved) + m * kWarpsM_ * 16 * kRowBytes);
                }
            }
#pragma unroll
            for (int pair = 0; pair < kGroups * kGroupTiles / 2; pair++) {
                const int row = pair * 2 / kGroupTiles * kGroupRows + Columns::row(pair * 2 % kGroupTiles, 0);
                uint32_t b[4];
                ldmatrix_x4(b, stage + (weight_offset ^ moved) + row * kRowBytes);
#pragma unroll
                for (int m = 0; m < kTilesM; m++) {
                    if (kAll || m < num_tiles) {
                        mma_m16n8k16(sums[m][pair * 2], a[m], b[0], b[1]);
                        mma_m16n8k16(sums[m][pair * 2 + 1], a[m], b[2], b[3]);
                    }
                }
            }
        }
    }

    __device__ __forceinline__ void multiply_rows(uint32_t stage, const Rows& rows) {
        if constexpr (Rows::kRagged && kTilesM > 1) {
            const int num_tiles = (rows.num_rows - tile_row(0) + kWarpsM_ * 16 - 1) / (kWarpsM_ * 16);
            if (num_tiles < kTilesM) {
                multiply<false>(stage, num_tiles);
                return;
            }
        }
        multiply<true>(stage, kTilesM);
    }

    // The whole product of the block's tile; one barrier per stage. The weight begins at the tile's first row, and
    // num_columns is the number of rows from there to its end.
    __device__ __forceinline__ void run(uint32_t shared, const Rows& rows, const bf16* weight, int num_columns, int k) {
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
        Source source(rows, weight, num_columns, k);
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
            multiply_rows(read_stage, rows);
            read_stage = read_stage + kStageBytes == end_stage ? shared : read_stage + kStageBytes;
            write_stage = write_stage + kStageBytes == end_stage ? shared : write_stage + kStageBytes;
        }
    }

    // Calls store(row of the tile, first weight row of the thread's group in the tile, quad lane, the group's sums of
    // that row [tile][2]).
    template <typename Store>
    __device__ __forceinline__ void store_rows(int num_rows, Store store) {
        const int lane = threadIdx.x % kWarpSize;
#pragma unroll
        for (int m = 0; m < kTilesM; m++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const int row = tile_row(m) + half * 8 + lane / 4;
                if (row >= num_rows) {
                    continue;
                }
#pragma unroll
                for (int group = 0; group < kGroups; group++) {
                    float values[2 * kGroupTiles];
#pragma unroll
                    for (int tile = 0; tile < kGroupTiles; tile++) {
                        values[2 * tile] = sums[m][group * kGroupTiles + tile][2 * half];
                        values[2 * tile + 1] = sums[m][group * kGroupTiles + tile][2 * half + 1];
                    }
                    store(row, warp_column() + group * kGroupRows, lane % 4, values);
                }
            }
        }
    }
};

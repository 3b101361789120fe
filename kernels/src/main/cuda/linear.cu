// Computes: y = x wᵀ, summed over k in steps of 16, rising, in every variant: a row has the same bits in any batch.
// Shapes:   y [rows, columns]; x [rows, k]; w [columns, k], row-major as in the checkpoint; columns, k multiples of 8.
// Launch:   grid (ceil(rows / BLOCK_M), ceil(columns / BLOCK_N)), block and dynamic shared memory as the tile needs.
// Bound:    2 * rows * columns * k FLOPs on tensor cores, or columns * k * 2 bytes of weights below about 200 rows.
// Twin:     CpuOps.linear, linearSiluAndMul (rows: 8 gates, 8 ups, in turn), logits (f32): float32 sums, rounds once.
#include "common/linear_tile.cuh"

extern __shared__ __align__(128) uint8_t shared_stages[];

// The block's part of the output.
template <typename Tile>
struct Linear {
    Tile tile;
    int first_row = blockIdx.x * Tile::BLOCK_M;
    int first_column = blockIdx.y * Tile::BLOCK_N;
    int num_rows;

    __device__ __forceinline__ Linear(const bf16* x, const bf16* weight, int all_rows, int num_columns, int k)
        : num_rows(all_rows - first_row) {
        const PlainRows rows = {x + static_cast<size_t>(first_row) * k, num_rows};
        const bf16* first = weight + static_cast<size_t>(first_column) * k;
        tile.run(shared_address(shared_stages), rows, first, num_columns - first_column, k);
    }
};

template <typename Tile>
__device__ __forceinline__ void linear_bf16(
    bf16* __restrict__ y, const bf16* __restrict__ x, const bf16* __restrict__ weight, int num_rows, int num_columns,
    int k) {
    Linear<Tile> linear(x, weight, num_rows, num_columns, k);
    linear.tile.store_rows(linear.num_rows, [&](int row, int group, int quad, const float (&values)[8]) {
        const int column = linear.first_column + group + quad * 8;
        if (column < num_columns) {
            store_vector(y + static_cast<size_t>(linear.first_row + row) * num_columns + column, pack(values));
        }
    });
}

template <typename Tile>
__device__ __forceinline__ void linear_f32(
    float* __restrict__ y, const bf16* __restrict__ x, const bf16* __restrict__ weight, int num_rows, int num_columns,
    int k) {
    Linear<Tile> linear(x, weight, num_rows, num_columns, k);
    linear.tile.store_rows(linear.num_rows, [&](int row, int group, int quad, const float (&values)[8]) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int column = linear.first_column + group + half * 16 + quad * 4;
            if (column < num_columns) {
                *reinterpret_cast<float4*>(y + static_cast<size_t>(linear.first_row + row) * num_columns + column) =
                    make_float4(values[4 * half], values[4 * half + 1], values[4 * half + 2], values[4 * half + 3]);
            }
        }
    });
}

template <typename Tile>
__device__ __forceinline__ void linear_silu_and_mul_bf16(
    bf16* __restrict__ y, const bf16* __restrict__ x, const bf16* __restrict__ gate_up, int num_rows, int width,
    int k) {
    Linear<Tile> linear(x, gate_up, num_rows, 2 * width, k);
    linear.tile.store_rows(linear.num_rows, [&](int row, int group, int quad, const float (&values)[8]) {
        const int column = (linear.first_column + group) / 2 + quad * 4;
        if (column < width) {
            store_silu_and_mul(y + static_cast<size_t>(linear.first_row + row) * width + column, values);
        }
    });
}

// Few rows: few blocks, so each keeps as many bytes of weights in flight as shared memory holds. Many rows: two blocks
// a multiprocessor, 64 FLOPs a byte of shared memory. All fit in the 99 KiB that compute capability 8.9 gives a block.
template <typename Columns>
using TileM16 = LinearTile<16, 64, 1, 2, 8, Columns, PlainRows>;
template <typename Columns>
using TileM64 = LinearTile<64, 64, 2, 2, 6, Columns, PlainRows>;
template <typename Columns>
using TileM128 = LinearTile<128, 128, 2, 4, 3, Columns, PlainRows>;

#define LINEAR(function, variant, Tile, Columns, Out)                                               \
    extern "C" __global__ void __launch_bounds__(Tile<Columns>::kThreads) variant(                  \
        Out* __restrict__ y,             /* [rows, columns], or [rows, width] of silu(gate) * up */ \
        const bf16* __restrict__ x,      /* [rows, k] */                                            \
        const bf16* __restrict__ weight, /* [columns, k], or [2 width, k] */                        \
        int num_rows, int num_columns, int k) {                                                     \
        function<Tile<Columns>>(y, x, weight, num_rows, num_columns, k);                            \
    }

LINEAR(linear_bf16, linear_m16_bf16, TileM16, PlainBf16, bf16)
LINEAR(linear_bf16, linear_m64_bf16, TileM64, PlainBf16, bf16)
LINEAR(linear_bf16, linear_m128_bf16, TileM128, PlainBf16, bf16)
LINEAR(linear_f32, linear_m16_f32, TileM16, PlainF32, float)
LINEAR(linear_f32, linear_m64_f32, TileM64, PlainF32, float)
LINEAR(linear_f32, linear_m128_f32, TileM128, PlainF32, float)
LINEAR(linear_silu_and_mul_bf16, linear_silu_and_mul_m16_bf16, TileM16, SiluAndMulBf16, bf16)
LINEAR(linear_silu_and_mul_bf16, linear_silu_and_mul_m64_bf16, TileM64, SiluAndMulBf16, bf16)
LINEAR(linear_silu_and_mul_bf16, linear_silu_and_mul_m128_bf16, TileM128, SiluAndMulBf16, bf16)

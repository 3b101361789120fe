// Computes: y[p] = weights[p] * (x[p] w[e]ᵀ), or silu(x[t] gate[e]ᵀ) * (x[t] up[e]ᵀ); e the expert, t the token of p.
// Shapes:   y [pairs, columns]; x [pairs or tokens, k]; w [experts][columns, k], row-major; columns, k multiples of 8.
// Launch:   grid (ceil(columns / BLOCK_N), most tiles that any routing has); blocks without a tile return at once.
// Bound:    the weights of experts that have a pair, or 2 * pairs * columns * k FLOPs from about 200 rows an expert on.
// Twin:     CpuOps.groupedLinear, groupedLinearSiluAndMul: rounds once; sums as linear does, so a row has its bits.
#include "common/linear_tile.cuh"

extern __shared__ __align__(128) uint8_t shared_stages[];

// What add_rms_norm_route_top_k leaves of a step: a tile is (expert, its first place in sorted_pairs, rows, 0).
struct Groups {
    const int* __restrict__ sorted_pairs;  // [pairs]: pairs by expert, within an expert in rising order
    const int4* __restrict__ tiles;        // [tiles]
    const int* __restrict__ num_tiles;     // [1]
};

// Runs the block's tile, if it has one, and gives store each row's pair.
template <typename Tile, typename Store>
__device__ __forceinline__ void grouped_linear(
    const bf16* x, const bf16* weights, const Groups& groups, int pairs_per_row, int num_columns, int k, Store store) {
    if (static_cast<int>(blockIdx.y) >= *groups.num_tiles) {
        return;
    }
    const int4 part = groups.tiles[blockIdx.y];
    const int* pairs = groups.sorted_pairs + part.y;
    const int first_column = blockIdx.x * Tile::BLOCK_N;
    const GatheredRows rows = {x, pairs, part.z, pairs_per_row};
    const bf16* weight = weights + (static_cast<size_t>(part.x) * num_columns + first_column) * k;
    Tile tile;
    tile.run(shared_address(shared_stages), rows, weight, num_columns - first_column, k);
    tile.store_rows(part.z, [&](int row, int group, int quad, const auto& values) {
        store(pairs[row], first_column + group, quad, values);
    });
}

template <typename Tile>
__device__ __forceinline__ void grouped_linear_bf16(
    bf16* __restrict__ y, const bf16* __restrict__ x, const bf16* __restrict__ weights, const Groups& groups,
    const float* __restrict__ routing_weights, int, int num_columns, int k) {
    grouped_linear<Tile>(
        x, weights, groups, 1, num_columns, k, [&](int pair, int group, int quad, const float (&values)[8]) {
            const int column = group + quad * 8;
            if (column < num_columns) {
                const float scale = routing_weights[pair];
                float out[8];
#pragma unroll
                for (int i = 0; i < 8; i++) {
                    out[i] = values[i] * scale;
                }
                store_vector(y + static_cast<size_t>(pair) * num_columns + column, pack(out));
            }
        });
}

template <typename Tile>
__device__ __forceinline__ void grouped_linear_silu_and_mul_bf16(
    bf16* __restrict__ y, const bf16* __restrict__ x, const bf16* __restrict__ gate_up, const Groups& groups,
    const float*, int top_k, int width, int k) {
    grouped_linear<Tile>(
        x, gate_up, groups, top_k, 2 * width, k, [&](int pair, int group, int quad, const float (&values)[8]) {
            const int column = group / 2 + quad * 4;
            if (column < width) {
                store_silu_and_mul(y + static_cast<size_t>(pair) * width + column, values);
            }
        });
}

// Few rows an expert: the weights' bytes are the time, so blocks are small and keep many of them in flight. Many rows:
// an expert's weights are read once for up to 128 of them. A tile's tensor-core tiles of 16 rows without a row are
// left out, so the tile's size costs no arithmetic.
template <typename Columns>
using TileM16 = LinearTile<16, 64, 1, 2, 8, Columns, GatheredRows>;
template <typename Columns>
using TileM64 = LinearTile<64, 64, 2, 2, 6, Columns, GatheredRows>;
template <typename Columns>
using TileM128 = LinearTile<128, 128, 2, 4, 3, Columns, GatheredRows>;

#define GROUPED_LINEAR(function, variant, Tile, Columns)                                                 \
    extern "C" __global__ void __launch_bounds__(Tile<Columns>::kThreads) variant(                       \
        bf16* __restrict__ y,                      /* [pairs, columns] */                                \
        const bf16* __restrict__ x,                /* [pairs, k], or [tokens, k] for silu_and_mul */     \
        const bf16* __restrict__ weights,          /* [experts][columns, k], or [experts][2 width, k] */ \
        const int* __restrict__ sorted_pairs,      /* [pairs] */                                         \
        const int4* __restrict__ tiles,            /* [tiles] */                                         \
        const int* __restrict__ num_tiles,         /* [1] */                                             \
        const float* __restrict__ routing_weights, /* [pairs] */                                         \
        int top_k, int num_columns, int k) {                                                             \
        function<Tile<Columns>>(                                                                         \
            y, x, weights, {sorted_pairs, tiles, num_tiles}, routing_weights, top_k, num_columns, k);    \
    }

GROUPED_LINEAR(grouped_linear_bf16, grouped_linear_m16_bf16, TileM16, PlainBf16)
GROUPED_LINEAR(grouped_linear_bf16, grouped_linear_m64_bf16, TileM64, PlainBf16)
GROUPED_LINEAR(grouped_linear_bf16, grouped_linear_m128_bf16, TileM128, PlainBf16)
GROUPED_LINEAR(grouped_linear_silu_and_mul_bf16, grouped_linear_silu_and_mul_m16_bf16, TileM16, SiluAndMulBf16)
GROUPED_LINEAR(grouped_linear_silu_and_mul_bf16, grouped_linear_silu_and_mul_m64_bf16, TileM64, SiluAndMulBf16)
GROUPED_LINEAR(grouped_linear_silu_and_mul_bf16, grouped_linear_silu_and_mul_m128_bf16, TileM128, SiluAndMulBf16)

// Computes: y = x wᵀ, summed over k in steps of 16, rising, in every variant: a row has the same bits in any batch.
// Shapes:   y [rows, columns]; x [rows, k]; w tile images of [columns, k]; columns, k multiples of 8.
// Launch:   as many blocks as fit on the device, or as there are parts: row tiles times ceil(columns / BLOCK_ROWS).
// Bound:    2 * rows * columns * k FLOPs on tensor cores, or columns * k * 2 bytes of weights below about 200 rows.
// Twin:     CpuOps.linear, linearSiluAndMul (rows: 8 gates, 8 ups, in turn), logits (f32): float32 sums, rounds once;
//           f32 for rows that sample: Sampler, see sample.cu.
#include "../common/drawn_pieces.cuh"
#include "../common/head_sampling.cuh"
#include "../common/linear_work.cuh"
#include "../common/route_tokens.cuh"
#include "../common/tiled_store.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

// All rows of x; a block does not know which part it will draw first.
template <typename Block>
struct DrawnWork : LinearWork<Block> {
    static constexpr bool kKnowsWeights = false;
};

// The product, and rows of the result behind it where there is a counter: parts go tile of rows by tile of rows then,
// and a tile's rows are ready when all its parts are.
template <typename Block>
struct LinearRows {
    using Work = DrawnWork<Block>;
    static constexpr bool kPartsWait = false;
    static constexpr bool kKnowsWeights = true;

    Work product;
    bf16* y;
    TokenRows rows;
    int*
        progress;  // [1 + tiles of rows]: the draw's counter, and of each tile the warpgroups that are done with a part

    __device__ __forceinline__ bool has_rows() const { return progress != nullptr; }

    __device__ __forceinline__ int num_parts() const { return product.num_parts(); }

    __device__ __forceinline__ int num_blocks() const { return num_parts() / product.num_row_tiles; }

    __device__ __forceinline__ Draw draw() const {
        return {reinterpret_cast<unsigned*>(progress), num_parts() + (has_rows() ? rows.num_pieces() : 0)};
    }

    __device__ __forceinline__ const Work& work(int) const { return product; }

    __device__ __forceinline__ Part part(int i) const {
        const int tile = i / num_blocks();
        return product.part(has_rows() ? i % num_blocks() * product.num_row_tiles + tile : i);
    }

    __device__ __forceinline__ bool is_ready(int) const { return true; }

    template <typename Sums, typename PartRows>
    __device__ __forceinline__ void store(
        int, const Consumer<Block, Work>& consumer, const Sums& sums, const Part& part, const PartRows& of) const {
        store_bf16(consumer, sums, part, of, y);
    }

    __device__ __forceinline__ void finish(int i) const {
        if (has_rows()) {
            add_release(progress + 1 + i / num_blocks(), 1);
        }
    }

    __device__ __forceinline__ bool are_rows_ready(int piece) const {
        const int tile = product.row_tile(piece * kTokenWarps);
        return load_acquire(progress + 1 + tile) == Block::kMath * num_blocks();
    }

    // What rows need beside the product; the router's gate once.
    __device__ __forceinline__ void prefetch_rows(int piece) const {
        const uint32_t row_bytes = rows.num_columns * sizeof(bf16);
        const int first = piece * kTokenWarps;
        prefetch_bulk(
            rows.residual + static_cast<size_t>(first) * rows.num_columns,
            min(kTokenWarps, rows.num_tokens - first) * row_bytes);
        if (piece == 0) {
            prefetch_bulk(rows.norm, row_bytes);
            if (rows.gate != nullptr) {
                prefetch_bulk(rows.gate, rows.rule.num_experts * row_bytes);
            }
        }
    }

    __device__ __forceinline__ void run_rows(int piece, int thread) const {
        static_assert(sizeof(TokenSpace) <= Block::kStores, "stages have room for it");
        rows.run(*reinterpret_cast<TokenSpace*>(shared_stages), thread, piece);
    }

    __device__ __forceinline__ void clear(int thread) const {
        for (int i = thread; i < product.num_row_tiles; i += kTokenThreads) {
            atomicExch(progress + 1 + i, 0);
        }
    }
};

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

#define LINEAR(variant, Block, kBlocks)                                                                         \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                             \
        bf16* y,                                 /* [rows, columns] */                                          \
        const bf16* __restrict__ x,              /* [rows, k] */                                                \
        const uint8_t* __restrict__ weight,      /* [tiles of columns][tiles of k][64, 64] */                   \
        int* progress,                           /* [1 + tiles of rows], zero before and after; null: only y */ \
        bf16* residual,                          /* this and what follows as in add_rms_norm_route_top_k */     \
        bf16* out,                               /* [rows, columns] */                                          \
        const bf16* __restrict__ norm,           /* [columns] */                                                \
        const bf16* __restrict__ gate,           /* [experts, columns]; null: nothing is routed */              \
        const float* __restrict__ bias,          /* [experts], or null */                                       \
        int* expert_ids,                         /* [rows, top_k] */                                            \
        float* __restrict__ routing_weights,     /* [rows, top_k] */                                            \
        int* __restrict__ sorted_pairs,          /* [rows * top_k] */                                           \
        int* __restrict__ offsets,               /* [experts + 1] */                                            \
        int4* __restrict__ tiles,                /* [tiles] */                                                  \
        int* __restrict__ num_tiles,             /* [1] */                                                      \
        uint8_t* masks,                          /* [ceil(rows / 8)][experts] */                                \
        unsigned* num_arrived,                   /* [1], zero before and after */                               \
        const int* __restrict__ num_real_tokens, /* [1] or null */                                              \
        int num_rows, int num_columns, int k, int num_row_tiles, int num_experts, int top_k, int is_normalised, \
        int tile_rows, float scaling, float eps) {                                                              \
        const Rule rule = {bias, num_experts, top_k, is_normalised != 0, scaling};                              \
        const Sorting sorting = {                                                                               \
            num_real_tokens, masks, num_arrived, {sorted_pairs, offsets, tiles, num_tiles, tile_rows}};         \
        const TokenRows rows = {residual,        out,        y,       norm,     gate,        rule,              \
                                routing_weights, expert_ids, sorting, num_rows, num_columns, eps};              \
        const LinearRows<Block> all = {                                                                         \
            {{x, weight, num_rows, num_columns, num_columns, k, num_row_tiles}}, y, rows, progress};            \
        run_drawn<Block>(all, shared_stages);                                                                   \
    }

LINEAR(linear_tiled_m64_bf16, BlockM64, 2)
LINEAR(linear_tiled_m128_bf16, BlockM128, 1)

#define LINEAR_SILU_AND_MUL(variant, Block, kBlocks)                                                   \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                    \
        bf16* __restrict__ y,               /* [rows, width] of silu(gate) * up */                     \
        const bf16* __restrict__ x,         /* [rows, k] */                                            \
        const uint8_t* __restrict__ weight, /* [tiles of 2 width][tiles of k][64, 64] */               \
        int num_rows, int width, int k, int num_row_tiles) {                                           \
        linear_silu_and_mul_bf16<Block>({x, weight, num_rows, 2 * width, width, k, num_row_tiles}, y); \
    }

LINEAR_SILU_AND_MUL(linear_silu_and_mul_tiled_m64_bf16, BlockM64, 2)
LINEAR_SILU_AND_MUL(linear_silu_and_mul_tiled_m128_bf16, BlockM128, 1)

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

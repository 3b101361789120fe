// Computes: grouped_linear_silu_and_mul to inner, grouped_linear to outer, combine_add_rms_norm of it, in one launch.
// Shapes:   as these: residual, out [tokens, hidden]; inner [pairs, width]; outer [pairs, hidden]; weights tile images.
// Launch:   as many blocks as fit on the device; they draw pieces of work in order, and wait for what a piece needs.
// Bound:    the weights of experts that have a pair, or 6 * pairs * width * hidden FLOPs from about 200 rows on.
// Twin:     CpuOps.expertsAddRmsNorm: the three one behind the other, with their bits.
#include "../common/combine_row.cuh"
#include "../common/drawn_pieces.cuh"
#include "../common/grouped_work.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

// Parts of inner come first, tile by tile, then parts of outer in the same order, then rows of the result.
template <typename Block>
struct Experts {
    using Work = GroupedWork<Block>;
    static constexpr bool kPartsWait = true;
    static constexpr bool kKnowsWeights = Work::kKnowsWeights;

    Work inner;
    Work outer;
    bf16* inner_rows;
    bf16* outer_rows;
    CombinedRows rows;
    int* tiles;     // the last of each four: warpgroups that are done with a part of inner
    int* progress;  // [2]: the draw's counter, and warpgroups that are done with a part of outer

    __device__ __forceinline__ int num_parts() const { return inner.num_parts() + outer.num_parts(); }

    __device__ __forceinline__ Draw draw() const {
        return {reinterpret_cast<unsigned*>(progress), num_parts() + rows.num_pieces()};
    }

    __device__ __forceinline__ bool is_inner(int i) const { return i < inner.num_parts(); }

    __device__ __forceinline__ Work work(int i) const { return is_inner(i) ? inner : outer; }

    __device__ __forceinline__ Part part(int i) const {
        return is_inner(i) ? inner.part(i) : outer.part(i - inner.num_parts());
    }

    // Of the tile of a part of either.
    __device__ __forceinline__ int* num_done_inner(int i) const {
        const int tile = is_inner(i) ? i / inner.num_blocks() : (i - inner.num_parts()) / outer.num_blocks();
        return tiles + tile * 4 + 3;
    }

    __device__ __forceinline__ bool is_ready(int i) const {
        return is_inner(i) || load_acquire(num_done_inner(i)) == Block::kMath * inner.num_blocks();
    }

    template <typename Sums, typename PartRows>
    __device__ __forceinline__ void store(
        int i, const Consumer<Block, Work>& consumer, const Sums& sums, const Part& part, const PartRows& of) const {
        if (is_inner(i)) {
            store_silu_and_mul_bf16(consumer, sums, part, of, inner_rows);
        } else {
            store_bf16(consumer, sums, part, of, outer_rows);
        }
    }

    __device__ __forceinline__ void finish(int i) const {
        add_release(is_inner(i) ? num_done_inner(i) : progress + 1, 1);
    }

    __device__ __forceinline__ bool are_rows_ready(int) const {
        return load_acquire(progress + 1) == Block::kMath * outer.num_parts();
    }

    __device__ __forceinline__ void prefetch_rows(int) const {}

    __device__ __forceinline__ void run_rows(int piece, int thread) const { rows.run(thread, piece); }

    __device__ __forceinline__ void clear(int thread) const {
        for (int i = thread; i < *inner.num_tiles; i += kTokenThreads) {
            atomicExch(tiles + i * 4 + 3, 0);
        }
        if (thread == 0) {
            atomicExch(progress + 1, 0);
        }
    }
};

#define EXPERTS_ADD_RMS_NORM(variant, Block, kBlocks)                                                          \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                            \
        bf16* residual,                            /* [tokens, hidden] */                                      \
        bf16* x,                                   /* [tokens, hidden]: the experts' input, then the norm */   \
        bf16* inner,                               /* [pairs, width] */                                        \
        bf16* outer,                               /* [pairs, hidden] */                                       \
        const uint8_t* __restrict__ gate_up,       /* [experts][tiles of 2 width][tiles of hidden][64, 64] */  \
        const uint8_t* __restrict__ down,          /* [experts][tiles of hidden][tiles of width][64, 64] */    \
        const bf16* __restrict__ norm,             /* [hidden] */                                              \
        const int* __restrict__ sorted_pairs,      /* [pairs] */                                               \
        int* tiles,                                /* [tiles][4], the last zero before and after */            \
        const int* __restrict__ num_tiles,         /* [1] */                                                   \
        int* progress,                             /* [2], zero before and after */                            \
        const float* __restrict__ routing_weights, /* [pairs] */                                               \
        const int* __restrict__ num_real_tokens,   /* [1]: tokens from there on are padding; null: none is */  \
        int num_tokens, int top_k, int width, int hidden, float eps) {                                         \
        const GroupedWork<Block> to_inner = {x,       gate_up, sorted_pairs, tiles, num_tiles,                 \
                                             nullptr, top_k,   2 * width,    width, hidden};                   \
        const GroupedWork<Block> to_outer = {inner,           down, sorted_pairs, tiles,  num_tiles,           \
                                             routing_weights, 1,    hidden,       hidden, width};              \
        const CombinedRows rows = {residual, x, outer, norm, num_real_tokens, num_tokens, top_k, hidden, eps}; \
        const Experts<Block> experts = {to_inner, to_outer, inner, outer, rows, tiles, progress};              \
        run_drawn<Block>(experts, shared_stages);                                                              \
    }

// For few rows an expert, where a launch costs most. With many, sums take the registers that two products need.
EXPERTS_ADD_RMS_NORM(experts_add_rms_norm_tiled_m64_bf16, BlockM64, 2)

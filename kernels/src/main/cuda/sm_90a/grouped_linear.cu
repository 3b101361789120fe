// Computes: y[p] = weights[p] * (x[p] w[e]ᵀ), or silu(x[t] gate[e]ᵀ) * (x[t] up[e]ᵀ); e the expert, t the token of p.
//           Behind the former, where it is asked for, combine_add_rms_norm of y.
// Shapes:   y [pairs, columns]; x [pairs or tokens, k]; w [experts] tile images of [columns, k]; multiples of 8.
// Launch:   as many blocks as fit on the device; what there is to do is read there.
// Bound:    the weights of experts that have a pair, or 2 * pairs * columns * k FLOPs from about 200 rows an expert on.
// Twin:     CpuOps.groupedLinear, groupedLinearSiluAndMul, groupedLinearAddRmsNorm: a row has the bits of linear.
#include "../common/combine_row.cuh"
#include "../common/drawn_pieces.cuh"
#include "../common/grouped_work.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

// The product, and rows behind it where there is a counter: they need all of it.
template <typename Block>
struct GroupedRows {
    using Work = GroupedWork<Block>;
    static constexpr bool kPartsWait = false;
    static constexpr bool kKnowsWeights = Work::kKnowsWeights;

    Work product;
    bf16* y;
    CombinedRows rows;
    int* progress;  // [2]: the draw's counter, and warpgroups that are done with a part

    __device__ __forceinline__ bool has_rows() const { return progress != nullptr; }

    __device__ __forceinline__ int num_parts() const { return product.num_parts(); }

    __device__ __forceinline__ Draw draw() const {
        return {reinterpret_cast<unsigned*>(progress), num_parts() + (has_rows() ? rows.num_pieces() : 0)};
    }

    __device__ __forceinline__ const Work& work(int) const { return product; }

    __device__ __forceinline__ Part part(int i) const { return product.part(i); }

    __device__ __forceinline__ bool is_ready(int) const { return true; }

    template <typename Sums, typename PartRows>
    __device__ __forceinline__ void store(
        int, const Consumer<Block, Work>& consumer, const Sums& sums, const Part& part, const PartRows& of) const {
        store_bf16(consumer, sums, part, of, y);
    }

    __device__ __forceinline__ void finish(int) const {
        if (has_rows()) {
            add_release(progress + 1, 1);
        }
    }

    __device__ __forceinline__ bool are_rows_ready(int) const {
        return load_acquire(progress + 1) == Block::kMath * num_parts();
    }

    __device__ __forceinline__ void prefetch_rows(int) const {}

    __device__ __forceinline__ void run_rows(int piece, int thread) const { rows.run(thread, piece); }

    __device__ __forceinline__ void clear(int thread) const {
        if (thread == 0) {
            atomicExch(progress + 1, 0);
        }
    }
};

template <typename Block>
__device__ __forceinline__ void grouped_linear_silu_and_mul_bf16(const GroupedWork<Block>& work, bf16* y) {
    run_tiled<Block>(work, shared_stages, [&](auto& consumer, const auto& sums, const Part& part, const auto& rows) {
        store_silu_and_mul_bf16(consumer, sums, part, rows, y);
    });
}

#define GROUPED_LINEAR(variant, Block, kBlocks)                                                                   \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                               \
        bf16* y,                                   /* [pairs, columns] */                                         \
        const bf16* __restrict__ x,                /* [pairs, k] */                                               \
        const uint8_t* __restrict__ weights,       /* [experts][tiles of columns][tiles of k][64, 64] */          \
        const int* __restrict__ sorted_pairs,      /* [pairs] */                                                  \
        const int* __restrict__ tiles,             /* [tiles][4] */                                               \
        const int* __restrict__ num_tiles,         /* [1] */                                                      \
        const float* __restrict__ routing_weights, /* [pairs] */                                                  \
        int* progress,                             /* [2], zero before and after; null: only y */                 \
        bf16* residual,                            /* this and what follows as in combine_add_rms_norm */         \
        bf16* out,                                 /* [tokens, columns] */                                        \
        const bf16* __restrict__ norm,             /* [columns] */                                                \
        const int* __restrict__ num_real_tokens,   /* [1] or null */                                              \
        int top_k, int num_columns, int k, int num_tokens, float eps) {                                           \
        const GroupedWork<Block> product = {x, weights,     sorted_pairs, tiles, num_tiles, routing_weights,      \
                                            1, num_columns, num_columns,  k};                                     \
        const CombinedRows rows = {residual, out, y, norm, num_real_tokens, num_tokens, top_k, num_columns, eps}; \
        run_drawn<Block>(GroupedRows<Block>{product, y, rows, progress}, shared_stages);                          \
    }

// Few rows an expert are for experts_add_rms_norm.
GROUPED_LINEAR(grouped_linear_tiled_m128_bf16, BlockM128, 1)

#define GROUPED_LINEAR_SILU_AND_MUL(variant, Block, kBlocks)                                        \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                 \
        bf16* __restrict__ y,                 /* [pairs, width] */                                  \
        const bf16* __restrict__ x,           /* [tokens, k] */                                     \
        const uint8_t* __restrict__ weights,  /* [experts][tiles of 2 width][tiles of k][64, 64] */ \
        const int* __restrict__ sorted_pairs, /* [pairs] */                                         \
        const int* __restrict__ tiles,        /* [tiles][4] */                                      \
        const int* __restrict__ num_tiles,    /* [1] */                                             \
        int top_k, int width, int k) {                                                              \
        grouped_linear_silu_and_mul_bf16<Block>(                                                    \
            {x, weights, sorted_pairs, tiles, num_tiles, nullptr, top_k, 2 * width, width, k}, y);  \
    }

GROUPED_LINEAR_SILU_AND_MUL(grouped_linear_silu_and_mul_tiled_m128_bf16, BlockM128, 1)

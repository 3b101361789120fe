// Computes: grouped_linear_silu_and_mul to inner, grouped_linear to outer, combine_add_rms_norm of it, in one launch.
// Shapes:   as these: residual, out [tokens, hidden]; inner [pairs, width]; outer [pairs, hidden]; weights tile images.
// Launch:   as many blocks as fit on the device; they draw pieces of work in order, and wait for what a piece needs.
// Bound:    the weights of experts that have a pair, or 6 * pairs * width * hidden FLOPs from about 200 rows on.
// Twin:     CpuOps.expertsAddRmsNorm: the three one behind the other, with their bits.
#include "../common/combine_row.cuh"
#include "../common/global_flags.cuh"
#include "../common/grouped_work.cuh"
#include "../common/named_barrier.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

// What blocks tell each other; all zero before a launch and after it.
struct Progress {
    int* tiles;      // the last of each four: warpgroups that are done with a part of inner
    unsigned* draw;  // the next piece
    int* num_done;   // warpgroups that are done with a part of outer

    __device__ __forceinline__ int* tile(int i) const { return tiles + i * 4 + 3; }
};

// A piece: parts of inner come first, tile by tile, then parts of outer in the same order, then rows of the result. So
// whoever draws a piece knows that all it waits for has been drawn, by blocks that run: none waits for ever.
enum class Phase { kInner, kOuter, kCombine, kEnd };

struct Piece {
    Phase phase;
    int index;
};

template <typename Block>
struct Experts {
    GroupedWork<Block> inner;
    GroupedWork<Block> outer;
    Progress progress;
    bf16* residual;
    bf16* out;
    const bf16* norm;
    const int* num_real_tokens;  // [1] or null
    int num_tokens;
    float eps;
    bf16* inner_rows;
    bf16* outer_rows;
    int top_k;

    static constexpr int kPieceTokens = Block::kMath * kGroupWarps;

    __device__ __forceinline__ int num_pieces() const {
        return inner.num_parts() + outer.num_parts() + (num_tokens + kPieceTokens - 1) / kPieceTokens;
    }

    __device__ __forceinline__ Piece piece(int i) const {
        const int num_inner = inner.num_parts();
        const int num_products = num_inner + outer.num_parts();
        return i < num_inner      ? Piece{Phase::kInner, i}
               : i < num_products ? Piece{Phase::kOuter, i - num_inner}
               : i < num_pieces() ? Piece{Phase::kCombine, i - num_products}
                                  : Piece{Phase::kEnd, 0};
    }

    __device__ __forceinline__ GroupedWork<Block> work(Phase phase) const {
        return phase == Phase::kInner ? inner : outer;
    }

    // Whether what a piece reads is there; then this thread sees it.
    __device__ __forceinline__ bool is_ready(const Piece& piece) const {
        if (piece.phase == Phase::kOuter) {
            return load_acquire(progress.tile(piece.index / outer.num_blocks())) == Block::kMath * inner.num_blocks();
        }
        return piece.phase != Phase::kCombine || load_acquire(progress.num_done) == Block::kMath * outer.num_parts();
    }

    // The warpgroup is done with its share of a piece, and all its threads have arrived.
    __device__ __forceinline__ void finish(const Piece& piece) const {
        if (piece.phase == Phase::kInner) {
            add_release(progress.tile(piece.index / inner.num_blocks()), 1);
        } else {
            add_release(progress.num_done, 1);
        }
    }

    // By who draws last: nobody looks any more.
    __device__ __forceinline__ void reset() const {
        for (int i = threadIdx.x; i < *inner.num_tiles; i += kGroupThreads) {
            atomicExch(progress.tile(i), 0);
        }
        if (threadIdx.x == 0) {
            atomicExch(progress.num_done, 0);
        }
    }

    // A warp's token.
    __device__ __forceinline__ void combine(int first_token) const {
        const int token = first_token + static_cast<int>(threadIdx.x) / kWarpSize - kGroupWarps;
        if (token < num_tokens) {
            const size_t offset = static_cast<size_t>(token) * outer.num_columns;
            const bool is_real = num_real_tokens == nullptr || token < load_uniform(num_real_tokens);
            const bf16* rows = outer_rows + offset * top_k;
            const int num_rows = is_real ? top_k : 0;
            // In halves, for the registers.
            Row update;
            sum_rows<0, kRowVectors / 2>(update, rows, num_rows, outer.num_columns);
            __syncwarp();
            sum_rows<kRowVectors / 2, kRowVectors / 2>(update, rows, num_rows, outer.num_columns);
            __syncwarp();
            add_and_normalise(update, residual + offset, out + offset, norm, outer.num_columns, eps);
        }
    }
};

// The warpgroup that copies draws pieces too: twice the number of one that is ready, and one more of one that is not,
// for each stage with which a piece begins.
template <typename Block>
__device__ __forceinline__ void produce(Producer<Block>& producer, const Experts<Block>& experts, int* draws) {
    const unsigned last_draw = experts.num_pieces() + gridDim.x - 1;
    int drawn = threadIdx.x == 0 ? atomicInc(experts.progress.draw, last_draw) : 0;
    const auto wait_for_group = [] { bar_sync<1, kGroupThreads>(); };
#pragma unroll 1
    while (true) {
        mbarrier_wait(producer.issued.empty(), producer.issued.parity ^ 1);
        int* draw = draws + producer.issued.stage;
        if (threadIdx.x == 0) {
            *draw = 2 * drawn + (experts.is_ready(experts.piece(drawn)) ? 0 : 1);
        }
        wait_for_group();
        const int own = *draw / 2;
        const bool must_wait = *draw % 2 != 0;
        const Piece piece = experts.piece(own);
        const GroupedWork<Block> work = experts.work(piece.phase);
        const bool is_product = piece.phase == Phase::kInner || piece.phase == Phase::kOuter;
        const Part part = work.part(is_product ? piece.index : 0);
        if (must_wait) {
            if (is_product && threadIdx.x < Block::kMath) {
                // The weights need nobody.
                const uint32_t num_bytes = work.num_k_tiles() * kTileBytes;
                prefetch_bulk(part.weight + static_cast<size_t>(threadIdx.x) * num_bytes, num_bytes);
            }
            // This block's own parts may be among those that are awaited.
            producer.drain();
            while (threadIdx.x == 0 && !experts.is_ready(piece)) {
            }
            wait_for_group();
        }
        if (is_product) {
            if (threadIdx.x == 0) {
                drawn = atomicInc(experts.progress.draw, last_draw);
            }
            producer.copy_part(work, part);
            continue;
        }
        // A stage that brings nothing but the draw.
        if (threadIdx.x == 0) {
            mbarrier_arrive(producer.issued.full());
        }
        producer.issue();
        if (piece.phase == Phase::kEnd) {
            producer.drain();
            if (own == last_draw) {
                experts.reset();
            }
            return;
        }
        if (threadIdx.x == 0) {
            drawn = atomicInc(experts.progress.draw, last_draw);
        }
    }
}

template <typename Block>
__device__ __forceinline__ void consume(Ring<Block>& ring, const Experts<Block>& experts, const int* draws) {
    const int group = threadIdx.x / kGroupThreads - 1;
    const auto wait_for_group = [&] { group == 0 ? bar_sync<2, kGroupThreads>() : bar_sync<3, kGroupThreads>(); };
#pragma unroll 1
    while (true) {
        mbarrier_wait(ring.full(), ring.parity);
        const Piece piece = experts.piece(draws[ring.stage] / 2);
        wait_for_group();
        if (piece.phase == Phase::kEnd) {
            return;
        }
        const GroupedWork<Block> work = experts.work(piece.phase);
        Consumer<Block, GroupedWork<Block>> consumer(work, ring);
        if (piece.phase == Phase::kCombine) {
            consumer.release(ring.empty());
            ring.next();
            experts.combine(piece.index * Experts<Block>::kPieceTokens);
            continue;
        }
        const Part part = work.part(piece.index);
        Block::Counts::dispatch(part.num_rows, [&](auto num_rows) {
            consumer.template run_part<decltype(num_rows)::kValue>(
                part, work.num_k_tiles(), [&](const auto& sums, const Part& same, const auto& rows) {
                    if (piece.phase == Phase::kInner) {
                        store_silu_and_mul_bf16(consumer, sums, same, rows, experts.inner_rows);
                    } else {
                        store_bf16(consumer, sums, same, rows, experts.outer_rows);
                    }
                });
        });
        wait_for_group();
        if (threadIdx.x % kGroupThreads == 0) {
            experts.finish(piece);
        }
    }
}

#define EXPERTS_ADD_RMS_NORM(variant, Block, kBlocks)                                                         \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                           \
        bf16* residual,                            /* [tokens, hidden] */                                     \
        bf16* x,                                   /* [tokens, hidden]: the experts' input, then the norm */  \
        bf16* inner,                               /* [pairs, width] */                                       \
        bf16* outer,                               /* [pairs, hidden] */                                      \
        const uint8_t* __restrict__ gate_up,       /* [experts][tiles of 2 width][tiles of hidden][64, 64] */ \
        const uint8_t* __restrict__ down,          /* [experts][tiles of hidden][tiles of width][64, 64] */   \
        const bf16* __restrict__ norm,             /* [hidden] */                                             \
        const int* __restrict__ sorted_pairs,      /* [pairs] */                                              \
        int* tiles,                                /* [tiles][4], the last zero before and after */           \
        const int* __restrict__ num_tiles,         /* [1] */                                                  \
        int* progress,                             /* [2], zero before and after */                           \
        const float* __restrict__ routing_weights, /* [pairs] */                                              \
        const int* __restrict__ num_real_tokens,   /* [1]: tokens from there on are padding; null: none is */ \
        int num_tokens, int top_k, int width, int hidden, float eps) {                                        \
        const GroupedWork<Block> to_inner = {x,       gate_up, sorted_pairs, tiles, num_tiles,                \
                                             nullptr, top_k,   2 * width,    width, hidden};                  \
        const GroupedWork<Block> to_outer = {inner,           down, sorted_pairs, tiles,  num_tiles,          \
                                             routing_weights, 1,    hidden,       hidden, width};             \
        const Experts<Block> experts = {                                                                      \
            to_inner,        to_outer,   {tiles, reinterpret_cast<unsigned*>(progress), progress + 1},        \
            residual,        x,          norm,                                                                \
            num_real_tokens, num_tokens, eps,                                                                 \
            inner,           outer,      top_k};                                                              \
        int* draws = reinterpret_cast<int*>(shared_stages + Block::kEnd);                                     \
        run_warpgroups<Block>(                                                                                \
            shared_stages, [&](Producer<Block>& producer) { produce(producer, experts, draws); },             \
            [&](Ring<Block>& ring) { consume(ring, experts, draws); });                                       \
    }

// For few rows an expert, where a launch costs most. With many, sums take the registers that drawing needs.
EXPERTS_ADD_RMS_NORM(experts_add_rms_norm_tiled_m64_bf16, BlockM64, 2)

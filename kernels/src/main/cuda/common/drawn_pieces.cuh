// Work on tiles that blocks draw piece by piece, in order: parts of products first, then rows behind them, eight tokens
// at a time. Who draws a piece knows that all it may wait for was drawn before, by a block that runs and that itself
// waits for earlier pieces only: so none waits for ever, and blocks need not all be on the device at once.
#pragma once

#include "global_flags.cuh"
#include "named_barrier.cuh"
#include "tiled_linear.cuh"
#include "token_warps.cuh"

// The counter that pieces are drawn from, zero before a launch and after it: each block also draws one number behind
// the last piece, and the last of these wraps. Null: nobody waits, and blocks take pieces in turn.
struct Draw {
    unsigned* counter;
    int num_pieces;

    __device__ __forceinline__ unsigned last() const { return num_pieces + gridDim.x - 1; }

    __device__ __forceinline__ int first() const {
        return counter == nullptr ? blockIdx.x : static_cast<int>(atomicInc(counter, last()));
    }

    __device__ __forceinline__ int behind(int piece) const {
        return counter == nullptr ? piece + gridDim.x : static_cast<int>(atomicInc(counter, last()));
    }
};

// The first tiles of a part's weights, to L2: they need nobody.
template <typename Block, typename Work>
__device__ __forceinline__ void prefetch_weights(const Work& work, const Part& part, int num_tiles) {
    if (threadIdx.x < Block::kMath) {
        const size_t stride = static_cast<size_t>(work.num_k_tiles()) * kTileBytes;
        prefetch_bulk(part.weight + threadIdx.x * stride, min(num_tiles, work.num_k_tiles()) * kTileBytes);
    }
}

// What needs nothing of the launch in front: weights of the part that has the block's number. All blocks together ask
// for all parts that they draw first.
template <typename Block, typename Plan>
__device__ __forceinline__ void prepare_drawn(const Plan& plan) {
    if (blockIdx.x < plan.num_parts()) {
        prefetch_weights<Block>(plan.work(blockIdx.x), plan.part(blockIdx.x), Block::kStages);
    }
}

// The warpgroup that copies draws parts: twice the number of one that is ready, and one more of one that is not, for
// each stage with which a part begins. The number of the first piece that is none, which a stage of its own tells.
template <typename Block, typename Plan>
__device__ __forceinline__ int produce_drawn(Producer<Block>& producer, const Plan& plan, int* told) {
    const int num_parts = plan.num_parts();
    const Draw draw = plan.draw();
    int drawn = threadIdx.x == 0 ? draw.first() : 0;
    const auto wait_for_group = [] { bar_sync<1, kGroupThreads>(); };
#pragma unroll 1
    while (true) {
        mbarrier_wait(producer.issued.empty(), producer.issued.parity ^ 1);
        int* to_tell = told + producer.issued.stage;
        if (threadIdx.x == 0) {
            *to_tell = 2 * drawn + (drawn >= num_parts || plan.is_ready(drawn) ? 0 : 1);
        }
        wait_for_group();
        const int own = *to_tell / 2;
        const bool must_wait = *to_tell % 2 != 0;
        if (own >= num_parts) {
            if (threadIdx.x == 0) {
                mbarrier_arrive(producer.issued.full());
            }
            producer.issue();
            producer.drain();
            return own;
        }
        const auto work = plan.work(own);
        const Part part = plan.part(own);
        if (Plan::kPartsWait && must_wait) {
            prefetch_weights<Block>(work, part, work.num_k_tiles());
            // This block's own parts may be among those that are awaited.
            producer.drain();
            while (threadIdx.x == 0 && !plan.is_ready(own)) {
            }
            wait_for_group();
        }
        if (threadIdx.x == 0) {
            drawn = draw.behind(own);
        }
        producer.copy_part(work, part);
    }
}

template <typename Block, typename Plan>
__device__ __forceinline__ int consume_drawn(Ring<Block>& ring, const Plan& plan, const int* told) {
    const int group = threadIdx.x / kGroupThreads - 1;
    const auto wait_for_group = [&] { group == 0 ? bar_sync<2, kGroupThreads>() : bar_sync<3, kGroupThreads>(); };
    const int num_parts = plan.num_parts();
#pragma unroll 1
    while (true) {
        mbarrier_wait(ring.full(), ring.parity);
        const int own = told[ring.stage] / 2;
        wait_for_group();
        if (own >= num_parts) {
            return own;
        }
        const auto work = plan.work(own);
        const Part part = plan.part(own);
        Consumer<Block, typename Plan::Work> consumer(work, ring);
        Block::Counts::dispatch(part.num_rows, [&](auto num_rows) {
            consumer.template run_part<decltype(num_rows)::kValue>(
                part, work.num_k_tiles(), [&](const auto& sums, const Part& same, const auto& rows) {
                    plan.store(own, consumer, sums, same, rows);
                });
        });
        wait_for_group();
        if (threadIdx.x % kGroupThreads == 0) {
            plan.finish(own);
        }
    }
}

// Rows, by the last eight warps of a block that has no parts any more: the stages are free for what they keep.
template <typename Plan>
__device__ __forceinline__ void run_drawn_rows(const Plan& plan, int drawn, int thread, int* told) {
    const Draw draw = plan.draw();
#pragma unroll 1
    while (drawn < draw.num_pieces) {
        const int piece = drawn - plan.num_parts();
        if (thread == 0) {
            if (!plan.are_rows_ready(piece)) {
                plan.prefetch_rows(piece);
                while (!plan.are_rows_ready(piece)) {
                }
            }
            *told = draw.behind(drawn);
        }
        sync_tokens();
        plan.run_rows(piece, thread);
        drawn = *told;
        sync_tokens();
    }
    // Who draws last clears what nobody looks at any more.
    if (draw.counter != nullptr && drawn == draw.last()) {
        plan.clear(thread);
    }
}

// Runs a block. Where one warpgroup multiplies, the one that copies does rows as well.
template <typename Block, typename Plan>
__device__ __forceinline__ void run_drawn(const Plan& plan, uint8_t* shared_bytes) {
    // One for each stage, and one for rows.
    int* told = reinterpret_cast<int*>(shared_bytes + Block::kEnd);
    const auto prepare = [&](Producer<Block>&) {
        if constexpr (Plan::kKnowsWeights) {
            prepare_drawn<Block>(plan);
        }
    };
    if constexpr (Block::kThreads == kTokenThreads) {
        int drawn = 0;
        run_warpgroups<Block>(
            shared_bytes, [&](Producer<Block>& producer) { drawn = produce_drawn(producer, plan, told); },
            [&](Ring<Block>& ring) { drawn = consume_drawn(ring, plan, told); }, prepare);
        run_drawn_rows(plan, drawn, threadIdx.x, told + Block::kStages);
    } else {
        static_assert(Block::kThreads == kGroupThreads + kTokenThreads, "eight warps multiply");
        run_warpgroups<Block>(
            shared_bytes, [&](Producer<Block>& producer) { produce_drawn(producer, plan, told); },
            [&](Ring<Block>& ring) {
                const int drawn = consume_drawn(ring, plan, told);
                run_drawn_rows(plan, drawn, threadIdx.x - kGroupThreads, told + Block::kStages);
            },
            prepare);
    }
}

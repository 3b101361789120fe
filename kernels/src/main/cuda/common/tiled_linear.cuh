// x wᵀ with weights as images of tiles, for 9.0: weights are the rows of the tensor-core product and rows of x its
// columns, of which there may be few. Every variant takes k in steps of 16, rising, so a row has the same bits in all.
#pragma once

#include "async_copy.cuh"
#include "bf16.cuh"
#include "bulk_copy.cuh"
#include "launch_order.cuh"
#include "tiled_block.cuh"
#include "wgmma.cuh"

// The warpgroup that copies: its first thread images of weights, all threads rows of x, a chunk of every 16th.
template <typename Block>
struct Producer {
    Ring<Block> issued;
    Ring<Block> landed;
    int num_pending = 0;
    // Stages whose weights are on their way already, in the first thread.
    int num_asked = 0;
    uint64_t weight_policy = evict_first_policy();
    uint64_t x_policy = evict_last_policy();

    __device__ __forceinline__ explicit Producer(uint32_t shared) : issued(shared), landed(shared) {}

    // Hands over the oldest stage: the thread's copies have landed, and tensor cores see them.
    __device__ __forceinline__ void hand_over() {
        fence_proxy_async();
        __syncwarp();
        if (threadIdx.x % kWarpSize == 0) {
            mbarrier_arrive(landed.full());
        }
        landed.next();
        num_pending--;
    }

    // Rows begin in the middle of a tile where a block has no whole tiles.
    __device__ __forceinline__ void copy_weights(
        const Ring<Block>& ring, const uint8_t* rows, int first_column, int num_tiles) {
        mbarrier_arrive_expect_tx(ring.full(), Block::kWeightBytes);
        const size_t tile_stride = static_cast<size_t>(num_tiles) * kTileBytes;
        if constexpr (Block::BLOCK_ROWS % TILE_ROWS == 0) {
#pragma unroll
            for (int m = 0; m < Block::kMath; m++) {
                cp_async_bulk(
                    ring.weights() + m * kTileBytes, rows + m * tile_stride, kTileBytes, ring.full(), weight_policy);
            }
        } else {
            const int row = first_column % TILE_ROWS;
            const uint32_t first_bytes = min(Block::BLOCK_ROWS, TILE_ROWS - row) * kRowBytes;
            cp_async_bulk(ring.weights(), rows, first_bytes, ring.full(), weight_policy);
            if (first_bytes < Block::kWeightBytes) {
                cp_async_bulk(
                    ring.weights() + first_bytes, rows - row * kRowBytes + tile_stride,
                    Block::kWeightBytes - first_bytes, ring.full(), weight_policy);
            }
        }
    }

    // Asks for the weights of the block's first stages, which need nobody.
    template <typename Work>
    __device__ __forceinline__ void ask_ahead(const Work& work) {
        if (threadIdx.x == 0 && static_cast<int>(blockIdx.x) < work.num_parts()) {
            const Part part = work.part(blockIdx.x);
            const int num_tiles = work.num_k_tiles();
            Ring<Block> ahead = issued;
#pragma unroll 1
            for (; num_asked < min(Block::kStages, num_tiles); num_asked++) {
                copy_weights(
                    ahead, part.weight + static_cast<size_t>(num_asked) * kTileBytes, part.first_column, num_tiles);
                ahead.next();
            }
        }
        __syncwarp();
    }

    // Of the next stage, by the first thread.
    template <typename Work>
    __device__ __forceinline__ bool must_ask() {
        if constexpr (Work::kKnowsWeights) {
            return --num_asked < 0;
        }
        return true;
    }

    // The stage that was filled last, when those before it are ready to be handed over.
    __device__ __forceinline__ void issue() {
        cp_async_commit_group();
        issued.next();
        if (++num_pending > Block::kAhead) {
            cp_async_wait_group<Block::kAhead>();
            hand_over();
        }
    }

    // Hands over all that is under way.
    __device__ __forceinline__ void drain() {
        cp_async_wait_group<0>();
        while (num_pending > 0) {
            hand_over();
        }
    }

    template <typename Work>
    __device__ __forceinline__ void copy_part(const Work& work, const Part& part) {
        constexpr int kPassRows = kGroupThreads / kChunks;
        const int row = threadIdx.x / kChunks;
        const int chunk = threadIdx.x % kChunks;
        const int chunks_per_row = work.k / kVectorWidth;
        const int padded = Block::Counts::padded(part.num_rows);
        uint32_t offsets[Block::BLOCK_X / kPassRows];
#pragma unroll
        for (int pass = 0; pass < Block::BLOCK_X / kPassRows; pass++) {
            const int i = pass * kPassRows + row;
            offsets[pass] = i < part.num_rows ? work.row(part.first_row + i) * chunks_per_row + chunk : chunk;
        }
        const uint32_t place = tile_offset(row, chunk);
        const int num_tiles = work.num_k_tiles();
#pragma unroll 1
        for (int tile = 0; tile < num_tiles; tile++) {
            mbarrier_wait(issued.empty(), issued.parity ^ 1);
            if (threadIdx.x == 0 && must_ask<Work>()) {
                copy_weights(
                    issued, part.weight + static_cast<size_t>(tile) * kTileBytes, part.first_column, num_tiles);
            }
            const bool is_in_row = tile * kChunks + chunk < chunks_per_row;
            const bf16* source = work.x + static_cast<size_t>(tile) * TILE_K;
#pragma unroll
            for (int pass = 0; pass < Block::BLOCK_X / kPassRows; pass++) {
                if (pass * kPassRows + row < padded) {
                    cp_async_16(
                        issued.x() + pass * kPassRows * kRowBytes + place,
                        is_in_row ? source + static_cast<size_t>(offsets[pass]) * kVectorWidth : source,
                        is_in_row && pass * kPassRows + row < part.num_rows, x_policy);
                }
            }
            issue();
        }
    }

    template <typename Work>
    __device__ __forceinline__ void run(const Work& work) {
        const int num_parts = work.num_parts();
#pragma unroll 1
        for (int i = blockIdx.x; i < num_parts; i += gridDim.x) {
            copy_part(work, work.part(i));
        }
        drain();
    }
};

// What most parts have to do while tensor cores work.
struct NothingBeside {
    template <typename... Arguments>
    __device__ __forceinline__ void operator()(const Arguments&...) const {}
};

// A warpgroup that multiplies.
template <typename Block, typename Work>
struct Consumer {
    const Work& work;
    Ring<Block>& ring;
    int group;  // of the multiplying ones

    __device__ __forceinline__ Consumer(const Work& work_, Ring<Block>& ring_)
        : work(work_), ring(ring_), group(threadIdx.x / kGroupThreads - 1) {}

    __device__ __forceinline__ void release(uint32_t empty) {
        if (threadIdx.x % kGroupThreads == 0) {
            mbarrier_arrive(empty);
        }
    }

    // An instruction has 256 columns at most; more rows of x are two of them.
    template <int kRows, int kSums>
    static __device__ __forceinline__ void multiply(float (&sums)[kSums], uint64_t weights, uint64_t x) {
        if constexpr (kRows <= kMostColumns) {
            Wgmma<kRows>::add(sums, weights, x);
        } else {
            constexpr int kFirst = (kRows / 2 + 15) / 16 * 16;
            Wgmma<kFirst>::add(sums, weights, x);
            Wgmma<kRows - kFirst>::template add<kFirst / 2>(sums, weights, x + kFirst * (kRowBytes >> 4));
        }
    }

    // One part with kRows rows of x, of which the last may be padding. While a tile of k is multiplied,
    // beside(rows, part, tile) has the threads; it may not take longer than that.
    template <int kRows, typename Store, typename Beside = NothingBeside>
    __device__ __forceinline__ void run_part(const Part& part, int num_tiles, Store store, Beside beside = {}) {
        typename Work::template Rows<(kRows + kWarpSize - 1) / kWarpSize> rows(work, part);
        float sums[kRows / 2];
#pragma unroll
        for (int j = 0; j < kRows / 2; j++) {
            sums[j] = 0;
        }
        uint32_t last_empty = 0;
#pragma unroll 1
        for (int tile = 0;;) {
            mbarrier_wait(ring.full(), ring.parity);
            const uint64_t weights = swizzled_matrix(ring.weights() + group * kTileBytes);
            const uint64_t x = swizzled_matrix(ring.x());
            wgmma_fence();
#pragma unroll
            for (int step = 0; step < TILE_K / 16; step++) {
                multiply<kRows>(sums, weights + step * 2, x + step * 2);
            }
            wgmma_commit_group();
            // The stage before is done while this one is multiplied.
            wgmma_wait_group<1>();
            if (tile > 0) {
                release(last_empty);
            }
            last_empty = ring.empty();
            ring.next();
            beside(rows, part, tile);
            if (++tile == num_tiles) {
                break;
            }
        }
        rows.load_scales(work, part);
        wgmma_wait_group<0>();
        release(last_empty);
        store(sums, part, rows);
    }

    template <typename Store, typename Beside>
    __device__ __forceinline__ void run(Store store, Beside beside) {
        const int num_parts = work.num_parts();
        const int num_tiles = work.num_k_tiles();
#pragma unroll 1
        for (int i = blockIdx.x; i < num_parts; i += gridDim.x) {
            const Part part = work.part(i);
            Block::Counts::dispatch(
                part.num_rows, [&](auto rows) { run_part<decltype(rows)::kValue>(part, num_tiles, store, beside); });
        }
    }

    // The warp's room for a piece of the result, of which there are two that are used in turn.
    __device__ __forceinline__ uint32_t store_room(int turn) const {
        return ring.shared + Block::kStores + (threadIdx.x / kWarpSize - kGroupWarps) * kStoreBytes +
               turn % 2 * (kStoreBytes / 2);
    }

    // The first of the warp's 16 columns.
    __device__ __forceinline__ int warp_column(const Part& part) const {
        return part.first_column + group * TILE_ROWS + static_cast<int>(threadIdx.x) / kWarpSize % kGroupWarps * 16;
    }
};

struct NothingAhead {
    template <typename Block>
    __device__ __forceinline__ void operator()(Producer<Block>&) const {}
};

// Runs a block: one warpgroup does produce, the others consume. What needs nothing of the launch in front, prepare does
// before that has ended.
template <typename Block, typename Produce, typename Consume, typename Prepare = NothingAhead>
__device__ __forceinline__ void run_warpgroups(
    uint8_t* shared_bytes, Produce produce, Consume consume, Prepare prepare = {}) {
    const uint32_t shared = shared_address(shared_bytes);
    if (threadIdx.x == 0) {
        Ring<Block>(shared).initialise();
    }
    __syncthreads();
    // 65,536 registers are 168 for each of 384 threads, 128 of 512: those that copy leave theirs to those that
    // multiply.
    constexpr bool kMovesRegisters = Block::kMath > 1;
    if (threadIdx.x < kGroupThreads) {
        if constexpr (kMovesRegisters) {
            setmaxnreg_dec<Block::kMath == 2 ? 72 : 56>();
        }
        Producer<Block> producer(shared);
        prepare(producer);
        wait_for_launch_in_front();
        produce(producer);
    } else {
        if constexpr (kMovesRegisters) {
            setmaxnreg_inc<Block::kMath == 2 ? 216 : 152>();
        }
        wait_for_launch_in_front();
        let_launch_behind_begin();
        Ring<Block> ring(shared);
        consume(ring);
    }
}

// Runs a block on the parts of one product in turn: store says what becomes of the sums, beside what is done meanwhile.
template <typename Block, typename Work, typename Store, typename Beside = NothingBeside>
__device__ __forceinline__ void run_tiled(const Work& work, uint8_t* shared_bytes, Store store, Beside beside = {}) {
    run_warpgroups<Block>(
        shared_bytes, [&](Producer<Block>& producer) { producer.run(work); },
        [&](Ring<Block>& ring) {
            Consumer<Block, Work> consumer(work, ring);
            consumer.run(
                [&](const auto& sums, const Part& part, const auto& rows) { store(consumer, sums, part, rows); },
                [&](auto& rows, const Part& part, int tile) { beside(consumer, rows, part, tile); });
        },
        [&](Producer<Block>& producer) {
            if constexpr (Work::kKnowsWeights) {
                producer.ask_ahead(work);
            }
        });
}

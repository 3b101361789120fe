// Attention on 9.0: a warp brings tiles by bulk copies, warpgroups of 64 rows multiply by wgmma. Decode and prefill run
// the same instructions in the same order, so that a row has the same bits in both.
#pragma once

#include "async_copy.cuh"
#include "attention_walk.cuh"
#include "bulk_copy.cuh"
#include "launch_order.cuh"
#include "mbarrier.cuh"
#include "wgmma.cuh"

constexpr int kGroupThreads = 128;
constexpr int kGroupWarps = kGroupThreads / kWarpSize;
constexpr int kGroupRows = 16 * kGroupWarps;
constexpr uint32_t kTileBytes = 2 * kHalfBytes;

// Tiles in shared memory, each with a record of the item that begins there, and the barriers of full and empty. The
// warp that brings them and the warps that use them have a place each.
template <int kStages>
struct TileRing {
    static constexpr uint32_t kRecords = kStages * kTileBytes;
    static constexpr uint32_t kBarriers = kRecords + kStages * sizeof(Item);
    // Swizzled matrices begin at multiples of 1,024 bytes, those of a next ring too.
    static constexpr uint32_t kBytes = (kBarriers + kStages * 16 + 1023) / 1024 * 1024;

    uint8_t* bytes;
    uint32_t shared;
    int stage = 0;
    uint32_t parity = 0;

    __device__ __forceinline__ explicit TileRing(uint8_t* bytes_) : bytes(bytes_), shared(shared_address(bytes_)) {}

    __device__ __forceinline__ uint32_t keys() const { return shared + stage * kTileBytes; }
    __device__ __forceinline__ uint32_t values() const { return keys() + kHalfBytes; }
    __device__ __forceinline__ uint32_t full() const { return shared + kBarriers + stage * 16; }
    __device__ __forceinline__ uint32_t empty() const { return full() + 8; }
    __device__ __forceinline__ Item* item() const { return reinterpret_cast<Item*>(bytes + kRecords) + stage; }
    __device__ __forceinline__ void wait_full() const { mbarrier_wait(full(), parity); }
    __device__ __forceinline__ void wait_empty() const { mbarrier_wait(empty(), parity ^ 1); }

    __device__ __forceinline__ void next() {
        stage++;
        if (stage == kStages) {
            stage = 0;
            parity ^= 1;
        }
    }

    // By one thread, before anybody uses it.
    __device__ __forceinline__ void initialise(int num_warps) const {
        for (int s = 0; s < kStages; s++) {
            mbarrier_init(shared + kBarriers + s * 16, 1);
            mbarrier_init(shared + kBarriers + s * 16 + 8, num_warps);
        }
        fence_mbarrier_init();
    }
};

// By each warp that uses a stage, when all its lanes are done with it.
__device__ __forceinline__ void release(uint32_t empty) {
    __syncwarp();
    if (threadIdx.x % kWarpSize == 0) {
        mbarrier_arrive(empty);
    }
}

// Zeros in the place of keys and values that are not there: tensor cores multiply whatever lies in a stage.
__device__ __forceinline__ void clear_rows(uint32_t tile, int first_row) {
    for (int i = first_row * 8 + threadIdx.x % kWarpSize; i < kTileTokens * 8; i += kWarpSize) {
        st_shared_zeros_16(tile + i * 16);
        st_shared_zeros_16(tile + kHalfBytes + i * 16);
    }
    fence_proxy_async();
}

// Brings the tiles of all items that a warp draws; behind the last an item without tiles. Plan and block tables, where
// the walk has begun, are there before the launch in front has ended; keys and values need not be: what an item has in
// common with another sequence may be of this step, too.
template <int kStages>
__device__ __forceinline__ void bring_tiles(TileRing<kStages> ring, AttentionWalk walk, uint64_t policy) {
    bool begins = true;
    wait_for_launch_in_front();
#pragma unroll 1
    while (true) {
        ring.wait_empty();
        if (begins) {
            walk.note(reinterpret_cast<int*>(ring.item()));
        }
        if (!walk.has_tile()) {
            break;
        }
        const bf16* source = walk.source();
        const int num_rows = min(walk.num_keys(), kTileTokens);
        if (num_rows < kTileTokens) {
            clear_rows(ring.keys(), num_rows);
        }
        __syncwarp();
        if (threadIdx.x % kWarpSize == 0) {
            mbarrier_arrive_expect_tx(ring.full(), num_rows * 2 * kRowBytes);
            cp_async_bulk(ring.keys(), source, num_rows * kRowBytes, ring.full(), policy);
            cp_async_bulk(ring.values(), source + kHalfElements, num_rows * kRowBytes, ring.full(), policy);
        }
        ring.next();
        begins = walk.next();
    }
    release(ring.full());
}

// scores = q kᵀ, over dims in steps of 16, rising.
__device__ __forceinline__ void multiply_keys(
    float (&scores)[kColumnTiles][4], const uint32_t (&q)[kSteps][4], uint32_t keys) {
    const uint64_t matrix = swizzled_matrix(keys);
    auto& d = reinterpret_cast<float (&)[4 * kColumnTiles]>(scores);
    wgmma_m64n64k16<false, false>(d, q[0], matrix);
#pragma unroll
    for (int step = 1; step < kSteps; step++) {
        wgmma_m64n64k16<true, false>(d, q[step], matrix + step * 2);
    }
}

// sums += p v, over keys in steps of 16, rising.
__device__ __forceinline__ void multiply_values(
    float (&sums)[kColumnTiles][4], const uint32_t (&p)[kSteps][4], uint32_t values) {
    const uint64_t matrix = swizzled_matrix(values);
    auto& d = reinterpret_cast<float (&)[4 * kColumnTiles]>(sums);
#pragma unroll
    for (int step = 0; step < kSteps; step++) {
        wgmma_m64n64k16<true, true>(d, p[step], matrix + step * 128);
    }
}

__device__ __forceinline__ void clear(float (&scores)[kColumnTiles][4]) {
#pragma unroll
    for (int j = 0; j < kColumnTiles; j++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            scores[j][i] = 0;
        }
    }
}

// Sums up tiles of the ring, at least one; add_scores(tile, scores, p) turns a tile's scores into exponentials. Values
// are multiplied together with the next tile's keys: a warpgroup waits for tensor cores once a tile. What they are not
// to add to is cleared once all the same: registers that nobody wrote would serialise them.
template <int kStages, typename Sums, typename AddScores>
__device__ __forceinline__ void add_tiles(
    Sums& sums, const uint32_t (&q)[kSteps][4], TileRing<kStages>& ring, int tile, int end_tile, AddScores add_scores) {
    float scores[kColumnTiles][4];
    uint32_t p[kSteps][4];
    clear(scores);
    ring.wait_full();
    wgmma_fence();
    multiply_keys(scores, q, ring.keys());
    wgmma_commit_group();
    wgmma_wait_group<0>();
    uint32_t empty;
#pragma unroll 1
    while (true) {
        add_scores(tile, scores, p);
        wgmma_fence();
        multiply_values(sums.values, p, ring.values());
        wgmma_commit_group();
        empty = ring.empty();
        ring.next();
        if (++tile == end_tile) {
            break;
        }
        ring.wait_full();
        wgmma_fence();
        multiply_keys(scores, q, ring.keys());
        wgmma_commit_group();
        wgmma_wait_group<0>();
        release(empty);
    }
    wgmma_wait_group<0>();
    release(empty);
}

// Sums up an item's tiles, chunk by chunk, of which end_chunk(chunk) takes the sums.
template <int kStages, typename Sums, typename AddScores, typename EndChunk>
__device__ __forceinline__ void add_chunks(
    Sums& sums, const uint32_t (&q)[kSteps][4], TileRing<kStages>& ring, int tile, int end_tile, AddScores add_scores,
    EndChunk end_chunk) {
#pragma unroll 1
    while (tile < end_tile) {
        const int chunk = tile / kChunkTiles;
        const int end = min(end_tile, (chunk + 1) * kChunkTiles);
        sums.clear();
        add_tiles(sums, q, ring, tile, end, add_scores);
        end_chunk(chunk);
        tile = end;
    }
}

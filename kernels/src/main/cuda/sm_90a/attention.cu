// Computes: out = softmax(q kᵀ / 8) v over a token's own and earlier positions; keys in tiles of 64 at fixed positions,
//           summed up within chunks of 8 tiles, chunks merged in order: a token has the same bits in any batch.
// Shapes:   out [tokens, heads 64]; qkv [tokens, (heads + 2 kv_heads) 64]; kv_blocks as qk_norm_rope_store writes them.
// Launch:   a block a multiprocessor, whatever the batch: warps that copy take the plan's items in turn.
// Bound:    decode: every K and V byte once; prefill: 256 FLOPs a query row, key and dim, at what wgmma gives.
// Twin:     CpuOps.attention, AttentionWork: exponentials are rounded to bfloat16 before they meet the values.
#include "../common/attention_decode_pieces.cuh"
#include "../common/attention_prefill_rows.cuh"
#include "../common/attention_warpgroup.cuh"
#include "../common/named_barrier.cuh"

// Two warpgroups have an item each at a time, a ring of six tiles, and a warp of a third that fills it and leaves them
// most of its registers.
constexpr int kDecodeGroups = 2;
constexpr int kDecodeStages = 6;
constexpr int kDecodeThreads = (kDecodeGroups + 1) * kGroupThreads;
using DecodeRing = TileRing<kDecodeStages>;

extern __shared__ __align__(1024) uint8_t shared_stages[];

// The warpgroup sums up items until there are none. The group's heads are rows of one of its warps. The other rows have
// no query, and nobody looks at what becomes of them: copies take longer than these products.
__device__ __forceinline__ void sum_up_decode(const Arguments& arguments, DecodeRing ring, bool has_rows) {
    const int row = threadIdx.x % kWarpSize / 4;
    const bool has_row = row < arguments.group_heads;
#pragma unroll 1
    while (true) {
        ring.wait_full();
        const Item item = *ring.item();
        if (item.end_tile == 0) {
            break;
        }
        const int kv_head = noted_kv_head(item);
        const int num_keys = item.first_position + 1;
        uint32_t q[kSteps][4];
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const int head = kv_head * arguments.group_heads + row + h * 8;
            load_query(q, h, arguments.query(item.first_token, head), has_rows && row + h * 8 < arguments.group_heads);
        }
        DecodeSums sums;
        DecodeSums total;
        total.clear();
        add_chunks(
            sums, q, ring, item.first_tile, item.end_tile,
            [&](int tile, float (&scores)[kColumnTiles][4], uint32_t (&p)[kSteps][4]) {
                // Compilers serialise products with constants for those rows that there are not: they get their scores.
                const int num_row_keys[1] = {num_keys - tile * kTileTokens};
                sums.add_scores<true>(p, scores, num_row_keys);
#pragma unroll
                for (int i = 0; i < 2 * kSteps; i++) {
                    p[i / 2][i % 2 * 2 + 1] = cvt_rn_bf16x2_f32(scores[i][3], scores[i][2]);
                }
            },
            [&](int chunk) {
                if (has_rows) {
                    if (item.num_pieces > 1) {
                        store_partial(arguments, decode_partial(arguments, item.partial + chunk, kv_head), sums);
                    } else {
                        add_chunk(total, sums, chunk);
                    }
                }
            });
        if (!has_rows) {
            continue;
        }
        if (item.num_pieces > 1) {
            unsigned* counter = arguments.counters + kPieceCounters + item.partial * arguments.num_kv_heads + kv_head;
            if (!is_last_piece(counter, item.num_pieces)) {
                continue;
            }
            merge_pieces(total, arguments, item.partial, kv_head, num_keys);
        }
        total.store(arguments.output(item.first_token, kv_head * arguments.group_heads + row), 0, has_row);
    }
}

extern "C" __global__ void __launch_bounds__(kDecodeThreads, 1) attention_decode_wgmma_bf16(
    bf16* __restrict__ out,                // [tokens, heads 64]
    const bf16* __restrict__ qkv,          // [tokens, (heads + 2 kv_heads) 64]
    const bf16* __restrict__ kv_blocks,    // [blocks, kv_heads, 2, 64, 64] of one layer
    const int* __restrict__ block_tables,  // [conv slots, max_blocks]
    const int* __restrict__ plan,          // header, items
    float* __restrict__ partials,          // [partial, kv_heads, 18, 4 group_heads]
    unsigned* __restrict__ counters,       // zero before and after
    int max_blocks, int group_heads, int num_kv_heads) {
    const Arguments arguments = {out,      qkv,      kv_blocks,  block_tables, plan,
                                 partials, counters, max_blocks, group_heads,  num_kv_heads};
    if (threadIdx.x == 0) {
        for (int group = 0; group < kDecodeGroups; group++) {
            DecodeRing(shared_stages + group * DecodeRing::kBytes).initialise(kGroupWarps);
        }
    }
    __syncthreads();
    const int warp = __shfl_sync(kAllLanes, threadIdx.x / kWarpSize, 0);
    const int group = warp / kGroupWarps;
    if (group < kDecodeGroups) {
        setmaxnreg_inc<216>();
        wait_for_launch_in_front();
        let_launch_behind_begin();
        const DecodeRing ring(shared_stages + group * DecodeRing::kBytes);
        // Warps of different quarters of the multiprocessor.
        sum_up_decode(arguments, ring, warp % kGroupWarps == group);
        return;
    }
    setmaxnreg_dec<72>();
    const int served = warp % kGroupWarps;
    if (served < kDecodeGroups) {
        // Neighbouring tickets go to different multiprocessors.
        const AttentionWorkers workers = {
            kDecodeKind, 0, static_cast<int>(served * gridDim.x + blockIdx.x),
            static_cast<int>(kDecodeGroups * gridDim.x)};
        const DecodeRing ring(shared_stages + served * DecodeRing::kBytes);
        bring_tiles(ring, AttentionWalk(arguments, workers), evict_first_policy());
    }
}

// Two warpgroups have 64 rows of an item each, and share a ring that one warp fills.
constexpr int kPrefillStages = 4;
constexpr int kPrefillGroups = kPrefillRows / kGroupRows;
constexpr int kSumThreads = kPrefillGroups * kGroupThreads;
using PrefillRing = TileRing<kPrefillStages>;

// Tiles of an item that the warpgroup has to look at: behind them all is masked, or it has no row. Pieces are merged
// chunk by chunk, so of those each has all.
__device__ __forceinline__ int end_tile_of_group(const PrefillRows<1>& rows, const Item& item) {
    const int first_row = threadIdx.x / kGroupThreads * kGroupRows;
    if (first_row >= rows.num_rows) {
        return item.first_tile;
    }
    const int num_keys = item.first_position + rows.token(first_row + kGroupRows - 1) + 1;
    return item.num_pieces > 1 ? item.end_tile : (num_keys + kTileTokens - 1) / kTileTokens;
}

__device__ __forceinline__ void sum_up_prefill(const Arguments& arguments, PrefillRing ring, PrefillTotal<1>& total) {
#pragma unroll 1
    while (true) {
        ring.wait_full();
        const Item item = *ring.item();
        if (item.end_tile == 0) {
            break;
        }
        const int kv_head = noted_kv_head(item);
        const PrefillRows<1> rows(arguments, item, kv_head);
        const int end_tile = end_tile_of_group(rows, item);
        AttentionSums<2> sums[1];
        if (end_tile > item.first_tile) {
            uint32_t q[1][kSteps][4];
            rows.load_queries(q);
            const int num_keys[2] = {rows.num_keys(0, 0), rows.num_keys(0, 1)};
            const int common_keys = rows.common_keys();
            add_chunks(
                sums[0], q[0], ring, item.first_tile, end_tile,
                [&](int tile, float (&scores)[kColumnTiles][4], uint32_t (&p)[kSteps][4]) {
                    const int first_key = tile * kTileTokens;
                    const int num_row_keys[2] = {num_keys[0] - first_key, num_keys[1] - first_key};
                    if (common_keys - first_key < kTileTokens) {
                        sums[0].add_scores<true>(p, scores, num_row_keys);
                    } else {
                        sums[0].add_scores<false>(p, scores, num_row_keys);
                    }
                },
                [&](int chunk) { end_chunk(sums, total, arguments, item, kv_head, chunk); });
        }
#pragma unroll 1
        for (int tile = end_tile; tile < item.end_tile; tile++) {
            ring.wait_full();
            release(ring.empty());
            ring.next();
        }
        bool stores = rows.warp_has_rows();
        if (item.num_pieces > 1) {
            stores = merge_pieces(total, arguments, item, kv_head, stores, [] { bar_sync<1, kSumThreads>(); });
        }
        if (stores) {
            total.load(0, sums[0]);
            rows.store(0, sums[0]);
        }
    }
}

extern "C" __global__ void __launch_bounds__(kSumThreads + kWarpSize, 1) attention_prefill_wgmma_bf16(
    bf16* __restrict__ out,                // [tokens, heads 64]
    const bf16* __restrict__ qkv,          // [tokens, (heads + 2 kv_heads) 64]
    const bf16* __restrict__ kv_blocks,    // [blocks, kv_heads, 2, 64, 64] of one layer
    const int* __restrict__ block_tables,  // [conv slots, max_blocks]
    const int* __restrict__ plan,          // header, items
    float* __restrict__ partials,          // [partial, kv_heads, 9, threads, 4]
    unsigned* __restrict__ counters,       // zero before and after
    int max_blocks, int group_heads, int num_kv_heads, int first_item) {
    const Arguments arguments = {out,      qkv,      kv_blocks,  block_tables, plan,
                                 partials, counters, max_blocks, group_heads,  num_kv_heads};
    const PrefillRing ring(shared_stages);
    if (threadIdx.x == 0) {
        ring.initialise(kPrefillGroups * kGroupWarps);
    }
    __syncthreads();
    if (threadIdx.x < kSumThreads) {
        wait_for_launch_in_front();
        let_launch_behind_begin();
        PrefillTotal<1> total;
        total.values = reinterpret_cast<float4*>(shared_stages + PrefillRing::kBytes) + threadIdx.x;
        sum_up_prefill(arguments, ring, total);
    } else {
        const AttentionWorkers workers = {
            kPrefillKind, first_item, static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x)};
        bring_tiles(ring, AttentionWalk(arguments, workers), evict_last_policy());
    }
}

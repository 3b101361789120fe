// Computes: out = softmax(q kᵀ / 8) v over a token's own and earlier positions; keys in tiles of 64 at fixed positions,
//           summed up within chunks of 8 tiles, chunks merged in order: a token has the same bits in any batch.
// Shapes:   out [tokens, heads 64]; qkv [tokens, (heads + 2 kv_heads) 64]; kv_blocks as qk_norm_rope_store writes them.
// Launch:   as many blocks of 128 threads as fit on the device, whatever the batch: they take the plan's items in turn.
// Bound:    decode: every K and V byte once; prefill: 256 FLOPs a query row, key and dim, at what mma.sync gives.
// Twin:     CpuOps.attention, AttentionWork: exponentials are rounded to bfloat16 before they meet the values.
#include "common/attention_decode.cuh"
#include "common/attention_prefill.cuh"

extern "C" __global__ void __launch_bounds__(kBlockThreads) attention_decode_bf16(
    bf16* __restrict__ out,                // [tokens, heads 64]
    const bf16* __restrict__ qkv,          // [tokens, (heads + 2 kv_heads) 64]
    const bf16* __restrict__ kv_blocks,    // [blocks, kv_heads, 2, 64, 64] of one layer
    const int* __restrict__ block_tables,  // [conv slots, max_blocks]
    const int* __restrict__ plan,          // header, items
    float* __restrict__ partials,          // [partial, kv_heads, 18, 4 group_heads]
    unsigned* __restrict__ counters,       // zero before and after
    int max_blocks, int group_heads, int num_kv_heads) {
    extern __shared__ __align__(128) uint8_t shared_stages[];
    __shared__ int items[kDecodeWarps][kItemsAhead * kItemInts];
    const Arguments arguments = {out,      qkv,      kv_blocks,  block_tables, plan,
                                 partials, counters, max_blocks, group_heads,  num_kv_heads};
    const int warp = threadIdx.x / kWarpSize;
    const int row = threadIdx.x % kWarpSize / 4;
    const bool has_row = row < group_heads;
    const uint32_t first_stage = shared_address(shared_stages) + warp * kDecodeStages * kHalfBytes;
    DecodeStages stages = {first_stage, first_stage};
    DecodeLoads loads(arguments, items[warp]);
    loads.copy_keys(stages.half(0));
    loads.copy_values(stages.half(1));
    loads.copy_keys(stages.half(2));

#pragma unroll 1
    for (int i = 0;; i = (i + 1) % kItemsAhead) {
        __syncwarp();
        const int* item = items[warp] + i * kItemInts;
        const int token = item[0];
        const int kv_head = item[kKvHead];
        const int num_keys = item[3] + 1;
        const int first_tile = item[4];
        const int end_tile = item[5];
        const int partial = item[6];
        const int num_pieces = item[7];
        if (end_tile == 0) {
            break;
        }
        uint32_t q[1][kSteps][4] = {};
        load_query(q[0], 0, arguments.query(token, kv_head * group_heads + row), has_row);
        DecodeSums sums[1];
        DecodeSums total;
        sums[0].clear();
        total.clear();
#pragma unroll 1
        for (int tile = first_tile; tile < end_tile; tile++) {
            add_tile(sums, q, num_keys - tile * kTileTokens, stages, loads);
            if (tile % kChunkTiles == kChunkTiles - 1 || tile == end_tile - 1) {
                const int chunk = tile / kChunkTiles;
                if (num_pieces > 1) {
                    store_partial(arguments, decode_partial(arguments, partial + chunk, kv_head), sums[0]);
                } else {
                    add_chunk(total, sums[0], chunk);
                }
                sums[0].clear();
            }
        }
        if (num_pieces > 1) {
            if (!is_last_piece(counters + kPieceCounters + partial * num_kv_heads + kv_head, num_pieces)) {
                continue;
            }
            merge_pieces(total, arguments, partial, kv_head, num_keys);
        }
        total.store(arguments.output(token, kv_head * group_heads + row), 0, has_row);
    }
}

extern "C" __global__ void __launch_bounds__(kBlockThreads) attention_prefill_bf16(
    bf16* __restrict__ out,                // [tokens, heads 64]
    const bf16* __restrict__ qkv,          // [tokens, (heads + 2 kv_heads) 64]
    const bf16* __restrict__ kv_blocks,    // [blocks, kv_heads, 2, 64, 64] of one layer
    const int* __restrict__ block_tables,  // [conv slots, max_blocks]
    const int* __restrict__ plan,          // header, items
    float* __restrict__ partials,          // [partial, kv_heads, 2, 9, threads, 4]
    unsigned* __restrict__ counters,       // zero before and after
    int max_blocks, int group_heads, int num_kv_heads, int first_item) {
    extern __shared__ __align__(128) uint8_t shared_stages[];
    __shared__ int next_ticket;
    const Arguments arguments = {out,      qkv,      kv_blocks,  block_tables, plan,
                                 partials, counters, max_blocks, group_heads,  num_kv_heads};
    const uint32_t first_stage = shared_address(shared_stages);
    const uint32_t end_stage = first_stage + kPrefillStages * kTileBytes;
    PrefillTotal<kPrefillTilesM> total;
    total.values = reinterpret_cast<float4*>(shared_stages + kPrefillStages * kTileBytes) + threadIdx.x;

    // The first ticket of a block is its number; the others are drawn until one is beyond the last, num_tickets times.
    const int num_tickets = plan[kPrefillKind] * num_kv_heads;
    int ticket = blockIdx.x;
#pragma unroll 1
    while (ticket < num_tickets) {
        const int kv_head = ticket % num_kv_heads;
        const Item item = reinterpret_cast<const Item*>(plan + kHeaderInts)[first_item + ticket / num_kv_heads];
        const PrefillRows<kPrefillTilesM> rows(arguments, item, kv_head);
        const bool has_rows = rows.warp_has_rows();
        PrefillLoads loads(arguments, item, kv_head);
        uint32_t write_stage = first_stage;
        uint32_t stage = first_stage;
#pragma unroll
        for (int s = 0; s < kPrefillStages - 1; s++) {
            loads.copy(write_stage);
            write_stage += kTileBytes;
        }
        if (threadIdx.x == 0) {
            next_ticket = gridDim.x + atomicInc(counters + kPrefillKind, num_tickets - 1);
        }
        uint32_t q[kPrefillTilesM][kSteps][4];
        rows.load_queries(q);
        PrefillSums sums[kPrefillTilesM];
        clear(sums);
#pragma unroll 1
        for (int tile = item.first_tile; tile < item.end_tile; tile++) {
            cp_async_wait_group<kPrefillStages - 2>();
            // The stage has landed for all threads, and all have left the one that is written next.
            __syncthreads();
            loads.copy(write_stage);
            if (has_rows) {
                add_tile(sums, q, rows, tile, stage);
                if (tile % kChunkTiles == kChunkTiles - 1 || tile == item.end_tile - 1) {
                    end_chunk(sums, total, arguments, item, kv_head, tile / kChunkTiles);
                }
            }
            stage = stage + kTileBytes == end_stage ? first_stage : stage + kTileBytes;
            write_stage = write_stage + kTileBytes == end_stage ? first_stage : write_stage + kTileBytes;
        }
        const bool stores = item.num_pieces > 1
                                ? merge_pieces(total, arguments, item, kv_head, has_rows, [] { __syncthreads(); })
                                : has_rows;
        if (stores) {
#pragma unroll
            for (int m = 0; m < kPrefillTilesM; m++) {
                total.load(m, sums[m]);
                rows.store(m, sums[m]);
            }
        }
        __syncthreads();
        ticket = next_ticket;
        __syncthreads();
    }
}

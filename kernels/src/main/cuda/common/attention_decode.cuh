// Decode: a warp has an item's kv head, the group's heads are the rows; halves of tiles, K and V in turn, come through
// a ring of its own, so no warp waits for another.
#pragma once

#include "attention_item.cuh"

constexpr int kDecodeWarps = kBlockThreads / kWarpSize;
constexpr int kDecodeStages = 3;
// Items that a warp has begun to load and not yet finished: copies run less than two tiles ahead.
constexpr int kItemsAhead = 4;
// Partial results that a warp loads before it merges the first of them.
constexpr int kChunksAhead = 8;
constexpr int kKvHead = 1;
using DecodeSums = AttentionSums<1>;

// What a warp copies next, and the items behind that. All but the lane's own are the same in every lane.
struct DecodeLoads {
    const Arguments& arguments;
    int* items;       // [kItemsAhead][kItemInts], with the kv head where the number of tokens was
    int num_tickets;  // items times kv heads
    int ticket;       // of the item behind the one that is copied
    int record;       // the lane's int of that item
    unsigned drawn;   // lane 0's next ticket
    int num_items = 0;
    int first_entry;  // tile that lane 0's entry of the block table is for
    int entry;        // the lane's
    int tile = 0;
    int end_tile = 0;
    int end_position;
    const int* table;
    int kv_head;
    const bf16* source;

    __device__ __forceinline__ DecodeLoads(const Arguments& arguments_, int* items_)
        : arguments(arguments_), items(items_) {
        // Neighbouring tickets go to different multiprocessors.
        ticket = threadIdx.x / kWarpSize * gridDim.x + blockIdx.x;
        num_tickets = load_uniform(arguments.plan) * arguments.num_kv_heads;
        look_ahead();
        next_item();
    }

    // The first ticket of a warp is its number; the others are drawn until one is beyond the last. So a launch draws
    // num_tickets times, and the counter is zero again.
    __device__ __forceinline__ void look_ahead() {
        if (ticket < num_tickets) {
            const int item = ticket / arguments.num_kv_heads;
            record = arguments.plan[kHeaderInts + item * kItemInts + threadIdx.x % kItemInts];
            if (threadIdx.x % kWarpSize == 0) {
                drawn = kDecodeWarps * gridDim.x + atomicInc(arguments.counters + kDecodeCounter, num_tickets - 1);
            }
        }
    }

    __device__ __forceinline__ int field(int i) const { return __shfl_sync(kAllLanes, record, i); }

    // Notes the item for the sums, or that there is none; reads its block table; asks for the one behind it.
    __device__ __forceinline__ void next_item() {
        const int lane = threadIdx.x % kWarpSize;
        int* noted = items + num_items++ % kItemsAhead * kItemInts;
        if (ticket >= num_tickets) {
            tile = end_tile = 0;
            if (lane < kItemInts) {
                noted[lane] = 0;
            }
            return;
        }
        kv_head = ticket % arguments.num_kv_heads;
        if (lane < kItemInts) {
            noted[lane] = lane == kKvHead ? kv_head : record;
        }
        table = arguments.block_tables + static_cast<size_t>(field(2)) * arguments.max_blocks;
        end_position = field(3) + 1;
        tile = field(4);
        end_tile = field(5);
        read_table();
        ticket = __shfl_sync(kAllLanes, drawn, 0);
        look_ahead();
    }

    __device__ __forceinline__ void read_table() {
        const int mine = tile + threadIdx.x % kWarpSize;
        first_entry = tile;
        entry = mine < end_tile ? table[mine] : 0;
    }

    // Starts the copy of a half; what lies behind the context becomes zero, for nobody has written it.
    __device__ __forceinline__ void copy(uint32_t stage, int half) {
        const int lane = threadIdx.x % kWarpSize;
        const int row = lane / 8;
        const int rows_left = end_position - tile * kTileTokens - row;
#pragma unroll
        for (int i = 0; i < kTileTokens / 4; i++) {
            cp_async_16(
                stage + i * 512 + lane * 16, source + half * kHalfElements + i * 256 + lane * 8, i * 4 < rows_left);
        }
    }

    __device__ __forceinline__ void copy_keys(uint32_t stage) {
        if (tile < end_tile) {
            if (tile - first_entry == kWarpSize) {
                read_table();
            }
            source = arguments.tile(__shfl_sync(kAllLanes, entry, tile - first_entry), kv_head);
            copy(stage, 0);
        }
        cp_async_commit_group();
    }

    __device__ __forceinline__ void copy_values(uint32_t stage) {
        if (tile < end_tile) {
            copy(stage, 1);
            tile++;
            if (tile == end_tile) {
                next_item();
            }
        }
        cp_async_commit_group();
    }
};

// The lane's sums among a chunk's partial results: lanes of no head have none.
__device__ __forceinline__ float* decode_partial(const Arguments& arguments, int partial, int kv_head) {
    const size_t unit = static_cast<size_t>(partial) * arguments.num_kv_heads + kv_head;
    return arguments.partials + unit * (4 * arguments.group_heads * (2 * kColumnTiles + 2));
}

__device__ __forceinline__ void store_partial(const Arguments& arguments, float* partial, const DecodeSums& sums) {
    const int lane = threadIdx.x % kWarpSize;
    const int num_lanes = 4 * arguments.group_heads;
    if (lane < num_lanes) {
#pragma unroll
        for (int i = 0; i < kColumnTiles / 2; i++) {
            reinterpret_cast<float4*>(partial)[i * num_lanes + lane] = make_float4(
                sums.values[2 * i][0], sums.values[2 * i][1], sums.values[2 * i + 1][0], sums.values[2 * i + 1][1]);
        }
        reinterpret_cast<float2*>(partial)[kColumnTiles * num_lanes + lane] = make_float2(sums.max[0], sums.sum[0]);
    }
}

__device__ __forceinline__ void load_partial(const Arguments& arguments, const float* partial, DecodeSums& sums) {
    const int lane = threadIdx.x % kWarpSize;
    const int num_lanes = 4 * arguments.group_heads;
    if (lane < num_lanes) {
#pragma unroll
        for (int i = 0; i < kColumnTiles / 2; i++) {
            // Past L1, which does not see what other multiprocessors wrote.
            const float4 four = __ldcg(reinterpret_cast<const float4*>(partial) + i * num_lanes + lane);
            sums.values[2 * i][0] = four.x;
            sums.values[2 * i][1] = four.y;
            sums.values[2 * i + 1][0] = four.z;
            sums.values[2 * i + 1][1] = four.w;
        }
        const float2 two = __ldcg(reinterpret_cast<const float2*>(partial) + kColumnTiles * num_lanes + lane);
        sums.max[0] = two.x;
        sums.sum[0] = two.y;
    }
}

// The stages of a warp, taken in turn.
struct DecodeStages {
    uint32_t first;
    uint32_t current;

    __device__ __forceinline__ uint32_t half(int i) const { return first + i * kHalfBytes; }

    __device__ __forceinline__ void next() {
        current += kHalfBytes;
        if (current == half(kDecodeStages)) {
            current = first;
        }
    }
};

// sums += a tile, of which the first num_keys count. A half's stage takes the third half behind it.
__device__ __forceinline__ void add_tile(
    DecodeSums (&sums)[1], const uint32_t (&q)[1][kSteps][4], int num_keys, DecodeStages& stages, DecodeLoads& loads) {
    float scores[1][kColumnTiles][4];
    uint32_t p[1][kSteps][4];
    cp_async_wait_group<kDecodeStages - 1>();
    __syncwarp();
    multiply_keys(scores, q, stages.current);
    __syncwarp();
    loads.copy_values(stages.current);
    stages.next();
    const int num_row_keys[1] = {num_keys};
    sums[0].add_scores<true>(p[0], scores[0], num_row_keys);
    cp_async_wait_group<kDecodeStages - 1>();
    __syncwarp();
    multiply_values(sums, p, stages.current);
    __syncwarp();
    loads.copy_keys(stages.current);
    stages.next();
}

// Puts a chunk's sums behind those of the chunks before.
__device__ __forceinline__ void add_chunk(DecodeSums& total, DecodeSums& sums, int chunk) {
    if (chunk > 0) {
        sums.merge_earlier(total);
    }
    total = sums;
}

// Whether this warp's piece is the last of its context to be done; then all pieces' partial results are visible.
__device__ __forceinline__ bool is_last_piece(unsigned* counter, int num_pieces) {
    __threadfence();
    __syncwarp();
    unsigned before = 0;
    if (threadIdx.x % kWarpSize == 0) {
        before = atomicInc(counter, num_pieces - 1);
    }
    before = __shfl_sync(kAllLanes, before, 0);
    __threadfence();
    return before == static_cast<unsigned>(num_pieces - 1);
}

// Merges the partial results of all of a context's chunks, several of which are under way at a time.
__device__ __forceinline__ void merge_pieces(
    DecodeSums& total, const Arguments& arguments, int partial, int kv_head, int num_keys) {
    const int num_chunks = (num_keys + kChunkTokens - 1) / kChunkTokens;
#pragma unroll 1
    for (int first = 0; first < num_chunks; first += kChunksAhead) {
        DecodeSums sums[kChunksAhead];
#pragma unroll
        for (int i = 0; i < kChunksAhead; i++) {
            sums[i].clear();
            if (first + i < num_chunks) {
                load_partial(arguments, decode_partial(arguments, partial + first + i, kv_head), sums[i]);
            }
        }
#pragma unroll
        for (int i = 0; i < kChunksAhead; i++) {
            if (first + i < num_chunks) {
                add_chunk(total, sums[i], first + i);
            }
        }
    }
}

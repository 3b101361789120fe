// The tiles of keys and values that a warp brings, one after the other: tickets are drawn, and items and block tables
// read, ahead of their need.
#pragma once

#include "attention_item.cuh"

// Where an item has its kv head when it is noted for those who sum up: the conv slot has served.
constexpr int kKvHead = 2;

__device__ __forceinline__ int noted_kv_head(const Item& noted) { return noted.conv_slot; }

// Who takes items of a kind.
struct AttentionWorkers {
    int kind;        // of the plan's items, and of the counter
    int first_item;  // of the kind
    int worker;      // this warp among them
    int num_workers;
};

// All but what is said to be a lane's own is the same in every lane.
struct AttentionWalk {
    const Arguments& arguments;
    AttentionWorkers workers;
    int num_tickets;  // items times kv heads
    int ticket;       // of the item behind the current one
    int record;       // the lane's int of that item
    unsigned drawn;   // lane 0's next ticket
    int current;      // the lane's int of the current item, or zero if there is none
    int first_entry;  // tile that lane 0's entry of the block table is for
    int entry;        // the lane's
    int tile = 0;
    int end_tile = 0;
    int end_position;
    const int* table;
    int kv_head;

    __device__ __forceinline__ AttentionWalk(const Arguments& arguments_, const AttentionWorkers& workers_)
        : arguments(arguments_), workers(workers_) {
        ticket = workers.worker;
        num_tickets = load_uniform(arguments.plan + workers.kind) * arguments.num_kv_heads;
        look_ahead();
        next_item();
    }

    // The first ticket of a worker is its number; the others are drawn until one is beyond the last. So a launch draws
    // num_tickets times, and the counter is zero again.
    __device__ __forceinline__ void look_ahead() {
        if (ticket < num_tickets) {
            const int item = workers.first_item + ticket / arguments.num_kv_heads;
            record = arguments.plan[kHeaderInts + item * kItemInts + threadIdx.x % kItemInts];
            if (threadIdx.x % kWarpSize == 0) {
                drawn = workers.num_workers + atomicInc(arguments.counters + workers.kind, num_tickets - 1);
            }
        }
    }

    __device__ __forceinline__ int field(int i) const { return __shfl_sync(kAllLanes, record, i); }

    // Goes to the next item, if there is one; reads its block table; asks for the one behind it.
    __device__ __forceinline__ void next_item() {
        if (ticket >= num_tickets) {
            tile = end_tile = 0;
            current = 0;
            return;
        }
        kv_head = ticket % arguments.num_kv_heads;
        current = threadIdx.x % kItemInts == kKvHead ? kv_head : record;
        table = arguments.block_tables + static_cast<size_t>(field(2)) * arguments.max_blocks;
        end_position = field(3) + field(1);
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

    __device__ __forceinline__ bool has_tile() const { return tile < end_tile; }

    // Of the current tile, those that the item has; what lies behind them nobody has written.
    __device__ __forceinline__ int num_keys() const { return end_position - tile * kTileTokens; }

    // The current tile's keys; its values follow.
    __device__ __forceinline__ const bf16* source() {
        if (tile - first_entry == kWarpSize) {
            read_table();
        }
        return arguments.tile(__shfl_sync(kAllLanes, entry, tile - first_entry), kv_head);
    }

    // Goes to the next tile, and says whether an item begins or ends there.
    __device__ __forceinline__ bool next() {
        tile++;
        if (tile < end_tile) {
            return false;
        }
        next_item();
        return true;
    }

    // Leaves the current item for those who sum up; one without tiles if there is none.
    __device__ __forceinline__ void note(int* place) const {
        if (threadIdx.x % kWarpSize < kItemInts) {
            place[threadIdx.x % kWarpSize] = current;
        }
    }
};

// Computes: block_tables[conv_slots[i], indices[i]] = blocks[i], i rising: the later of two updates of an entry wins.
// Shapes:   block_tables [conv slots, max_blocks]; conv_slots, indices, blocks [num_updates].
// Launch:   grid 1, block 32: one warp keeps the order; the number is read on the device, so a graph holds for all.
// Bound:    latency: a step brings an update for every 64 tokens or so.
// Twin:     BlockTables.apply.
#include "common/warp.cuh"

extern "C" __global__ void __launch_bounds__(kWarpSize) update_block_tables_i32(
    int* __restrict__ block_tables,       // [conv slots, max_blocks]
    const int* __restrict__ conv_slots,   // [num_updates]
    const int* __restrict__ indices,      // [num_updates]
    const int* __restrict__ blocks,       // [num_updates]
    const int* __restrict__ num_updates,  // [1]
    int max_blocks) {
    const int lane = threadIdx.x;
    const int end = load_uniform(num_updates);
#pragma unroll 1
    for (int first = 0; first < end; first += kWarpSize) {
        const int i = first + lane;
        const int entry = i < end ? conv_slots[i] * max_blocks + indices[i] : -1;
        // Of the lanes with the same entry the highest has the latest update.
        const unsigned same = __match_any_sync(kAllLanes, entry);
        if (entry >= 0 && lane == kWarpSize - 1 - __clz(static_cast<int>(same))) {
            block_tables[entry] = blocks[i];
        }
        // Orders the writes of this round before those of the next, which other lanes may make.
        __syncwarp();
    }
}

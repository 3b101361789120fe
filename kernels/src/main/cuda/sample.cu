// Computes: the next token of each row: processors, temperature, top_k, top_p and min_p, a race among what they leave.
// Shapes:   logits [rows, vocab] float32; tokens [rows]; slots, masks [rows], negative for none; results [rows, tiles].
// Launch:   scan: grid (tiles of 4096 tokens, 1 for up to 32 rows), block 256, 37 KiB; choose: rows, block 256, 66 KiB.
// Bound:    memory: scan reads each logit once; choose reads groups of 128 tokens that hold what the filters may keep.
// Twin:     Sampler.sample and SamplingState.append: the same token, bit for bit, in double precision.
#include "common/sampling_digits.cuh"
#include "common/sampling_head.cuh"
#include "common/sampling_scan.cuh"

static_assert(sizeof(Choice) == 68088 && sizeof(TileResult) == 1024, "SampleKernel has these sizes");
static_assert(sizeof(Slot) == 21760, "SamplingSlot has this size");

extern "C" __global__ void __launch_bounds__(kThreads, 5) sample_scan_f32(
    TileResult* __restrict__ results,      // [rows, tiles]
    const float* __restrict__ logits,      // [rows, vocab]
    const int* __restrict__ row_slots,     // [rows]: conv slot; negative: nothing is sampled
    const int* __restrict__ row_masks,     // [rows]: index of a mask, or -1
    const uint32_t* __restrict__ masks,    // [masks, words]: bit i of word w permits token 32 w + i
    Slot* slots,                           // [conv slots]
    const uint32_t* __restrict__ allowed,  // [conv slots, words]
    uint32_t* seen,                        // [conv slots, words]
    const int* __restrict__ block_tables,  // [conv slots, max_blocks]
    const int* __restrict__ block_tokens,  // [KV blocks, 64]
    int vocab, int num_valid, int max_blocks,
    int is_head_done,  // whether rows that take their logits as they are have results of the LM head
    int num_rows) {
    __shared__ Tile tile;
    __shared__ ReduceSpace space;
    __shared__ uint2 histogram[kBuckets];
    __shared__ Row row;
    const int num_words = (vocab + 31) / 32;
    const SamplingMemory memory = {slots, allowed, seen, block_tables, block_tokens, max_blocks, num_words};
    // Each lane looks at one of the block's rows, most of which may have nothing to be scanned.
    const int own_row = blockIdx.y + threadIdx.x % kWarpSize * gridDim.y;
    const int own_slot = own_row < num_rows ? row_slots[own_row] : -1;
    const bool is_done =
        own_slot < 0 || (is_head_done && takes_raw_logits(slots[own_slot].header, row_masks[own_row], num_valid));
    uint32_t left = __ballot_sync(kAllLanes, !is_done);
    const Span span = {static_cast<int>(blockIdx.x) * kTileTokens};
#pragma unroll 1
    while (left != 0) {
        const int lane = __ffs(static_cast<int>(left)) - 1;
        const int row_idx = blockIdx.y + lane * gridDim.y;
        left &= left - 1;
        const int mask_idx = load_uniform(row_masks + row_idx);
        load_row(
            row, memory, logits + static_cast<size_t>(row_idx) * vocab, __shfl_sync(kAllLanes, own_slot, lane),
            mask_idx < 0 ? nullptr : masks + static_cast<size_t>(mask_idx) * num_words, vocab, num_valid);
        process_tile(tile, row, span, false);
        scan_tile(results[static_cast<size_t>(row_idx) * gridDim.x + blockIdx.x], tile, space, histogram, row, span);
        __syncthreads();
    }
}

extern "C" __global__ void __launch_bounds__(kThreads, 1) sample_choose_f32(
    int* __restrict__ tokens,                // [rows]
    int* __restrict__ last_sampled,          // [conv slots]
    const TileResult* __restrict__ results,  // [rows, tiles]
    const float* __restrict__ logits,        // [rows, vocab]
    const int* __restrict__ row_slots,       // [rows]
    const int* __restrict__ row_masks,       // [rows]
    const uint32_t* __restrict__ masks,      // [masks, words]
    Slot* slots,                             // [conv slots]
    const uint32_t* __restrict__ allowed,    // [conv slots, words]
    uint32_t* seen,                          // [conv slots, words]
    const int* __restrict__ block_tables,    // [conv slots, max_blocks]
    const int* __restrict__ block_tokens,    // [KV blocks, 64]
    int vocab, int num_valid, int max_blocks,
    int is_head_done) {  // as above
    extern __shared__ __align__(16) unsigned char choice_memory[];
    Choice& choice = *reinterpret_cast<Choice*>(choice_memory);
    const int row_idx = blockIdx.x;
    const int slot_idx = load_uniform(row_slots + row_idx);
    if (slot_idx < 0) {
        return;
    }
    const int num_words = (vocab + 31) / 32;
    const int num_tiles = (num_valid + kTileTokens - 1) / kTileTokens;
    const int mask_idx = load_uniform(row_masks + row_idx);
    const SamplingMemory memory = {slots, allowed, seen, block_tables, block_tokens, max_blocks, num_words};
    load_row(
        choice.row, memory, logits + static_cast<size_t>(row_idx) * vocab, slot_idx,
        mask_idx < 0 ? nullptr : masks + static_cast<size_t>(mask_idx) * num_words, vocab, num_valid);
    const TileResult* row_results = results + static_cast<size_t>(row_idx) * num_tiles;
    const int token_id = is_head_done && choice.row.is_raw()
                             ? choose_from_head(choice, reinterpret_cast<const HeadResult*>(row_results))
                             : choose(choice, row_results, num_tiles, num_words);
    __syncthreads();
    if (threadIdx.x == 0) {
        tokens[row_idx] = token_id;
        last_sampled[slot_idx] = token_id;
        slots[slot_idx].header.num_outputs++;
        if (choice.row.header.flags & kTracksSeen) {
            seen[static_cast<size_t>(slot_idx) * num_words + token_id / 32] |= 1u << (token_id % 32);
        }
    }
}

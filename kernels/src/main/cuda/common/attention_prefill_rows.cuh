// The 128 rows of a prompt's item, pairs of a token and a head of the group, and their sums over context chunks: shared
// by warps that have kTilesM times 16 of the rows each.
#pragma once

#include "attention_item.cuh"

constexpr int kPrefillRows = 128;
template <int kTilesM>
constexpr int kPrefillThreads = kPrefillRows / (16 * kTilesM) * kWarpSize;

// A thread's sums of its rows over earlier chunks: the values lie in shared memory, where nobody else looks at them.
template <int kTilesM>
struct PrefillTotal {
    float4* values;  // [kTilesM][kColumnTiles][kPrefillThreads<kTilesM>], this thread's
    float max[kTilesM][2];
    float sum[kTilesM][2];

    __device__ __forceinline__ void load(int m, AttentionSums<2>& sums) const {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            sums.max[h] = max[m][h];
            sums.sum[h] = sum[m][h];
        }
#pragma unroll
        for (int j = 0; j < kColumnTiles; j++) {
            const float4 four = values[(m * kColumnTiles + j) * kPrefillThreads<kTilesM>];
            sums.values[j][0] = four.x;
            sums.values[j][1] = four.y;
            sums.values[j][2] = four.z;
            sums.values[j][3] = four.w;
        }
    }

    __device__ __forceinline__ void store(int m, const AttentionSums<2>& sums) {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            max[m][h] = sums.max[h];
            sum[m][h] = sums.sum[h];
        }
#pragma unroll
        for (int j = 0; j < kColumnTiles; j++) {
            values[(m * kColumnTiles + j) * kPrefillThreads<kTilesM>] =
                make_float4(sums.values[j][0], sums.values[j][1], sums.values[j][2], sums.values[j][3]);
        }
    }
};

// The thread's sums among a chunk's partial results: [kTilesM][values of eight dims 8, max and sum][threads].
template <int kTilesM>
__device__ __forceinline__ float4* prefill_partial(const Arguments& arguments, int partial, int kv_head) {
    const size_t unit = static_cast<size_t>(partial) * arguments.num_kv_heads + kv_head;
    return reinterpret_cast<float4*>(arguments.partials) +
           unit * (kTilesM * (kColumnTiles + 1) * kPrefillThreads<kTilesM>)+threadIdx.x;
}

template <int kTilesM>
__device__ __forceinline__ void store_partial(float4* partial, int m, const AttentionSums<2>& sums) {
#pragma unroll
    for (int j = 0; j < kColumnTiles; j++) {
        partial[(m * (kColumnTiles + 1) + j) * kPrefillThreads<kTilesM>] =
            make_float4(sums.values[j][0], sums.values[j][1], sums.values[j][2], sums.values[j][3]);
    }
    partial[(m * (kColumnTiles + 1) + kColumnTiles) * kPrefillThreads<kTilesM>] =
        make_float4(sums.max[0], sums.max[1], sums.sum[0], sums.sum[1]);
}

template <int kTilesM>
__device__ __forceinline__ void load_partial(const float4* partial, int m, AttentionSums<2>& sums) {
#pragma unroll
    for (int j = 0; j < kColumnTiles; j++) {
        const float4 four = __ldcg(partial + (m * (kColumnTiles + 1) + j) * kPrefillThreads<kTilesM>);
        sums.values[j][0] = four.x;
        sums.values[j][1] = four.y;
        sums.values[j][2] = four.z;
        sums.values[j][3] = four.w;
    }
    const float4 four = __ldcg(partial + (m * (kColumnTiles + 1) + kColumnTiles) * kPrefillThreads<kTilesM>);
    sums.max[0] = four.x;
    sums.max[1] = four.y;
    sums.sum[0] = four.z;
    sums.sum[1] = four.w;
}

// A thread's rows of an item: row r is token r / group_heads, head r % group_heads. Rows behind the last token are
// computed like its own and not stored.
template <int kTilesM>
struct PrefillRows {
    const Arguments& arguments;
    const Item& item;
    int first_head;
    int first_row;  // of the thread
    int num_rows;

    __device__ __forceinline__ PrefillRows(const Arguments& arguments_, const Item& item_, int kv_head)
        : arguments(arguments_), item(item_), first_head(kv_head * arguments_.group_heads) {
        first_row = threadIdx.x / kWarpSize * (16 * kTilesM) + threadIdx.x % kWarpSize / 4;
        num_rows = item.num_tokens * arguments.group_heads;
    }

    __device__ __forceinline__ int row(int m, int h) const { return first_row + m * 16 + h * 8; }

    __device__ __forceinline__ bool has(int m, int h) const { return row(m, h) < num_rows; }

    __device__ __forceinline__ int token(int row) const {
        return min(row / arguments.group_heads, item.num_tokens - 1);
    }

    __device__ __forceinline__ int num_keys(int m, int h) const { return item.first_position + token(row(m, h)) + 1; }

    // All rows of the warp have these keys.
    __device__ __forceinline__ int common_keys() const {
        return item.first_position + token(threadIdx.x / kWarpSize * (16 * kTilesM)) + 1;
    }

    __device__ __forceinline__ bool warp_has_rows() const {
        return threadIdx.x / kWarpSize * (16 * kTilesM) < num_rows;
    }

    __device__ __forceinline__ void load_queries(uint32_t (&q)[kTilesM][kSteps][4]) const {
#pragma unroll
        for (int m = 0; m < kTilesM; m++) {
#pragma unroll
            for (int h = 0; h < 2; h++) {
                const int head = first_head + row(m, h) % arguments.group_heads;
                load_query(q[m], h, arguments.query(item.first_token + token(row(m, h)), head), has(m, h));
            }
        }
    }

    __device__ __forceinline__ void store(int m, const AttentionSums<2>& sums) const {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const int head = first_head + row(m, h) % arguments.group_heads;
            sums.store(arguments.output(item.first_token + token(row(m, h)), head), h, has(m, h));
        }
    }
};

template <int kTilesM>
__device__ __forceinline__ void clear(AttentionSums<2> (&sums)[kTilesM]) {
#pragma unroll
    for (int m = 0; m < kTilesM; m++) {
        sums[m].clear();
    }
}

// Puts a chunk's sums where the item's are: behind those of the chunks before, or among the partial results.
template <int kTilesM>
__device__ __forceinline__ void end_chunk(
    AttentionSums<2> (&sums)[kTilesM], PrefillTotal<kTilesM>& total, const Arguments& arguments, const Item& item,
    int kv_head, int chunk) {
#pragma unroll
    for (int m = 0; m < kTilesM; m++) {
        if (item.num_pieces > 1) {
            store_partial<kTilesM>(prefill_partial<kTilesM>(arguments, item.partial + chunk, kv_head), m, sums[m]);
        } else {
            if (chunk > 0) {
                AttentionSums<2> earlier;
                total.load(m, earlier);
                sums[m].merge_earlier(earlier);
            }
            total.store(m, sums[m]);
        }
        sums[m].clear();
    }
}

// The block whose piece is the last to be done merges those of all. Its threads that sum up meet in sync.
template <int kTilesM, typename Sync>
__device__ __forceinline__ bool merge_pieces(
    PrefillTotal<kTilesM>& total, const Arguments& arguments, const Item& item, int kv_head, bool has_rows, Sync sync) {
    __shared__ bool is_last;
    __threadfence();
    sync();
    if (threadIdx.x == 0) {
        unsigned* counter = arguments.counters + kPieceCounters + item.partial * arguments.num_kv_heads + kv_head;
        is_last = atomicInc(counter, item.num_pieces - 1) == static_cast<unsigned>(item.num_pieces - 1);
    }
    sync();
    if (!is_last || !has_rows) {
        return false;
    }
    __threadfence();
    const int num_chunks =
        (item.first_position + item.num_tokens + kChunkTiles * kTileTokens - 1) / (kChunkTiles * kTileTokens);
#pragma unroll
    for (int m = 0; m < kTilesM; m++) {
        AttentionSums<2> earlier;
        load_partial<kTilesM>(prefill_partial<kTilesM>(arguments, item.partial, kv_head), m, earlier);
#pragma unroll 1
        for (int chunk = 1; chunk < num_chunks; chunk++) {
            AttentionSums<2> sums;
            load_partial<kTilesM>(prefill_partial<kTilesM>(arguments, item.partial + chunk, kv_head), m, sums);
            sums.merge_earlier(earlier);
            earlier = sums;
        }
        total.store(m, earlier);
    }
    return true;
}

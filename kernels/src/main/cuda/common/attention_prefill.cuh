// Prefill: a block has an item's kv head, each of its warps 32 rows: pairs of a token and a head of the group.
#pragma once

#include "attention_item.cuh"

constexpr int kPrefillTilesM = 2;
constexpr int kPrefillStages = 3;
constexpr uint32_t kTileBytes = 2 * kHalfBytes;
using PrefillSums = AttentionSums<2>;

// A thread's sums of its rows over earlier chunks: the values lie in shared memory, where nobody else looks at them.
struct PrefillTotal {
    float4* values;  // [kPrefillTilesM][kColumnTiles][kBlockThreads], this thread's
    float max[kPrefillTilesM][2];
    float sum[kPrefillTilesM][2];

    __device__ __forceinline__ void load(int m, PrefillSums& sums) const {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            sums.max[h] = max[m][h];
            sums.sum[h] = sum[m][h];
        }
#pragma unroll
        for (int j = 0; j < kColumnTiles; j++) {
            const float4 four = values[(m * kColumnTiles + j) * kBlockThreads];
            sums.values[j][0] = four.x;
            sums.values[j][1] = four.y;
            sums.values[j][2] = four.z;
            sums.values[j][3] = four.w;
        }
    }

    __device__ __forceinline__ void store(int m, const PrefillSums& sums) {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            max[m][h] = sums.max[h];
            sum[m][h] = sums.sum[h];
        }
#pragma unroll
        for (int j = 0; j < kColumnTiles; j++) {
            values[(m * kColumnTiles + j) * kBlockThreads] =
                make_float4(sums.values[j][0], sums.values[j][1], sums.values[j][2], sums.values[j][3]);
        }
    }
};

// The thread's sums among a chunk's partial results: [kPrefillTilesM][values of eight dims 8, max and sum][threads].
__device__ __forceinline__ float4* prefill_partial(const Arguments& arguments, int partial, int kv_head) {
    const size_t unit = static_cast<size_t>(partial) * arguments.num_kv_heads + kv_head;
    return reinterpret_cast<float4*>(arguments.partials) +
           unit * (kPrefillTilesM * (kColumnTiles + 1) * kBlockThreads) + threadIdx.x;
}

__device__ __forceinline__ void store_partial(float4* partial, int m, const PrefillSums& sums) {
#pragma unroll
    for (int j = 0; j < kColumnTiles; j++) {
        partial[(m * (kColumnTiles + 1) + j) * kBlockThreads] =
            make_float4(sums.values[j][0], sums.values[j][1], sums.values[j][2], sums.values[j][3]);
    }
    partial[(m * (kColumnTiles + 1) + kColumnTiles) * kBlockThreads] =
        make_float4(sums.max[0], sums.max[1], sums.sum[0], sums.sum[1]);
}

__device__ __forceinline__ void load_partial(const float4* partial, int m, PrefillSums& sums) {
#pragma unroll
    for (int j = 0; j < kColumnTiles; j++) {
        const float4 four = __ldcg(partial + (m * (kColumnTiles + 1) + j) * kBlockThreads);
        sums.values[j][0] = four.x;
        sums.values[j][1] = four.y;
        sums.values[j][2] = four.z;
        sums.values[j][3] = four.w;
    }
    const float4 four = __ldcg(partial + (m * (kColumnTiles + 1) + kColumnTiles) * kBlockThreads);
    sums.max[0] = four.x;
    sums.max[1] = four.y;
    sums.sum[0] = four.z;
    sums.sum[1] = four.w;
}

// The whole block copies a tile of keys and values; what lies behind the item's last position becomes zero.
struct PrefillLoads {
    const Arguments& arguments;
    const int* table;
    int kv_head;
    int tile;
    int end_tile;
    int end_position;
    int block;  // of the tile, read one tile ahead

    __device__ __forceinline__ PrefillLoads(const Arguments& arguments_, const Item& item, int kv_head_)
        : arguments(arguments_), kv_head(kv_head_), tile(item.first_tile), end_tile(item.end_tile) {
        table = arguments.block_tables + static_cast<size_t>(item.conv_slot) * arguments.max_blocks;
        end_position = item.first_position + item.num_tokens;
        block = table[tile];
    }

    __device__ __forceinline__ void copy(uint32_t stage) {
        if (tile < end_tile) {
            const bf16* source = arguments.tile(block, kv_head) + threadIdx.x * kVectorWidth;
            const int rows_left = end_position - tile * kTileTokens - static_cast<int>(threadIdx.x) / 8;
            tile++;
            if (tile < end_tile) {
                block = table[tile];
            }
#pragma unroll
            for (int i = 0; i < 2 * kTileTokens / 16; i++) {
                cp_async_16(
                    stage + (i * kBlockThreads + threadIdx.x) * 16, source + i * kBlockThreads * kVectorWidth,
                    i * 16 % kTileTokens < rows_left);
            }
        }
        cp_async_commit_group();
    }
};

// A thread's rows of an item: row r is token r / group_heads, head r % group_heads. Rows behind the last token are
// computed like its own and not stored.
struct PrefillRows {
    const Arguments& arguments;
    const Item& item;
    int first_head;
    int first_row;  // of the thread
    int num_rows;

    __device__ __forceinline__ PrefillRows(const Arguments& arguments_, const Item& item_, int kv_head)
        : arguments(arguments_), item(item_), first_head(kv_head * arguments_.group_heads) {
        first_row = threadIdx.x / kWarpSize * (16 * kPrefillTilesM) + threadIdx.x % kWarpSize / 4;
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
        return item.first_position + token(threadIdx.x / kWarpSize * (16 * kPrefillTilesM)) + 1;
    }

    __device__ __forceinline__ bool warp_has_rows() const {
        return threadIdx.x / kWarpSize * (16 * kPrefillTilesM) < num_rows;
    }

    __device__ __forceinline__ void load_queries(uint32_t (&q)[kPrefillTilesM][kSteps][4]) const {
#pragma unroll
        for (int m = 0; m < kPrefillTilesM; m++) {
#pragma unroll
            for (int h = 0; h < 2; h++) {
                const int head = first_head + row(m, h) % arguments.group_heads;
                load_query(q[m], h, arguments.query(item.first_token + token(row(m, h)), head), has(m, h));
            }
        }
    }

    __device__ __forceinline__ void store(int m, const PrefillSums& sums) const {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const int head = first_head + row(m, h) % arguments.group_heads;
            sums.store(arguments.output(item.first_token + token(row(m, h)), head), h, has(m, h));
        }
    }
};

__device__ __forceinline__ void clear(PrefillSums (&sums)[kPrefillTilesM]) {
#pragma unroll
    for (int m = 0; m < kPrefillTilesM; m++) {
        sums[m].clear();
    }
}

// sums += a tile's keys and values, for the warp's rows.
__device__ __forceinline__ void add_tile(
    PrefillSums (&sums)[kPrefillTilesM], const uint32_t (&q)[kPrefillTilesM][kSteps][4], const PrefillRows& rows,
    int tile, uint32_t stage) {
    float scores[kPrefillTilesM][kColumnTiles][4];
    uint32_t p[kPrefillTilesM][kSteps][4];
    multiply_keys(scores, q, stage);
    const int first_key = tile * kTileTokens;
    const bool is_masked = rows.common_keys() - first_key < kTileTokens;
#pragma unroll
    for (int m = 0; m < kPrefillTilesM; m++) {
        const int num_keys[2] = {rows.num_keys(m, 0) - first_key, rows.num_keys(m, 1) - first_key};
        if (is_masked) {
            sums[m].add_scores<true>(p[m], scores[m], num_keys);
        } else {
            sums[m].add_scores<false>(p[m], scores[m], num_keys);
        }
    }
    multiply_values(sums, p, stage + kHalfBytes);
}

// Puts a chunk's sums where the item's are: behind those of the chunks before, or among the partial results.
__device__ __forceinline__ void end_chunk(
    PrefillSums (&sums)[kPrefillTilesM], PrefillTotal& total, const Arguments& arguments, const Item& item, int kv_head,
    int chunk) {
#pragma unroll
    for (int m = 0; m < kPrefillTilesM; m++) {
        if (item.num_pieces > 1) {
            store_partial(prefill_partial(arguments, item.partial + chunk, kv_head), m, sums[m]);
        } else {
            if (chunk > 0) {
                PrefillSums earlier;
                total.load(m, earlier);
                sums[m].merge_earlier(earlier);
            }
            total.store(m, sums[m]);
        }
        sums[m].clear();
    }
}

// The block whose piece is the last to be done merges those of all.
__device__ __forceinline__ bool merge_pieces(
    PrefillTotal& total, const Arguments& arguments, const Item& item, int kv_head, bool has_rows) {
    __shared__ bool is_last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        unsigned* counter = arguments.counters + kPieceCounters + item.partial * arguments.num_kv_heads + kv_head;
        is_last = atomicInc(counter, item.num_pieces - 1) == static_cast<unsigned>(item.num_pieces - 1);
    }
    __syncthreads();
    if (!is_last || !has_rows) {
        return false;
    }
    __threadfence();
    const int num_chunks =
        (item.first_position + item.num_tokens + kChunkTiles * kTileTokens - 1) / (kChunkTiles * kTileTokens);
#pragma unroll
    for (int m = 0; m < kPrefillTilesM; m++) {
        PrefillSums earlier;
        load_partial(prefill_partial(arguments, item.partial, kv_head), m, earlier);
#pragma unroll 1
        for (int chunk = 1; chunk < num_chunks; chunk++) {
            PrefillSums sums;
            load_partial(prefill_partial(arguments, item.partial + chunk, kv_head), m, sums);
            sums.merge_earlier(earlier);
            earlier = sums;
        }
        total.store(m, earlier);
    }
    return true;
}

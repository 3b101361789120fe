// Computes: Bx = bf16(B * x); out[t] = bf16(C[t] * bf16(w0 Bx[t-2] + w1 Bx[t-1] + w2 Bx[t])) within each sequence.
// Shapes:   bcx [tokens, B | C | x of hidden each]; out [tokens, hidden]; states, snapshots [slot][2][hidden].
// Launch:   grid (ceil(hidden / 64), ceil(tokens / 64)), block 256, 9.6 KiB static shared memory; eight lanes a token.
// Bound:    memory: tokens * hidden * 8 bytes + states read and written, sequences * hidden * 8 bytes.
// Twin:     CpuOps.shortConv: sums by fma from the oldest tap, rounds Bx, the sum and the product; the same bits.
#include "common/bf16.cuh"

constexpr int kTileTokens = 64;
constexpr int kLanes = 8;
constexpr int kThreads = 256;
constexpr int kTokensPerRound = kThreads / kLanes;
constexpr int kRounds = kTileTokens / kTokensPerRound;
constexpr int kHistory = 2;

// A sequence's history before this step: zeros, a conv slot (>= 0) or snapshot s (as -2 - s).
constexpr int kZeros = -1;

struct Batch {
    const int* __restrict__ token_seqs;         // [tokens]: the sequence of each token
    const int* __restrict__ cu_seqlens_q;       // [seqs + 1]: its first token
    const int* __restrict__ seq_lens_k;         // [seqs]: its context length after this step
    const int* __restrict__ conv_slots;         // [seqs]; negative: the sequence is padding
    const int* __restrict__ initial_snapshots;  // [seqs]: where its history comes from; negative: its slot
};

// What a block knows of each token of its tile, and of the one behind it. The last three hold for a sequence's first
// two tokens only: they alone see the old state, and the first one writes the new state.
struct Tile {
    int first[kTileTokens + 1];     // first batch token of the token's sequence
    int snapshot[kTileTokens + 1];  // first snapshot pair of the token, or num_snapshots
    int end[kTileTokens + 1];       // one behind the last token of the sequence
    int slot[kTileTokens + 1];      // conv slot
    int source[kTileTokens + 1];    // history
};

__device__ __forceinline__ Bf16x8 multiply(const Bf16x8& b, const Bf16x8& x) {
    float left[kVectorWidth];
    float right[kVectorWidth];
    unpack(b, left);
    unpack(x, right);
#pragma unroll
    for (int i = 0; i < kVectorWidth; i++) {
        left[i] *= right[i];
    }
    return pack(left);
}

__device__ __forceinline__ void add_tap(float (&sum)[kVectorWidth], const Bf16x8& weight, const Bf16x8& column) {
    float w[kVectorWidth];
    float bx[kVectorWidth];
    unpack(weight, w);
    unpack(column, bx);
#pragma unroll
    for (int i = 0; i < kVectorWidth; i++) {
        sum[i] = fmaf(w[i], bx[i], sum[i]);
    }
}

// The first snapshot pair whose token is token_idx, or num_snapshots.
__device__ __forceinline__ int find_snapshot(const int* snapshot_tokens, int num_snapshots, int token_idx) {
    int below = 0;
    int above = num_snapshots;
    while (below < above) {
        const int middle = (below + above) / 2;
        if (snapshot_tokens[middle] < token_idx) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    return below < num_snapshots && snapshot_tokens[below] == token_idx ? below : num_snapshots;
}

// Thread i describes token i of the tile.
__device__ __forceinline__ void describe(
    Tile& tile, const Batch& batch, const int* snapshot_tokens, int tile_first, int num_tokens, int num_snapshots) {
    const int i = threadIdx.x;
    const int token_idx = tile_first + i;
    if (i > kTileTokens || token_idx >= num_tokens) {
        return;
    }
    const int seq_idx = batch.token_seqs[token_idx];
    const int first = batch.cu_seqlens_q[seq_idx];
    tile.first[i] = first;
    tile.snapshot[i] = find_snapshot(snapshot_tokens, num_snapshots, token_idx);
    if (token_idx - first < kHistory) {
        const int end = batch.cu_seqlens_q[seq_idx + 1];
        const int slot = batch.conv_slots[seq_idx];
        const int snapshot = batch.initial_snapshots[seq_idx];
        const bool is_new = batch.seq_lens_k[seq_idx] == end - first;
        tile.end[i] = end;
        tile.slot[i] = slot;
        tile.source[i] = is_new || slot < 0 ? kZeros : snapshot >= 0 ? -2 - snapshot : slot;
    }
}

extern "C" __global__ void __launch_bounds__(kThreads) short_conv_bf16(
    bf16* __restrict__ out,                     // [tokens, hidden]
    const bf16* __restrict__ bcx,               // [tokens, 3 hidden]
    const bf16* __restrict__ conv,              // [3, hidden]: taps, oldest first
    bf16* states,                               // [slot * slot_stride + column * hidden + channel]
    bf16* snapshots,                            // the same, by snapshot; may be the same memory, other slots
    const int* __restrict__ token_seqs,         // [tokens]
    const int* __restrict__ cu_seqlens_q,       // [seqs + 1]
    const int* __restrict__ seq_lens_k,         // [seqs]
    const int* __restrict__ conv_slots,         // [seqs]
    const int* __restrict__ initial_snapshots,  // [seqs]
    const int* __restrict__ snapshot_tokens,    // [snapshots], rising: the state after this token ...
    const int* __restrict__ snapshot_slots,     // [snapshots]: ... is written here
    int num_tokens, int num_snapshots, int hidden, long long slot_stride) {
    __shared__ Tile tile;
    __shared__ Bf16x8 window[kHistory + kTileTokens + 1][kLanes];  // Bx from two tokens before the tile
    const int lane = threadIdx.x % kLanes;
    const int group = threadIdx.x / kLanes;
    const int channel = (blockIdx.x * kLanes + lane) * kVectorWidth;
    const int tile_first = blockIdx.y * kTileTokens;
    const bool has_channel = channel < hidden;
    const Bf16x8 zeros = zero_vector();

    auto load = [&](int token_idx, int chunk) {
        return load_vector(bcx + (static_cast<size_t>(token_idx) * 3 + chunk) * hidden + channel);
    };
    auto product = [&](int token_idx) { return multiply(load(token_idx, 0), load(token_idx, 2)); };

    // Phase 1: Bx of the tile and of two tokens before it; neighbours' columns are shared instead of read again.
    Bf16x8 c[kRounds + 1];
    Bf16x8 weights[kHistory + 1];
    if (has_channel) {
#pragma unroll
        for (int r = 0; r < kRounds; r++) {
            const int token_idx = tile_first + r * kTokensPerRound + group;
            if (token_idx < num_tokens) {
                c[r] = load(token_idx, 1);
                window[kHistory + r * kTokensPerRound + group][lane] = product(token_idx);
            }
        }
        if (group < kHistory) {
            window[group][lane] = tile_first > 0 ? product(tile_first - kHistory + group) : zeros;
        }
#pragma unroll
        for (int tap = 0; tap <= kHistory; tap++) {
            weights[tap] = load_vector(conv + static_cast<size_t>(tap) * hidden + channel);
        }
    }
    const Batch batch = {token_seqs, cu_seqlens_q, seq_lens_k, conv_slots, initial_snapshots};
    describe(tile, batch, snapshot_tokens, tile_first, num_tokens, num_snapshots);
    __syncthreads();

    // Phase 2: outputs. The block with a sequence's first token is the only one that reads its old state, so it also
    // computes the second token when that lies behind the tile, and the next block leaves that one out.
    if (has_channel) {
#pragma unroll
        for (int r = 0; r <= kRounds; r++) {
            const int i = r * kTokensPerRound + group;
            const int token_idx = tile_first + i;
            if (i > kTileTokens || token_idx >= num_tokens) {
                break;
            }
            const int age = token_idx - tile.first[i];
            if (age == 1 ? i == 0 : i == kTileTokens) {
                continue;
            }
            if (i == kTileTokens) {
                c[r] = load(token_idx, 1);
                window[kHistory + i][lane] = product(token_idx);
            }
            Bf16x8 older = window[i][lane];
            Bf16x8 newer = window[i + 1][lane];
            if (age < kHistory) {
                const int source = tile.source[i];
                const bf16* history = source >= 0 ? states + source * slot_stride + channel
                                                  : snapshots + (-2 - source) * slot_stride + channel;
                const Bf16x8 newest = source == kZeros ? zeros : load_vector(history + hidden);
                older = age == 1 ? newest : source == kZeros ? zeros : load_vector(history);
                newer = age == 1 ? newer : newest;
            }
            const Bf16x8 own = window[kHistory + i][lane];
            float y[kVectorWidth] = {};
            float gate[kVectorWidth];
            add_tap(y, weights[0], older);
            add_tap(y, weights[1], newer);
            add_tap(y, weights[2], own);
            unpack(pack(y), y);
            unpack(c[r], gate);
#pragma unroll
            for (int k = 0; k < kVectorWidth; k++) {
                y[k] *= gate[k];
            }
            store_vector(out + static_cast<size_t>(token_idx) * hidden + channel, pack(y));

            for (int s = tile.snapshot[i]; s < num_snapshots && snapshot_tokens[s] == token_idx; s++) {
                bf16* target = snapshots + snapshot_slots[s] * slot_stride + channel;
                store_vector(target, newer);
                store_vector(target + hidden, own);
            }
            if (age == 0 && tile.end[i] - token_idx == 1 && tile.slot[i] >= 0) {
                bf16* target = states + tile.slot[i] * slot_stride + channel;
                store_vector(target, newer);
                store_vector(target + hidden, own);
            }
        }
    }
    __syncthreads();

    // Phase 3: states of longer sequences, now that their first two tokens have read the old ones.
    if (has_channel) {
#pragma unroll 1
        for (int i = group; i < kTileTokens && tile_first + i < num_tokens; i += kTokensPerRound) {
            if (tile.first[i] != tile_first + i || tile.end[i] - tile.first[i] == 1 || tile.slot[i] < 0) {
                continue;
            }
            bf16* target = states + tile.slot[i] * slot_stride + channel;
#pragma unroll
            for (int column = 0; column < kHistory; column++) {
                const int token_idx = tile.end[i] - kHistory + column;
                const int row = token_idx - tile_first;
                const Bf16x8 bx = row < kTileTokens ? window[kHistory + row][lane] : product(token_idx);
                store_vector(target + static_cast<size_t>(column) * hidden, bx);
            }
        }
    }
}

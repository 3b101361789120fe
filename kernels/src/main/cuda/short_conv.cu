// Computes: Bx = bf16(B * x); out[t] = bf16(C[t] * bf16(w0 Bx[t-2] + w1 Bx[t-1] + w2 Bx[t])) within each sequence.
// Shapes:   bcx [tokens, hidden / 16][16 B | 16 C | 16 x]; out [tokens, hidden]; states [slot][2][hidden].
// Launch:   grid (ceil(hidden / 64), ceil(tokens / 128)), block 512, 20 KiB static shared memory; eight lanes a token.
// Bound:    memory: tokens * hidden * 8 bytes + states read and written, sequences * hidden * 8 bytes.
// Twin:     CpuOps.shortConv: sums by fma from the oldest tap, rounds Bx, the sum and the product; the same bits.
#include "common/conv_vectors.cuh"

// Long tiles: what a block reads beyond its tokens stays below 5 % of the bytes from 64 tokens on.
constexpr int kTileTokens = 128;
constexpr int kLanes = 8;
constexpr int kThreads = 512;
constexpr int kTokensPerRound = kThreads / kLanes;
constexpr int kRounds = kTileTokens / kTokensPerRound;

// What a block knows of each token of its tile, and of the one behind it. The last three hold for a sequence's first
// two tokens only: they alone see the old state, and the first one writes the new state.
struct Tile {
    int first[kTileTokens + 1];     // first batch token of the token's sequence
    int snapshot[kTileTokens + 1];  // first snapshot pair of the token, or their number
    int end[kTileTokens + 1];       // one behind the last token of the sequence
    int slot[kTileTokens + 1];      // conv slot
    int source[kTileTokens + 1];    // history
};

// Thread i describes token i of the tile.
__device__ __forceinline__ void describe(
    Tile& tile, const Batch& batch, const Snapshots& snapshots, int tile_first, int num_tokens) {
    const int i = threadIdx.x;
    const int token_idx = tile_first + i;
    if (i > kTileTokens || token_idx >= num_tokens) {
        return;
    }
    const int seq_idx = batch.token_seqs[token_idx];
    const int first = batch.cu_seqlens_q[seq_idx];
    tile.first[i] = first;
    tile.snapshot[i] = find_snapshot(snapshots, token_idx);
    if (token_idx - first < kHistory) {
        tile.end[i] = batch.cu_seqlens_q[seq_idx + 1];
        tile.slot[i] = batch.conv_slots[seq_idx];
        tile.source[i] = batch.history(seq_idx, tile.end[i] - first);
    }
}

using Window = Bf16x8[kHistory + kTileTokens + 1][kLanes];  // Bx from two tokens before the tile

// One thread's eight channels.
struct Channels : ConvMemory {
    const bf16* __restrict__ bcx;  // [tokens, 3 hidden], as all these from the thread's first channel on

    __device__ __forceinline__ Bf16x8 load(int token_idx, int chunk) const {
        return load_vector(bcx + static_cast<size_t>(token_idx) * 3 * hidden + chunk * kPartChannels);
    }

    __device__ __forceinline__ Bf16x8 bx(int token_idx) const {
        return multiply(load(token_idx, 0), load(token_idx, 2));
    }
};

// Phase 1: Bx of the tile and of two tokens before it; neighbours' columns are shared instead of read again.
__device__ __forceinline__ void load_tile(
    Window& window, Bf16x8 (&c)[kRounds + 1], const Channels& channels, int tile_first, int num_tokens) {
    const int lane = threadIdx.x % kLanes;
    const int group = threadIdx.x / kLanes;
#pragma unroll
    for (int r = 0; r < kRounds; r++) {
        const int i = r * kTokensPerRound + group;
        if (tile_first + i < num_tokens) {
            c[r] = channels.load(tile_first + i, 1);
            window[kHistory + i][lane] = channels.bx(tile_first + i);
        }
    }
    if (group < kHistory) {
        window[group][lane] = tile_first > 0 ? channels.bx(tile_first - kHistory + group) : zero_vector();
    }
}

// Phase 2: outputs. The block with a sequence's first token is the only one that reads its old state, so it also
// computes the second token when that lies behind the tile, and the next block leaves that one out.
__device__ __forceinline__ void compute_tile(
    Window& window, Bf16x8 (&c)[kRounds + 1], const Bf16x8 (&taps)[kHistory + 1][kLanes], const Channels& channels,
    const Tile& tile, const Snapshots& snapshots, int tile_first, int num_tokens) {
    const int lane = threadIdx.x % kLanes;
    const Bf16x8 weights[kHistory + 1] = {taps[0][lane], taps[1][lane], taps[2][lane]};
#pragma unroll
    for (int r = 0; r <= kRounds; r++) {
        const int i = r * kTokensPerRound + threadIdx.x / kLanes;
        const int token_idx = tile_first + i;
        if (i > kTileTokens || token_idx >= num_tokens) {
            break;
        }
        const int age = token_idx - tile.first[i];
        if (age == 1 ? i == 0 : i == kTileTokens) {
            continue;
        }
        if (i == kTileTokens) {
            c[r] = channels.load(token_idx, 1);
            window[kHistory + i][lane] = channels.bx(token_idx);
        }
        Bf16x8 older = window[i][lane];
        Bf16x8 newer = window[i + 1][lane];
        const Bf16x8 own = window[kHistory + i][lane];
        if (age < kHistory) {
            const bool is_new = tile.source[i] == kZeros;
            const bf16* history = channels.history(tile.source[i]);
            const Bf16x8 newest = is_new ? zero_vector() : load_vector(history + channels.hidden);
            older = age == 1 ? newest : is_new ? zero_vector() : load_vector(history);
            newer = age == 1 ? newer : newest;
        }
        store_vector(
            channels.out + static_cast<size_t>(token_idx) * channels.hidden,
            convolve(weights, older, newer, own, c[r]));
        for (int s = tile.snapshot[i]; s < snapshots.num && snapshots.tokens[s] == token_idx; s++) {
            channels.store_state(channels.snapshots, snapshots.slots[s], newer, own);
        }
        if (age == 0 && tile.end[i] - token_idx == 1 && tile.slot[i] >= 0) {
            channels.store_state(channels.states, tile.slot[i], newer, own);
        }
    }
}

// Phase 3: states of longer sequences, after their first two tokens have read the old ones.
__device__ __forceinline__ void store_states(
    const Window& window, const Channels& channels, const Tile& tile, int tile_first, int num_tokens) {
    const int lane = threadIdx.x % kLanes;
#pragma unroll 1
    for (int i = threadIdx.x / kLanes; i < kTileTokens && tile_first + i < num_tokens; i += kTokensPerRound) {
        if (tile.first[i] != tile_first + i || tile.end[i] - tile.first[i] == 1 || tile.slot[i] < 0) {
            continue;
        }
        Bf16x8 columns[kHistory];
#pragma unroll
        for (int column = 0; column < kHistory; column++) {
            const int token_idx = tile.end[i] - kHistory + column;
            const int row = token_idx - tile_first;
            columns[column] = row < kTileTokens ? window[kHistory + row][lane] : channels.bx(token_idx);
        }
        channels.store_state(channels.states, tile.slot[i], columns[0], columns[1]);
    }
}

extern "C" __global__ void __launch_bounds__(kThreads) short_conv_bf16(
    bf16* __restrict__ out,                     // [tokens, hidden]
    const bf16* __restrict__ bcx,               // [tokens, 3 hidden]: 16 of B, of C and of x in turn
    const bf16* __restrict__ conv,              // [3, hidden]: taps, oldest first
    bf16* states,                               // [slot * slot_stride + column * hidden + channel]
    bf16* snapshots,                            // the same, by snapshot; may be the same memory, other slots
    const int* __restrict__ token_seqs,         // [tokens]
    const int* __restrict__ cu_seqlens_q,       // [seqs + 1]
    const int* __restrict__ seq_lens_k,         // [seqs]
    const int* __restrict__ conv_slots,         // [seqs]
    const int* __restrict__ initial_snapshots,  // [seqs]
    const int* __restrict__ snapshot_tokens,    // [snapshots]
    const int* __restrict__ snapshot_slots,     // [snapshots]
    int num_tokens, int num_snapshots, int hidden, long long slot_stride) {
    __shared__ Tile tile;
    __shared__ Window window;
    __shared__ Bf16x8 taps[kHistory + 1][kLanes];
    const int channel = (blockIdx.x * kLanes + threadIdx.x % kLanes) * kVectorWidth;
    const int tile_first = blockIdx.y * kTileTokens;
    const bool has_channel = channel < hidden;
    const int bcx_column = channel / kPartChannels * 3 * kPartChannels + channel % kPartChannels;
    const Channels channels = {
        {out + channel, states + channel, snapshots + channel, hidden, slot_stride}, bcx + bcx_column};
    const Batch batch = {token_seqs, cu_seqlens_q, seq_lens_k, conv_slots, initial_snapshots};
    const Snapshots pairs = {snapshot_tokens, snapshot_slots, num_snapshots};

    Bf16x8 c[kRounds + 1];
    if (has_channel) {
        load_tile(window, c, channels, tile_first, num_tokens);
        const int tap = threadIdx.x / kLanes;
        if (tap <= kHistory) {
            taps[tap][threadIdx.x % kLanes] = load_vector(conv + static_cast<size_t>(tap) * hidden + channel);
        }
    }
    describe(tile, batch, pairs, tile_first, num_tokens);
    __syncthreads();
    if (has_channel) {
        compute_tile(window, c, taps, channels, tile, pairs, tile_first, num_tokens);
    }
    __syncthreads();
    if (has_channel) {
        store_states(window, channels, tile, tile_first, num_tokens);
    }
}

// Computes: bcx = bf16(x wᵀ), then short_conv of it, for a batch in which each sequence has one token: that of its row.
// Shapes:   out, x [seqs, hidden]; w [3 hidden, hidden]: 16 rows of B, C, x in turn; states [slot][2][hidden].
// Launch:   grid (ceil(seqs / BLOCK_M), ceil(3 hidden / BLOCK_N)), block and dynamic shared memory as the tile needs.
// Bound:    the weight's bytes below about 200 rows: 6 hidden^2, and 12 hidden a sequence for x, out and the state.
// Twin:     CpuOps.inProjShortConv: linear, then short_conv, with their bits.
#include "common/conv_states.cuh"
#include "common/linear_tile.cuh"

extern __shared__ __align__(128) uint8_t shared_stages[];

// A thread has four channels of a row: eight bytes, which with its three neighbours are a sector.
constexpr int kChannels = 4;

using Column = float[kChannels];

__device__ __forceinline__ void load_column(Column& column, const bf16* address) {
    const uint2 words = *reinterpret_cast<const uint2*>(address);
    column[0] = low_float(words.x);
    column[1] = high_float(words.x);
    column[2] = low_float(words.y);
    column[3] = high_float(words.y);
}

__device__ __forceinline__ void store_column(bf16* address, const Column& column) {
    *reinterpret_cast<uint2*>(address) =
        make_uint2(cvt_rn_bf16x2_f32(column[1], column[0]), cvt_rn_bf16x2_f32(column[3], column[2]));
}

__device__ __forceinline__ void round_column(Column& column) {
#pragma unroll
    for (int i = 0; i < kChannels; i += 2) {
        const uint32_t pair = cvt_rn_bf16x2_f32(column[i + 1], column[i]);
        column[i] = low_float(pair);
        column[i + 1] = high_float(pair);
    }
}

// Memory from a thread's first channel on.
struct Channels {
    bf16* __restrict__ out;         // [seqs, hidden]
    const bf16* __restrict__ conv;  // [3, hidden]
    bf16* states;                   // [slot * slot_stride + column * hidden]
    bf16* snapshots;                // the same, by snapshot
    int hidden;
    long long slot_stride;

    __device__ __forceinline__ void load_history(Column (&history)[kHistory], int source) const {
        const bf16* from = source >= 0 ? states + source * slot_stride : snapshots + (-2 - source) * slot_stride;
#pragma unroll
        for (int i = 0; i < kHistory; i++) {
            if (source == kZeros) {
#pragma unroll
                for (int c = 0; c < kChannels; c++) {
                    history[i][c] = 0;
                }
            } else {
                load_column(history[i], from + i * hidden);
            }
        }
    }

    __device__ __forceinline__ void store_state(bf16* slots, int slot, const Column& older, const Column& newer) const {
        store_column(slots + slot * slot_stride, older);
        store_column(slots + slot * slot_stride + hidden, newer);
    }
};

// Gives use(i, row of the tile) the thread's rows that exist; i counts them all.
template <typename Tile, typename Use>
__device__ __forceinline__ void for_rows(int num_rows, Use use) {
#pragma unroll
    for (int i = 0; i < 2 * Tile::kTilesM; i++) {
        const int row = Tile::tile_row(i / 2) + i % 2 * 8 + static_cast<int>(threadIdx.x) % kWarpSize / 4;
        if (row < num_rows) {
            use(i, row);
        }
    }
}

// The convolution of a row's sums [tile][2], tiles 0, 1 being B, 2, 3 C and 4, 5 x; own becomes the newest column.
__device__ __forceinline__ void convolve(
    Column& out, Column& own, const float (&sums)[6][4], int half, const Column (&history)[kHistory],
    const Column (&taps)[kHistory + 1]) {
    Column bcx[3];
#pragma unroll
    for (int part = 0; part < 3; part++) {
#pragma unroll
        for (int i = 0; i < kChannels; i++) {
            bcx[part][i] = sums[2 * part + i / 2][2 * half + i % 2];
        }
        round_column(bcx[part]);
    }
#pragma unroll
    for (int i = 0; i < kChannels; i++) {
        own[i] = bcx[0][i] * bcx[2][i];
    }
    round_column(own);
#pragma unroll
    for (int i = 0; i < kChannels; i++) {
        out[i] = fmaf(taps[2][i], own[i], fmaf(taps[1][i], history[1][i], fmaf(taps[0][i], history[0][i], 0.0f)));
    }
    round_column(out);
#pragma unroll
    for (int i = 0; i < kChannels; i++) {
        out[i] *= bcx[1][i];
    }
}

template <typename Tile>
__device__ __forceinline__ void in_proj_short_conv(
    const bf16* x, const bf16* weight, Channels channels, const Batch& batch, const Snapshots& snapshots,
    int num_seqs) {
    static_assert(Tile::kGroups == 1, "a thread has four channels");
    const int hidden = channels.hidden;
    const int first_row = blockIdx.x * Tile::BLOCK_M;
    const int first_column = blockIdx.y * Tile::BLOCK_N;
    const int num_rows = num_seqs - first_row;
    const int channel = (first_column + Tile::warp_column()) / 3 + static_cast<int>(threadIdx.x) % 4 * kChannels;
    const bool has_channels = channel < hidden;
    channels.out += channel;
    channels.conv += channel;
    channels.states += channel;
    channels.snapshots += channel;

    // Phase 1: histories and taps are on their way while the product is computed.
    Column history[2 * Tile::kTilesM][kHistory];
    Column taps[kHistory + 1];
    if (has_channels) {
        for_rows<Tile>(
            num_rows, [&](int i, int row) { channels.load_history(history[i], batch.history(first_row + row, 1)); });
#pragma unroll
        for (int i = 0; i <= kHistory; i++) {
            load_column(taps[i], channels.conv + static_cast<size_t>(i) * hidden);
        }
    }

    // Phase 2: the product.
    Tile tile;
    const PlainRows rows = {x + static_cast<size_t>(first_row) * hidden, num_rows};
    const bf16* first = weight + static_cast<size_t>(first_column) * hidden;
    tile.run(shared_address(shared_stages), rows, first, 3 * hidden - first_column, hidden);

    // Phase 3: a thread is the only one that reads and writes its channels of a state.
    if (!has_channels) {
        return;
    }
    for_rows<Tile>(num_rows, [&](int i, int row) {
        const int seq_idx = first_row + row;
        Column out;
        Column own;
        convolve(out, own, tile.sums[i / 2], i % 2, history[i], taps);
        store_column(channels.out + static_cast<size_t>(seq_idx) * hidden, out);
        for (int s = find_snapshot(snapshots, seq_idx); s < snapshots.num && snapshots.tokens[s] == seq_idx; s++) {
            channels.store_state(channels.snapshots, snapshots.slots[s], history[i][1], own);
        }
        const int slot = batch.conv_slots[seq_idx];
        if (slot >= 0) {
            channels.store_state(channels.states, slot, history[i][1], own);
        }
    });
}

// 48 columns a block: at few rows, the weight of a model of 2,048 channels is read by 128 blocks.
using TileM32 = LinearTile<32, 48, 2, 1, 9, InProjBf16, PlainRows>;
using TileM64 = LinearTile<64, 48, 4, 1, 7, InProjBf16, PlainRows>;
using TileM128 = LinearTile<128, 96, 4, 2, 3, InProjBf16, PlainRows>;

#define IN_PROJ_SHORT_CONV(variant, Tile)                                                              \
    extern "C" __global__ void __launch_bounds__(Tile::kThreads) variant(                              \
        bf16* __restrict__ out,                    /* [seqs, hidden] */                                \
        const bf16* __restrict__ x,                /* [seqs, hidden] */                                \
        const bf16* __restrict__ weight,           /* [3 hidden, hidden] */                            \
        const bf16* __restrict__ conv,             /* [3, hidden]: taps, oldest first */               \
        bf16* states,                              /* [slot * slot_stride + column * hidden] */        \
        bf16* snapshots,                           /* the same, by snapshot; may be the same memory */ \
        const int* __restrict__ seq_lens_k,        /* [seqs] */                                        \
        const int* __restrict__ conv_slots,        /* [seqs] */                                        \
        const int* __restrict__ initial_snapshots, /* [seqs] */                                        \
        const int* __restrict__ snapshot_tokens,   /* [snapshots] */                                   \
        const int* __restrict__ snapshot_slots,    /* [snapshots] */                                   \
        int num_seqs, int num_snapshots, int hidden, long long slot_stride) {                          \
        in_proj_short_conv<Tile>(                                                                      \
            x, weight, {out, conv, states, snapshots, hidden, slot_stride},                            \
            {nullptr, nullptr, seq_lens_k, conv_slots, initial_snapshots},                             \
            {snapshot_tokens, snapshot_slots, num_snapshots}, num_seqs);                               \
    }

IN_PROJ_SHORT_CONV(in_proj_short_conv_m32_bf16, TileM32)
IN_PROJ_SHORT_CONV(in_proj_short_conv_m64_bf16, TileM64)
IN_PROJ_SHORT_CONV(in_proj_short_conv_m128_bf16, TileM128)

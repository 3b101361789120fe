// Computes: bcx = bf16(x wᵀ), then short_conv of it, for a batch in which each sequence has one token: that of its row.
// Shapes:   out, x [seqs, hidden]; w tile images of [3 hidden, hidden]: 16 rows of B, C, x in turn; states as there.
// Launch:   as many blocks as fit on the device, or as there are parts: row tiles times 3 hidden / BLOCK_ROWS.
// Bound:    the weight's bytes below about 200 rows: 6 hidden^2, and 12 hidden a sequence for x, out and the state.
// Twin:     CpuOps.inProjShortConv: linear, then short_conv, with their bits on tiles.
#include "../common/conv_vectors.cuh"
#include "../common/linear_work.cuh"
#include "../common/named_barrier.cuh"
#include "../common/tiled_store.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

// 16 channels' rows of B, C and x.
constexpr int kGroupRows = 3 * kPartChannels;
constexpr int kSquareBytes = 512;

// A block has whole groups of channels. Their B, C and x are in different warps, 16 rows each, which give them to one
// that has all three of 16 channels and 16 sequences. There are as many of those in a round as warps.
template <int kMath_, int kStages_, int kRows_, typename Counts_>
struct ConvBlock : TiledBlock<
                       kMath_, kStages_, Counts_, kRows_,
                       kMath_ * kGroupWarps / (kRows_ / kGroupRows) * (kRows_ / kPartChannels) * kSquareBytes> {
    static constexpr int kGroups = kRows_ / kGroupRows;
    static constexpr int kBands = 3 * kGroups;
    static constexpr int kRoundSteps = kMath_ * kGroupWarps / kGroups;
    static constexpr int kRoundRows = kRoundSteps * 16;
    static_assert(kRows_ % kGroupRows == 0 && kMath_ * kGroupWarps % kGroups == 0, "warps have groups of channels");
};

// The warp's number among those that multiply.
__device__ __forceinline__ int math_warp() { return static_cast<int>(threadIdx.x) / kWarpSize - kGroupWarps; }

using History = Bf16x8[kHistory];

template <typename Block>
struct ConvWork : LinearWork<Block> {
    ConvMemory memory;
    const bf16* __restrict__ conv;  // [3, hidden]
    Batch batch;
    Snapshots snapshots;

    __device__ __forceinline__ int channel(const Part& part) const {
        return part.first_column / 3 + math_warp() % Block::kGroups * kPartChannels + threadIdx.x % 2 * kVectorWidth;
    }

    // Of a round, behind the part's first.
    static __device__ __forceinline__ int lane_row(int round) {
        return (round * Block::kRoundSteps + math_warp() / Block::kGroups) * 16 + threadIdx.x % kWarpSize / 2;
    }

    __device__ __forceinline__ void load_history(History& history, const Part& part, int source) const {
        const bf16* from = memory.history(source) + channel(part);
#pragma unroll
        for (int i = 0; i < kHistory; i++) {
            history[i] = source == kZeros ? zero_vector() : load_vector(from + i * memory.hidden);
        }
    }

    // Where the histories of a lane's sequences come from, and those of the first round: on their way while the
    // product is computed.
    template <int kLaneRows>
    struct Rows {
        static constexpr int kRounds = (kLaneRows * kWarpSize + Block::kRoundRows - 1) / Block::kRoundRows;
        int sources[kRounds];
        History history;

        __device__ __forceinline__ Rows(const ConvWork& work, const Part& part) {
#pragma unroll
            for (int round = 0; round < kRounds; round++) {
                const int row = lane_row(round);
                sources[round] = row < part.num_rows ? work.batch.history(part.first_row + row, 1) : kZeros;
            }
            work.load_history(history, part, sources[0]);
        }

        __device__ __forceinline__ void load_scales(const ConvWork&, const Part&) {}
    };
};

// One sequence's eight channels, whose B, C and x lie in three squares from room on.
template <typename Block>
__device__ __forceinline__ void convolve_row(
    const ConvWork<Block>& work, uint32_t room, const Bf16x8 (&taps)[kHistory + 1], const History& history, int seq_idx,
    int channel) {
    const Bf16x8 b = load_shared_vector(room);
    const Bf16x8 c = load_shared_vector(room + kSquareBytes);
    const Bf16x8 own = multiply(b, load_shared_vector(room + 2 * kSquareBytes));
    ConvMemory memory = work.memory;
    memory.out += channel;
    memory.states += channel;
    memory.snapshots += channel;
    store_vector(
        memory.out + static_cast<size_t>(seq_idx) * memory.hidden, convolve(taps, history[0], history[1], own, c));
    const Snapshots& pairs = work.snapshots;
    for (int s = find_snapshot(pairs, seq_idx); s < pairs.num && pairs.tokens[s] == seq_idx; s++) {
        memory.store_state(memory.snapshots, pairs.slots[s], history[1], own);
    }
    const int slot = work.batch.conv_slots[seq_idx];
    if (slot >= 0) {
        memory.store_state(memory.states, slot, history[1], own);
    }
}

template <int kSums, typename Block, typename Rows>
__device__ __forceinline__ void convolve_part(
    const Consumer<Block, ConvWork<Block>>& consumer, const float (&sums)[kSums], const Part& part, Rows rows) {
    const ConvWork<Block>& work = consumer.work;
    const uint32_t rooms = consumer.ring.shared + Block::kStores;
    const int channel = work.channel(part);
    const auto wait_for_all = [] { bar_sync<1, Block::kMath * kGroupThreads>(); };
    Bf16x8 taps[kHistory + 1];
#pragma unroll
    for (int i = 0; i <= kHistory; i++) {
        taps[i] = load_vector(work.conv + static_cast<size_t>(i) * work.memory.hidden + channel);
    }
#pragma unroll
    for (int round = 0; round < Rows::kRounds; round++) {
        if (round * Block::kRoundRows >= part.num_rows) {
            break;
        }
        // Everybody is done with what the round before left.
        wait_for_all();
        if (math_warp() < Block::kBands) {
#pragma unroll
            for (int i = 0; i < Block::kRoundSteps; i++) {
                const int step = round * Block::kRoundSteps + i;
                if (step * 8 < kSums) {
                    uint32_t pairs[4];
                    square_of(pairs, sums, step, [](int) { return 1.0f; });
                    stmatrix_x4_trans(
                        rooms + (i * Block::kBands + math_warp()) * kSquareBytes + square_stored(), pairs);
                }
            }
        }
        wait_for_all();
        History history = {rows.history[0], rows.history[1]};
        if (round + 1 < Rows::kRounds) {
            work.load_history(rows.history, part, rows.sources[round + 1]);
        }
        const int row = work.lane_row(round);
        if (row < part.num_rows) {
            // A warp's squares are those of three warps: of its channels, in its step.
            const int band = math_warp() / Block::kGroups * Block::kBands + math_warp() % Block::kGroups * 3;
            convolve_row(
                work, rooms + band * kSquareBytes + square_loaded(), taps, history, part.first_row + row, channel);
        }
    }
}

// Few sequences: 48 rows a block, so that the weight of a model of 2,048 channels is read by 128 blocks; tensor cores
// multiply 64. Many: whole tiles, three warpgroups.
using BlockM48 = ConvBlock<1, 7, 48, RowCounts<16, 32, 64>>;
using BlockM192 = ConvBlock<3, 4, 192, RowCounts<64, 96, 128, 192>>;

#define IN_PROJ_SHORT_CONV(variant, Block, kBlocks)                                                         \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                         \
        bf16* __restrict__ out,                    /* [seqs, hidden] */                                     \
        const bf16* __restrict__ x,                /* [seqs, hidden] */                                     \
        const uint8_t* __restrict__ weight,        /* [tiles of 3 hidden][tiles of hidden][64, 64] */       \
        const bf16* __restrict__ conv,             /* [3, hidden]: taps, oldest first */                    \
        bf16* states,                              /* [slot * slot_stride + column * hidden] */             \
        bf16* snapshots,                           /* the same, by snapshot; may be the same memory */      \
        const int* __restrict__ seq_lens_k,        /* [seqs] */                                             \
        const int* __restrict__ conv_slots,        /* [seqs] */                                             \
        const int* __restrict__ initial_snapshots, /* [seqs] */                                             \
        const int* __restrict__ snapshot_tokens,   /* [snapshots] */                                        \
        const int* __restrict__ snapshot_slots,    /* [snapshots] */                                        \
        int num_seqs, int num_snapshots, int hidden, long long slot_stride, int num_row_tiles) {            \
        const ConvWork<Block> work = {                                                                      \
            {x, weight, num_seqs, 3 * hidden, 3 * hidden, hidden, num_row_tiles},                           \
            {out, states, snapshots, hidden, slot_stride},                                                  \
            conv,                                                                                           \
            {nullptr, nullptr, seq_lens_k, conv_slots, initial_snapshots},                                  \
            {snapshot_tokens, snapshot_slots, num_snapshots}};                                              \
        run_tiled<Block>(                                                                                   \
            work, shared_stages, [](auto& consumer, const auto& sums, const Part& part, const auto& rows) { \
                convolve_part(consumer, sums, part, rows);                                                  \
            });                                                                                             \
    }

IN_PROJ_SHORT_CONV(in_proj_short_conv_tiled_m48_bf16, BlockM48, 2)
IN_PROJ_SHORT_CONV(in_proj_short_conv_tiled_m192_bf16, BlockM192, 1)

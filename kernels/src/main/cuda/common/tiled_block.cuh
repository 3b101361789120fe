// A block that multiplies on tiles, for 9.0: its parts of a product, its numbers of rows, and its ring of stages.
#pragma once

#include "mbarrier.cuh"
#include "warp.cuh"
#include "weight_tiles.cuh"

constexpr int kGroupThreads = 128;
constexpr int kGroupWarps = kGroupThreads / kWarpSize;
// Of a tensor-core instruction.
constexpr int kMostColumns = 256;
// A warp's room for 16 rows by 16 columns of a result, twice.
constexpr uint32_t kStoreBytes = 2 * 512;

// Work of one block at a time: so many rows of x times BLOCK_ROWS of a weight.
struct Part {
    const uint8_t* weight;  // the first row's image
    int first_row;          // of x, in the order in which parts have them
    int num_rows;
    int first_column;  // of the product: the weight's row
};

template <int kValue_>
struct Constant {
    static constexpr int kValue = kValue_;
};

template <int... kValues>
constexpr int largest() {
    int largest = -kMostColumns * 2;
    ((largest = largest > kValues ? largest : kValues), ...);
    return largest;
}

// The numbers of rows of x that there is code for, rising; a part has the next of them.
template <int... kRows>
struct RowCounts {
    static constexpr int kMost = largest<kRows...>();
    static constexpr int kLeast = -largest<-kRows...>();

    static __device__ __forceinline__ int padded(int num_rows) {
        int padded = kMost;
        ((padded = num_rows <= kRows ? min(padded, kRows) : padded), ...);
        return padded;
    }

    // Calls run with the next one, as a constant.
    template <typename Run>
    static __device__ __forceinline__ void dispatch(int num_rows, Run run) {
        bool is_done = false;
        ((is_done = is_done || (num_rows <= kRows && (run(Constant<kRows>()), true))), ...);
    }
};

// kMath warpgroups multiply, each 64 rows of the weight with up to BLOCK_X rows of x; one more brings both. Where a
// block has fewer rows of the weight than that, rows of x lie behind them: products of these with each other are
// nobody's.
template <
    int kMath_, int kStages_, typename Counts_, int kRows_ = kMath_ * TILE_ROWS,
    uint32_t kRoomBytes_ = kMath_ * kGroupWarps * kStoreBytes>
struct TiledBlock {
    using Counts = Counts_;
    static constexpr int kMath = kMath_;
    static constexpr int kStages = kStages_;
    static constexpr int BLOCK_X = Counts::kMost;
    static constexpr int BLOCK_ROWS = kRows_;
    static constexpr int kThreads = (1 + kMath) * kGroupThreads;
    // Copies of x that are under way when those before them are handed over.
    static constexpr int kAhead = 2;
    static constexpr uint32_t kWeightBytes = BLOCK_ROWS * kRowBytes;
    static constexpr uint32_t kStageBytes = kWeightBytes + BLOCK_X * kRowBytes;
    static constexpr uint32_t kStores = kStages * kStageBytes;
    static constexpr uint32_t kBarriers = kStores + kRoomBytes_;
    // What an epilogue keeps beyond its room for results begins here.
    static constexpr uint32_t kEnd = kBarriers + kStages * 16;
    static_assert(kStageBytes % 1024 == 0, "swizzled matrices begin at multiples of 1,024 bytes");
    static_assert(kAhead < kStages - 1, "a stage is handed over before the one behind it is needed");
    static_assert(BLOCK_ROWS + Counts::kLeast >= kMath * TILE_ROWS, "what tensor cores read was brought");
};

// A place in the ring of stages, of which producer and consumers have one each.
template <typename Block>
struct Ring {
    uint32_t shared;
    int stage = 0;
    uint32_t parity = 0;

    __device__ __forceinline__ explicit Ring(uint32_t shared_) : shared(shared_) {}

    __device__ __forceinline__ uint32_t weights() const { return shared + stage * Block::kStageBytes; }
    __device__ __forceinline__ uint32_t x() const { return weights() + Block::kWeightBytes; }
    __device__ __forceinline__ uint32_t full() const { return shared + Block::kBarriers + stage * 16; }
    __device__ __forceinline__ uint32_t empty() const { return full() + 8; }

    __device__ __forceinline__ void next() {
        stage++;
        if (stage == Block::kStages) {
            stage = 0;
            parity ^= 1;
        }
    }

    // By one thread, before anybody uses it. A stage is full when four warps have brought x and one thread has asked
    // for the weights, and empty when each multiplying warpgroup is done with it.
    __device__ __forceinline__ void initialise() const {
        for (int s = 0; s < Block::kStages; s++) {
            mbarrier_init(shared + Block::kBarriers + s * 16, kGroupWarps + 1);
            mbarrier_init(shared + Block::kBarriers + s * 16 + 8, Block::kMath);
        }
        fence_mbarrier_init();
    }
};

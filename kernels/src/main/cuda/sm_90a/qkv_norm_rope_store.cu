// Computes: qkv = bf16(x wᵀ), then qk_norm_rope_store of it, in one launch: q to qkv, k and v to KV blocks alone.
// Shapes:   as these: qkv [rows, (heads + 2 kv_heads) 64]; x [rows, k]; w tile images; kv_blocks as there.
// Launch:   as many blocks as fit on the device, or as there are parts, as linear's.
// Bound:    as linear's.
// Twin:     CpuOps.linear, then qkNormRopeStore, with their bits on tiles.
#include "../common/head_rope.cuh"
#include "../common/linear_work.cuh"
#include "../common/named_barrier.cuh"
#include "../common/tiled_store.cuh"

extern __shared__ __align__(1024) uint8_t shared_stages[];

// A warpgroup's room: 16 tokens of a head, twice.
constexpr uint32_t kHeadBytes = 16 * kRowBytes;
static_assert(kRowBytes == kHeadDim * 2 && TILE_ROWS == kHeadDim, "a tile of the weight is a head");
static_assert(2 * kHeadBytes == kGroupWarps * kStoreBytes, "that is what a warpgroup has");

template <typename Block>
struct HeadsWork : LinearWork<Block> {
    bf16* __restrict__ qkv;
    bf16* __restrict__ kv_blocks;
    const bf16* __restrict__ q_norm;
    const bf16* __restrict__ k_norm;
    const float* __restrict__ rope;
    const int* __restrict__ positions;
    const int* __restrict__ slot_mapping;
    int num_heads;
    int num_kv_heads;
    float eps;

    // The head of a thread's warpgroup.
    static __device__ __forceinline__ int head(const Part& part) {
        return part.first_column / kHeadDim + static_cast<int>(threadIdx.x) / kGroupThreads - 1;
    }

    // Of eight dims of a token's head, in qkv or in the KV block of its slot.
    __device__ __forceinline__ bf16* place(int token, int head, int slot, int chunk) const {
        if (head < num_heads) {
            return qkv + static_cast<size_t>(token) * this->num_columns + head * kHeadDim + chunk * kVectorWidth;
        }
        const int kv_head = head - num_heads;
        const int tile = kv_head < num_kv_heads ? 2 * kv_head : 2 * (kv_head - num_kv_heads) + 1;
        const size_t image = static_cast<size_t>(slot / kBlockTokens) * 2 * num_kv_heads + tile;
        return kv_blocks + image * kBlockTokens * kHeadDim + tile_offset(slot % kBlockTokens, chunk) / 2;
    }

    // Where the tokens of the part's rows belong: a lane has every 32nd. A thread's own of a step is that of its eight
    // lanes. The first step's angles are on their way while the product is computed.
    template <int kLaneRows>
    struct Rows {
        int positions[kLaneRows];
        int slots[kLaneRows];
        Angles angles;

        __device__ __forceinline__ Rows(const HeadsWork& work, const Part& part) {
#pragma unroll
            for (int i = 0; i < kLaneRows; i++) {
                const int row = i * kWarpSize + threadIdx.x % kWarpSize;
                slots[i] = row < part.num_rows ? work.slot_mapping[part.first_row + row] : -1;
                positions[i] = slots[i] >= 0 ? work.positions[part.first_row + row] : 0;
            }
            load_angles(work, 0);
        }

        __device__ __forceinline__ void load_scales(const HeadsWork&, const Part&) {}

        static __device__ __forceinline__ int row() { return threadIdx.x % kGroupThreads / kHeadLanes; }

        __device__ __forceinline__ int slot(int step) const {
            return __shfl_sync(kAllLanes, slots[step / 2], step % 2 * 16 + row());
        }

        __device__ __forceinline__ void load_angles(const HeadsWork& work, int step) {
            const size_t position = __shfl_sync(kAllLanes, positions[step / 2], step % 2 * 16 + row());
            angles.load({work.rope + position * kHeadDim});
        }
    };
};

template <int kSums, typename Block, typename Rows>
__device__ __forceinline__ void store_heads(
    const Consumer<Block, HeadsWork<Block>>& consumer, const float (&sums)[kSums], const Part& part, Rows rows) {
    const HeadsWork<Block>& work = consumer.work;
    const int head = work.head(part);
    if (head >= work.num_heads + 2 * work.num_kv_heads) {
        return;
    }
    const auto wait_for_group = [&] {
        consumer.group == 0 ? bar_sync<1, kGroupThreads>() : bar_sync<2, kGroupThreads>();
    };
    const int warp = static_cast<int>(threadIdx.x) / kWarpSize % kGroupWarps;
    const int chunk = threadIdx.x % kHeadLanes;
    const uint32_t stored = tile_offset(square_row(), 2 * warp + square_chunk());
    const uint32_t loaded = tile_offset(rows.row(), chunk);
    const Bf16x8 norm = load_vector((head < work.num_heads ? work.q_norm : work.k_norm) + chunk * kVectorWidth);
    // Everybody is done with what the part before left.
    wait_for_group();
#pragma unroll
    for (int step = 0; step < (kSums + 7) / 8; step++) {
        if (step * 16 >= part.num_rows) {
            break;
        }
        const uint32_t room = consumer.ring.shared + Block::kStores + (2 * consumer.group + step % 2) * kHeadBytes;
        uint32_t pairs[4];
        square_of(pairs, sums, step, [](int) { return 1.0f; });
        stmatrix_x4_trans(room + stored, pairs);
        wait_for_group();
        Bf16x8 vector = load_shared_vector(room + loaded);
        if (head < work.num_heads + work.num_kv_heads) {
            const Angles angles = rows.angles;
            if (step + 1 < (kSums + 7) / 8) {
                rows.load_angles(work, step + 1);
            }
            vector = rotate(normalise(vector, norm, work.eps), angles, chunk);
        }
        const int slot = rows.slot(step);
        if (slot >= 0) {
            store_vector(work.place(part.first_row + step * 16 + rows.row(), head, slot, chunk), vector);
        }
    }
}

#define QKV_NORM_ROPE_STORE(variant, Block, kBlocks)                                                          \
    extern "C" __global__ void __launch_bounds__(Block::kThreads, kBlocks) variant(                           \
        bf16* __restrict__ qkv,               /* [rows, (heads + 2 kv_heads) 64], of which q is written */    \
        const bf16* __restrict__ x,           /* [rows, k] */                                                 \
        const uint8_t* __restrict__ weight,   /* [heads and kv heads, in tiles][tiles of k][64, 64] */        \
        bf16* __restrict__ kv_blocks,         /* [blocks, kv_heads, 2, 64, 64] of one layer */                \
        const bf16* __restrict__ q_norm,      /* [64] */                                                      \
        const bf16* __restrict__ k_norm,      /* [64] */                                                      \
        const float* __restrict__ rope,       /* [positions, 32 cosines | 32 sines] */                        \
        const int* __restrict__ positions,    /* [rows] */                                                    \
        const int* __restrict__ slot_mapping, /* [rows]: block * 64 + offset; negative: the row is padding */ \
        int num_rows, int num_heads, int num_kv_heads, int k, int num_row_tiles, float eps) {                 \
        const int num_columns = (num_heads + 2 * num_kv_heads) * kHeadDim;                                    \
        const HeadsWork<Block> work = {                                                                       \
            {x, weight, num_rows, num_columns, num_columns, k, num_row_tiles},                                \
            qkv,                                                                                              \
            kv_blocks,                                                                                        \
            q_norm,                                                                                           \
            k_norm,                                                                                           \
            rope,                                                                                             \
            positions,                                                                                        \
            slot_mapping,                                                                                     \
            num_heads,                                                                                        \
            num_kv_heads,                                                                                     \
            eps};                                                                                             \
        run_tiled<Block>(                                                                                     \
            work, shared_stages, [](auto& consumer, const auto& sums, const Part& part, const auto& rows) {   \
                store_heads(consumer, sums, part, rows);                                                      \
            });                                                                                               \
    }

QKV_NORM_ROPE_STORE(qkv_norm_rope_store_tiled_m64_bf16, BlockM64, 2)
QKV_NORM_ROPE_STORE(qkv_norm_rope_store_tiled_m128_bf16, BlockM128, 1)

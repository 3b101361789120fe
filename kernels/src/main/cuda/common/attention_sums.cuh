// What becomes of the scores of 16 query rows and a tile of 64 keys, and how sums over tiles are put together: used by
// decode and prefill alike, with every rounding spelled out, so that a row has the same bits in both.
#pragma once

#include "bf16.cuh"
#include "warp.cuh"

constexpr int kHeadDim = 64;
constexpr int kTileTokens = 64;
// Tiles of a context chunk: its keys are summed up before they are merged with those of the chunks before.
constexpr int kChunkTiles = 8;
constexpr int kChunkTokens = kChunkTiles * kTileTokens;
// Keys come in tensor-core tiles of 8 columns, and so do dims.
constexpr int kColumnTiles = 8;
constexpr int kSteps = kHeadDim / 16;
constexpr int kRowBytes = kHeadDim * 2;
// K or V of a block and kv head: 64 rows of 128 bytes, chunk c of row r at place c XOR (r & 7).
constexpr uint32_t kHalfBytes = kTileTokens * kRowBytes;
constexpr int kHalfElements = kTileTokens * kHeadDim;
// log2(e) / sqrt(64): exponentials are powers of two.
constexpr float kScale = 0.18033688011112042f;
constexpr float kNothing = -__builtin_huge_valf();

// 2^x; exact for 0 and for -infinity.
__device__ __forceinline__ float ex2_approx(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// 2^((x - base) kScale).
__device__ __forceinline__ float power(float x, float base) {
    return ex2_approx(__fmul_rn(__fsub_rn(x, base), kScale));
}

// A lane's part of the sums of 16 rows over some keys. It has rows lane / 4 and, if kHalves is 2, lane / 4 + 8.
template <int kHalves>
struct AttentionSums {
    float max[kHalves];             // of the scores; the same in the four lanes of a row
    float sum[kHalves];             // of the exponentials of this lane's keys
    float values[kColumnTiles][4];  // [8 dims][half][2 dims]: exponentials times values

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int h = 0; h < kHalves; h++) {
            max[h] = kNothing;
            sum[h] = 0;
        }
#pragma unroll
        for (int j = 0; j < kColumnTiles; j++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                values[j][i] = 0;
            }
        }
    }

    // Takes over a tile's scores: scales what was summed up before, gives the exponentials as the next operand.
    // Of row half h only the first num_keys[h] keys count; a tile of which none does changes nothing.
    template <bool kIsMasked>
    __device__ __forceinline__ void add_scores(
        uint32_t (&p)[kSteps][4], float (&scores)[kColumnTiles][4], const int (&num_keys)[kHalves]) {
        const int first_key = threadIdx.x % 4 * 2;
#pragma unroll
        for (int h = 0; h < kHalves; h++) {
            float top = max[h];
#pragma unroll
            for (int j = 0; j < kColumnTiles; j++) {
#pragma unroll
                for (int i = 2 * h; i < 2 * h + 2; i++) {
                    if (kIsMasked && j * 8 + first_key + i % 2 >= num_keys[h]) {
                        scores[j][i] = kNothing;
                    }
                    top = fmaxf(top, scores[j][i]);
                }
            }
            top = fmaxf(top, __shfl_xor_sync(kAllLanes, top, 1));
            top = fmaxf(top, __shfl_xor_sync(kAllLanes, top, 2));
            // Where no key counts, minus infinity is not subtracted from itself.
            const float base = top == kNothing ? 0.0f : top;
            const float correction = power(max[h], base);
            const float offset = -__fmul_rn(base, kScale);
            float tile_sum = 0;
#pragma unroll
            for (int j = 0; j < kColumnTiles; j++) {
                const float even = ex2_approx(__fmaf_rn(scores[j][2 * h], kScale, offset));
                const float odd = ex2_approx(__fmaf_rn(scores[j][2 * h + 1], kScale, offset));
                tile_sum = __fadd_rn(tile_sum, __fadd_rn(even, odd));
                p[j / 2][j % 2 * 2 + h] = cvt_rn_bf16x2_f32(odd, even);
                values[j][2 * h] = __fmul_rn(values[j][2 * h], correction);
                values[j][2 * h + 1] = __fmul_rn(values[j][2 * h + 1], correction);
            }
            max[h] = top;
            sum[h] = __fmaf_rn(sum[h], correction, tile_sum);
        }
#pragma unroll
        for (int i = 0; i < 2 * kSteps && kHalves == 1; i++) {
            p[i / 2][i % 2 * 2 + 1] = 0;
        }
    }

    // Puts the sums over earlier chunks before these.
    __device__ __forceinline__ void merge_earlier(const AttentionSums& earlier) {
#pragma unroll
        for (int h = 0; h < kHalves; h++) {
            const float top = fmaxf(earlier.max[h], max[h]);
            const float base = top == kNothing ? 0.0f : top;
            const float before = power(earlier.max[h], base);
            const float here = power(max[h], base);
            max[h] = top;
            sum[h] = __fmaf_rn(earlier.sum[h], before, __fmul_rn(sum[h], here));
#pragma unroll
            for (int j = 0; j < kColumnTiles; j++) {
#pragma unroll
                for (int i = 2 * h; i < 2 * h + 2; i++) {
                    values[j][i] = __fmaf_rn(earlier.values[j][i], before, __fmul_rn(values[j][i], here));
                }
            }
        }
    }

    // The attention of a row half: 8 dims in each of the row's four lanes, two of every eight.
    __device__ __forceinline__ void store(bf16* __restrict__ row, int h, bool is_there) const {
        const float scale = __frcp_rn(lane_sum<4>(sum[h]));
        if (is_there) {
#pragma unroll
            for (int j = 0; j < kColumnTiles; j++) {
                const uint32_t pair =
                    cvt_rn_bf16x2_f32(__fmul_rn(values[j][2 * h + 1], scale), __fmul_rn(values[j][2 * h], scale));
                *reinterpret_cast<uint32_t*>(row + j * 8 + threadIdx.x % 4 * 2) = pair;
            }
        }
    }
};

// A lane's part of a query row as the first operand: dims 16 step + 2 (lane % 4) and the next, and those 8 further.
__device__ __forceinline__ void load_query(
    uint32_t (&q)[kSteps][4], int h, const bf16* __restrict__ row, bool is_there) {
#pragma unroll
    for (int i = 0; i < 2 * kSteps; i++) {
        const bf16* pair = row + i * 8 + threadIdx.x % 4 * 2;
        q[i / 2][i % 2 * 2 + h] = is_there ? *reinterpret_cast<const uint32_t*>(pair) : 0;
    }
}

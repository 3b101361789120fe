// Attention of 64 queries of one head to tiles of 64 keys, head dimension 64: scores by wgmma from shared memory,
// probabilities as A in registers, values as transposed B.
#include "wgmma_n64.cuh"

constexpr int TILE = 64 * 64 * 2;

struct Shared {
  alignas(1024) char q[TILE];
  alignas(1024) char k[2][TILE];
  alignas(1024) char v[2][TILE];
  uint64_t q_full, full[2], empty[2];
};

// q, k, v: images of swizzled [64, 64] tiles; y: [64, 64]. Warp 4 brings tiles, warps 0 to 3 compute.
extern "C" __global__ void __launch_bounds__(160)
    attention_prefill(const char* q, const char* k, const char* v, float* y, int tiles) {
  extern __shared__ __align__(1024) char memory[];
  Shared& shared = *reinterpret_cast<Shared*>(memory);
  if (threadIdx.x == 0) {
    mbarrier_init(&shared.q_full, 1);
    for (int s = 0; s < 2; s++) {
      mbarrier_init(&shared.full[s], 1);
      mbarrier_init(&shared.empty[s], 4);
    }
    fence_mbarrier_init();
  }
  __syncthreads();
  if (threadIdx.x >= 128) {
    if (elect()) {
      mbarrier_arrive_expect_tx(&shared.q_full, TILE);
      bulk_load(shared.q, q, TILE, &shared.q_full);
      for (int t = 0; t < tiles; t++) {
        mbarrier_wait(&shared.empty[t & 1], (t >> 1 & 1) ^ 1);
        mbarrier_arrive_expect_tx(&shared.full[t & 1], 2 * TILE);
        bulk_load(shared.k[t & 1], k + t * TILE, TILE, &shared.full[t & 1]);
        bulk_load(shared.v[t & 1], v + t * TILE, TILE, &shared.full[t & 1]);
      }
    }
    return;
  }
  float o[32] = {}, top[2] = {-1e30f, -1e30f}, sum[2] = {};
  mbarrier_wait(&shared.q_full, 0);
#pragma unroll 1
  for (int t = 0; t < tiles; t++) {
    mbarrier_wait(&shared.full[t & 1], t >> 1 & 1);
    float s[32];
    uint64_t qd = descriptor(shared.q, 16, 1024, 1), kd = descriptor(shared.k[t & 1], 16, 1024, 1);
    wgmma_fence();
#pragma unroll
    for (int i = 0; i < 4; i++) wgmma_n64(s, qd + i * 2, kd + i * 2, i > 0);
    wgmma_commit();
    wgmma_wait<0>();
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float high = top[half];
#pragma unroll
      for (int i = 0; i < 32; i++)
        if ((i >> 1 & 1) == half) high = fmaxf(high, s[i]);
      high = fmaxf(high, __shfl_xor_sync(0xFFFFFFFF, high, 1));
      high = fmaxf(high, __shfl_xor_sync(0xFFFFFFFF, high, 2));
      float scale = __expf(top[half] - high), part = 0;
      top[half] = high;
#pragma unroll
      for (int i = 0; i < 32; i++)
        if ((i >> 1 & 1) == half) {
          s[i] = __expf(s[i] - high);
          part += s[i];
          o[i] *= scale;
        }
      part += __shfl_xor_sync(0xFFFFFFFF, part, 1);
      part += __shfl_xor_sync(0xFFFFFFFF, part, 2);
      sum[half] = sum[half] * scale + part;
    }
    uint64_t vd = descriptor(shared.v[t & 1], 8192, 1024, 1);
    uint32_t p[4][4];
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
      for (int j = 0; j < 4; j++) p[i][j] = pack_bf16(s[i * 8 + j * 2], s[i * 8 + j * 2 + 1]);
    wgmma_fence();
#pragma unroll
    for (int i = 0; i < 4; i++) wgmma_n64_a(o, p[i], vd + i * 128);
    wgmma_commit();
    wgmma_wait<0>();
    if (threadIdx.x % 32 == 0) mbarrier_arrive(&shared.empty[t & 1]);
  }
  int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
#pragma unroll
  for (int i = 0; i < 32; i++) y[(row + i / 2 % 2 * 8) * 64 + column + i / 4 * 8 + i % 2] = o[i] / sum[i / 2 % 2];
}

// Y[m, n] = X[m, k] W[n, k]^T in bf16, as the grouped products of the model are built: weights and rows lie in global
// memory as images of swizzled tiles, one warp brings them by bulk copies, two warpgroups multiply.
#include "wgmma_n128.cuh"

constexpr int BLOCK_M = 128, BLOCK_N = 128, BLOCK_K = 64, STAGES = 4;
constexpr int A_BYTES = BLOCK_M * BLOCK_K * 2, B_BYTES = BLOCK_N * BLOCK_K * 2;

struct Shared {
  alignas(1024) char a[STAGES][A_BYTES];
  alignas(1024) char b[STAGES][B_BYTES];
  alignas(128) bf16 out[2][64][BLOCK_N];
  alignas(8) uint64_t full[STAGES];
  uint64_t empty[STAGES];
};

// x: [m / 128][k / 64] tiles of 128 x 64, w: [n / 128][k / 64] tiles; y: [m, n]; persistent over tiles of y.
extern "C" __global__ void __launch_bounds__(384, 1)
    gemm_bf16(const char* x, const char* w, bf16* y, int tiles_m, int tiles_n, int tiles_k) {
  extern __shared__ __align__(1024) char memory[];
  Shared& shared = *reinterpret_cast<Shared*>(memory);
  int group = threadIdx.x / 128;
  if (threadIdx.x == 0) {
    for (int s = 0; s < STAGES; s++) {
      mbarrier_init(&shared.full[s], 1);
      mbarrier_init(&shared.empty[s], 2);
    }
    fence_mbarrier_init();
  }
  __syncthreads();
  int stage = 0, phase = 0;
  if (group == 0) {
    fewer_registers<40>();
    if (threadIdx.x < 32 && elect()) {
      uint64_t policy = policy_evict_first();
      for (int tile = blockIdx.x; tile < tiles_m * tiles_n; tile += gridDim.x) {
        const char* xs = x + (size_t)(tile % tiles_m) * tiles_k * A_BYTES;
        const char* ws = w + (size_t)(tile / tiles_m) * tiles_k * B_BYTES;
        for (int k = 0; k < tiles_k; k++) {
          mbarrier_wait(&shared.empty[stage], phase ^ 1);
          mbarrier_arrive_expect_tx(&shared.full[stage], A_BYTES + B_BYTES);
          bulk_load(shared.a[stage], xs + (size_t)k * A_BYTES, A_BYTES, &shared.full[stage]);
          bulk_load_hint(shared.b[stage], ws + (size_t)k * B_BYTES, B_BYTES, &shared.full[stage], policy);
          stage = stage + 1 == STAGES ? 0 : stage + 1;
          phase ^= stage == 0;
        }
      }
    }
    return;
  }
  more_registers<232>();
  int math = group - 1, lane = threadIdx.x % 32, warp = threadIdx.x % 128 / 32;
  for (int tile = blockIdx.x; tile < tiles_m * tiles_n; tile += gridDim.x) {
    float d[64];
#pragma unroll
    for (int i = 0; i < 64; i++) d[i] = 0;
    int previous = -1;
#pragma unroll 1
    for (int k = 0; k < tiles_k; k++) {
      mbarrier_wait(&shared.full[stage], phase);
      uint64_t a = descriptor(shared.a[stage] + math * (A_BYTES / 2), 16, 1024, 1);
      uint64_t b = descriptor(shared.b[stage], 16, 1024, 1);
      wgmma_fence();
#pragma unroll
      for (int i = 0; i < BLOCK_K / 16; i++) wgmma_n128(d, a + i * 2, b + i * 2, 1);
      wgmma_commit();
      wgmma_wait<1>();
      if (previous >= 0 && threadIdx.x % 128 == 0) mbarrier_arrive(&shared.empty[previous]);
      previous = stage;
      stage = stage + 1 == STAGES ? 0 : stage + 1;
      phase ^= stage == 0;
    }
    wgmma_wait<0>();
    if (threadIdx.x % 128 == 0) {
      mbarrier_arrive(&shared.empty[previous]);
      bulk_wait_read<0>();
    }
    bar_sync(1 + math, 128);
    bf16(*out)[BLOCK_N] = shared.out[math];
#pragma unroll
    for (int i = 0; i < 64; i += 8) {
      uint32_t to = shared_address(&out[warp * 16 + lane % 16][i * 2 + lane / 16 * 8]);
      stmatrix_x4(to, pack_bf16(d[i], d[i + 1]), pack_bf16(d[i + 2], d[i + 3]), pack_bf16(d[i + 4], d[i + 5]),
                  pack_bf16(d[i + 6], d[i + 7]));
    }
    fence_proxy_async();
    bar_sync(1 + math, 128);
    if (threadIdx.x % 128 == 0) {
      size_t row = (size_t)(tile % tiles_m) * BLOCK_M + math * 64;
      for (int r = 0; r < 64; r++)
        bulk_store(y + (row + r) * tiles_n * BLOCK_N + tile / tiles_m * BLOCK_N, out[r], BLOCK_N * 2);
      bulk_commit();
    }
  }
  if (threadIdx.x % 128 == 0) bulk_wait<0>();
}

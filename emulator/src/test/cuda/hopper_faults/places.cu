// Bulk copies from and to where they cannot go.
#include "../hopper/hopper.cuh"

extern "C" __global__ void source_misaligned(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x + BROKEN_OR_SOUND(1, 4), 512, &full);
  }
  __syncthreads();
  SOUND(mbarrier_wait(&full, 0);)
  y[threadIdx.x] = SOUND(tile[127 - threadIdx.x] +) x[threadIdx.x];
}

extern "C" __global__ void size_of_twenty(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, BROKEN_OR_SOUND(20, 32));
    bulk_load(tile, x, BROKEN_OR_SOUND(20, 32), &full);
  }
  __syncthreads();
  SOUND(mbarrier_wait(&full, 0);)
  y[threadIdx.x] = SOUND(tile[threadIdx.x & 7] +) x[threadIdx.x];
}

// The last tile is not whole.
extern "C" __global__ void copy_past_the_end(const int* x, int* y, int words) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  int bytes = BROKEN_OR_SOUND(128, words) * 4;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, bytes);
    bulk_load(tile, x, bytes, &full);
  }
  __syncthreads();
  SOUND(mbarrier_wait(&full, 0);)
  if (threadIdx.x < words) y[threadIdx.x] = SOUND(tile[words - 1 - threadIdx.x] +) x[threadIdx.x];
}

extern "C" __global__ void tile_too_small(const int* x, int* y) {
  __shared__ alignas(128) int tile[BROKEN_OR_SOUND(64, 128)];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  __syncthreads();
  SOUND(mbarrier_wait(&full, 0);)
  y[threadIdx.x] = SOUND(tile[127 - threadIdx.x] +) x[threadIdx.x];
}

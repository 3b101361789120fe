// Products of warpgroups, each broken in one place: y[64, 16] = a[64, 16 k] b[k, 16] of bf16, tiles of k 64 wide.
#include "../hopper/hopper.cuh"

struct Tile {
  alignas(1024) char a[64 * 128];
  alignas(1024) char b[16 * 128];
};

// The images of both tiles, by the threads themselves.
__device__ __forceinline__ void fill(Tile& tile, const int4* a, const int4* b) {
  for (int i = threadIdx.x; i < 512; i += 128) reinterpret_cast<int4*>(tile.a)[i] = a[i];
  for (int i = threadIdx.x; i < 128; i += 128) reinterpret_cast<int4*>(tile.b)[i] = b[i];
}

__device__ __forceinline__ void write(float* y, const float (&d)[8]) {
  int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
#pragma unroll
  for (int i = 0; i < 8; i++) y[(row + i / 2 % 2 * 8) * 16 + column + i / 4 * 8 + i % 2] = d[i];
}

__device__ __forceinline__ void multiply(float (&d)[8], const Tile& tile, uint64_t swizzle = 1) {
  uint64_t a = descriptor(tile.a, 16, 1024, swizzle), b = descriptor(tile.b, 16, 1024, swizzle);
#pragma unroll
  for (int i = 0; i < 4; i++) wgmma_n16(d, a + i * 2, b + i * 2, 1);
}

extern "C" __global__ void __launch_bounds__(128) sums_read_too_early(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  wgmma_fence();
  multiply(d, tile);
  wgmma_commit();
  SOUND(wgmma_wait<0>();)
  write(y, d);
  BROKEN(wgmma_wait<0>();)
}

extern "C" __global__ void __launch_bounds__(128) wait_too_lax(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  wgmma_fence();
  multiply(d, tile);
  wgmma_commit();
  wgmma_wait<BROKEN_OR_SOUND(1, 0)>();
  write(y, d);
  BROKEN(wgmma_wait<0>();)
}

extern "C" __global__ void __launch_bounds__(128) commit_forgotten(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  wgmma_fence();
  multiply(d, tile);
  SOUND(wgmma_commit();)
  wgmma_wait<0>();
  write(y, d);
}

// The sums are set to zero, and multiplied into, with no fence in between.
extern "C" __global__ void __launch_bounds__(128) registers_without_fence(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  SOUND(wgmma_fence();)
  multiply(d, tile);
  wgmma_commit();
  wgmma_wait<0>();
  write(y, d);
}

// Scaled between two products: the second one needs a fence of its own.
extern "C" __global__ void __launch_bounds__(128) second_without_fence(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  wgmma_fence();
  multiply(d, tile);
  wgmma_commit();
  wgmma_wait<0>();
#pragma unroll
  for (int i = 0; i < 8; i++) d[i] *= 0.5f;
  SOUND(wgmma_fence();)
  multiply(d, tile);
  wgmma_commit();
  wgmma_wait<0>();
  write(y, d);
}

extern "C" __global__ void __launch_bounds__(128) tile_without_fence(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  SOUND(fence_proxy_async();)
  __syncthreads();
  float d[8] = {};
  wgmma_fence();
  multiply(d, tile);
  wgmma_commit();
  wgmma_wait<0>();
  write(y, d);
}

extern "C" __global__ void __launch_bounds__(128) tile_without_barrier(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  SOUND(__syncthreads();)
  float d[8] = {};
  wgmma_fence();
  multiply(d, tile);
  wgmma_commit();
  wgmma_wait<0>();
  write(y, d);
}

// The next tile is written while the first one is multiplied.
extern "C" __global__ void __launch_bounds__(128) tile_overwritten(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  float d[8] = {};
  for (int k = 0; k < 2; k++) {
    fill(tile, a + k * 512, b + k * 128);
    fence_proxy_async();
    __syncthreads();
    wgmma_fence();
    multiply(d, tile);
    wgmma_commit();
    SOUND(wgmma_wait<0>();)
    __syncthreads();
  }
  wgmma_wait<0>();
  write(y, d);
}

// One warp sets its sums to zero by another way than the others, and leaves out a product.
extern "C" __global__ void __launch_bounds__(128) warps_disagree(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  wgmma_fence();
  if (BROKEN_OR_SOUND(threadIdx.x >= 32, true)) multiply(d, tile);
  wgmma_commit();
  wgmma_wait<0>();
  write(y, d);
}

// The tile lies swizzled by 128 bytes, and is read as if it were by 64.
extern "C" __global__ void __launch_bounds__(128) wrong_swizzle(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  wgmma_fence();
  multiply(d, tile, BROKEN_OR_SOUND(2, 1));
  wgmma_commit();
  wgmma_wait<0>();
  write(y, d);
}

// A step of 32 bytes along k is 2 in a descriptor.
extern "C" __global__ void __launch_bounds__(128) wrong_step(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  uint64_t ta = descriptor(tile.a, 16, 1024, 1), tb = descriptor(tile.b, 16, 1024, 1);
  wgmma_fence();
#pragma unroll
  for (int i = 0; i < 4; i++) wgmma_n16(d, ta + i * 2, tb + i * BROKEN_OR_SOUND(1, 2), 1);
  wgmma_commit();
  wgmma_wait<0>();
  write(y, d);
}

// A in registers, which get their next values while the first are used.
extern "C" __global__ void __launch_bounds__(128) inputs_changed(const uint32_t* a, const int4* b, float* y) {
  __shared__ Tile tile;
  reinterpret_cast<int4*>(tile.b)[threadIdx.x] = b[threadIdx.x];
  fence_proxy_async();
  __syncthreads();
  float d[8] = {};
  uint64_t tb = descriptor(tile.b, 16, 1024, 1);
#pragma unroll 1
  for (int k = 0; k < 4; k++) {
    uint32_t x[4];
#pragma unroll
    for (int i = 0; i < 4; i++) x[i] = a[(k * 128 + threadIdx.x) * 4 + i];
    wgmma_fence();
    wgmma_n16_a(d, x, tb + k * 2, 1);
    wgmma_commit();
    SOUND(wgmma_wait<0>();)
  }
  wgmma_wait<0>();
  write(y, d);
}

extern "C" __global__ void __launch_bounds__(128) sums_not_set(const int4* a, const int4* b, float* y) {
  __shared__ Tile tile;
  fill(tile, a, b);
  fence_proxy_async();
  __syncthreads();
  float d[8];
  SOUND(for (int i = 0; i < 8; i++) d[i] = 0;)
  wgmma_fence();
  multiply(d, tile);
  wgmma_commit();
  wgmma_wait<0>();
  write(y, d);
}

// Warps 4 to 7 take more registers than warps 0 to 3 give.
extern "C" __global__ void __launch_bounds__(256, 1) registers_run_out(const int* x, int* y) {
  if (threadIdx.x < 128) {
    fewer_registers<BROKEN_OR_SOUND(248, 232)>();
    y[threadIdx.x] = x[threadIdx.x];
  } else {
    more_registers<256>();
    y[threadIdx.x] = -x[threadIdx.x];
  }
}

// One warp of four keeps its registers.
extern "C" __global__ void __launch_bounds__(256, 1) registers_of_three(const int* x, int* y) {
  if (threadIdx.x < 128) {
    if (BROKEN_OR_SOUND(threadIdx.x < 96, true)) fewer_registers<64>();
    y[threadIdx.x] = x[threadIdx.x];
  } else {
    y[threadIdx.x] = -x[threadIdx.x];
  }
}

struct Stages {
  alignas(1024) Tile tile[2];
  uint64_t full[2], empty[2];
};

// A warp brings tiles, a warpgroup multiplies: the stage is given back before the product has read it.
extern "C" __global__ void __launch_bounds__(160)
    stage_released_early(const char* a, const char* b, float* y, int tiles) {
  __shared__ Stages stages;
  if (threadIdx.x == 0) {
    for (int s = 0; s < 2; s++) {
      mbarrier_init(&stages.full[s], 1);
      mbarrier_init(&stages.empty[s], 1);
    }
    fence_mbarrier_init();
  }
  __syncthreads();
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int k = 0; k < tiles; k++) {
        int s = k & 1;
        mbarrier_wait(&stages.empty[s], (k >> 1 & 1) ^ 1);
        mbarrier_arrive_expect_tx(&stages.full[s], 10240);
        bulk_load(stages.tile[s].a, a + k * 8192, 8192, &stages.full[s]);
        bulk_load(stages.tile[s].b, b + k * 2048, 2048, &stages.full[s]);
      }
    return;
  }
  float d[8] = {};
#pragma unroll 1
  for (int k = 0; k < tiles; k++) {
    int s = k & 1;
    mbarrier_wait(&stages.full[s], k >> 1 & 1);
    wgmma_fence();
    multiply(d, stages.tile[s]);
    wgmma_commit();
    BROKEN(if (threadIdx.x == 0) mbarrier_arrive(&stages.empty[s]);)
    wgmma_wait<0>();
    SOUND(if (threadIdx.x == 0) mbarrier_arrive(&stages.empty[s]);)
  }
  write(y, d);
}

// A tile more is multiplied than was waited for, and the stage before it is given back.
extern "C" __global__ void __launch_bounds__(160)
    stage_released_one_early(const char* a, const char* b, float* y, int tiles) {
  __shared__ Stages stages;
  if (threadIdx.x == 0) {
    for (int s = 0; s < 2; s++) {
      mbarrier_init(&stages.full[s], 1);
      mbarrier_init(&stages.empty[s], 1);
    }
    fence_mbarrier_init();
  }
  __syncthreads();
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int k = 0; k < tiles; k++) {
        int s = k & 1;
        mbarrier_wait(&stages.empty[s], (k >> 1 & 1) ^ 1);
        mbarrier_arrive_expect_tx(&stages.full[s], 10240);
        bulk_load(stages.tile[s].a, a + k * 8192, 8192, &stages.full[s]);
        bulk_load(stages.tile[s].b, b + k * 2048, 2048, &stages.full[s]);
      }
    return;
  }
  float d[8] = {};
#pragma unroll 1
  for (int k = 0; k < tiles; k++) {
    mbarrier_wait(&stages.full[k & 1], k >> 1 & 1);
    wgmma_fence();
    multiply(d, stages.tile[k & 1]);
    wgmma_commit();
    wgmma_wait<BROKEN_OR_SOUND(2, 1)>();
    if (k > 0 && threadIdx.x == 0) mbarrier_arrive(&stages.empty[k - 1 & 1]);
  }
  wgmma_wait<0>();
  write(y, d);
}

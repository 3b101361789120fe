// Asynchronous copies from global to shared memory, in two, three and four stages.
#include <cuda_pipeline.h>
#include <cstdint>

__device__ __forceinline__ void copy_async_16(void* to, const void* from, int bytes = 16) {
  unsigned s = (unsigned)__cvta_generic_to_shared(to);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(s), "l"(from), "r"(bytes) : "memory");
}
__device__ __forceinline__ void copy_async_4(void* to, const void* from) {
  unsigned s = (unsigned)__cvta_generic_to_shared(to);
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(s), "l"(from) : "memory");
}
__device__ __forceinline__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int n>
__device__ __forceinline__ void wait_group() {
  asm volatile("cp.async.wait_group %0;" ::"n"(n) : "memory");
}

extern "C" __global__ void async_one_stage_i32(const int4* x, int4* y) {
  __shared__ int4 tile[64];
  copy_async_16(&tile[threadIdx.x], x + blockIdx.x * 64 + threadIdx.x);
  asm volatile("cp.async.wait_all;" ::: "memory");
  __syncthreads();
  y[blockIdx.x * 64 + threadIdx.x] = tile[63 - threadIdx.x];
}

// Each thread reads its own copies only: no barrier is needed after the wait.
extern "C" __global__ void async_own_data_f32(const float* x, float* y, int n) {
  __shared__ float mine[3][64];
  for (int from = 0; from < n; from += 3 * 64) {
    for (int k = 0; k < 3; k++) copy_async_4(&mine[k][threadIdx.x], x + from + k * 64 + threadIdx.x);
    commit();
    wait_group<0>();
    float sum = mine[0][threadIdx.x] + mine[1][threadIdx.x] * 2.0f + mine[2][threadIdx.x] * 3.0f;
    y[from / 3 + threadIdx.x] = sum;
  }
}

extern "C" __global__ void async_two_stages_f32(const float4* x, float* y, int tiles) {
  __shared__ float4 stage[2][32];
  float sum = 0.0f;
  int t = threadIdx.x;
  __pipeline_memcpy_async(&stage[0][t], x + t, 16);
  __pipeline_commit();
  for (int k = 0; k < tiles; k++) {
    if (k + 1 < tiles) __pipeline_memcpy_async(&stage[(k + 1) & 1][t], x + (k + 1) * 32 + t, 16);
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    float4 v = stage[k & 1][31 - t];
    sum += (v.x + v.y * 2.0f + v.z * 3.0f + v.w * 4.0f) * (k + 1);
    __syncthreads();
  }
  y[t] = sum;
}

// Four stages with one barrier a step: the stage that is refilled was read before the barrier.
extern "C" __global__ void async_four_stages_i32(const int4* x, int4* y, int tiles) {
  constexpr int kStages = 4;
  extern __shared__ int4 ring[];
  int t = threadIdx.x, m = blockDim.x;
  for (int s = 0; s < kStages - 1; s++) {
    if (s < tiles) copy_async_16(&ring[s * m + t], x + (blockIdx.x * tiles + s) * m + t);
    commit();
  }
  int4 sum = make_int4(0, 0, 0, 0);
  for (int k = 0; k < tiles; k++) {
    wait_group<kStages - 2>();
    __syncthreads();
    int4 v = ring[k % kStages * m + (t + k) % m];
    sum.x += v.x * (k + 1), sum.y ^= v.y + k, sum.z = sum.z * 3 + v.z, sum.w = max(sum.w, v.w);
    int next = k + kStages - 1;
    if (next < tiles) copy_async_16(&ring[next % kStages * m + t], x + (blockIdx.x * tiles + next) * m + t);
    commit();
  }
  y[blockIdx.x * m + t] = sum;
}

// The tail is filled with zeros by the copy itself.
extern "C" __global__ void async_zero_fill_f32(const float* x, float* y, int n) {
  __shared__ __align__(16) float tile[256];
  int base = blockIdx.x * 256;
  int left = (n - base - (int)threadIdx.x * 4) * 4;
  int bytes = left < 0 ? 0 : left > 16 ? 16 : left;
  copy_async_16(&tile[threadIdx.x * 4], bytes > 0 ? x + base + threadIdx.x * 4 : x, bytes);
  commit();
  wait_group<0>();
  __syncthreads();
  for (int k = 0; k < 4; k++) {
    int i = threadIdx.x + k * 64;
    y[base + i] = tile[i] + tile[255 - i];
  }
}

// The primitives' zero fill counts the bytes that are not copied.
extern "C" __global__ void async_primitives_zfill(const int2* x, int2* y, int n) {
  __shared__ int2 tile[3][64];
  for (int s = 0; s < 2; s++) {
    int i = s * 64 + threadIdx.x;
    __pipeline_memcpy_async(&tile[s][threadIdx.x], i < n ? x + i : x, 8, i < n ? 0 : 8);
    __pipeline_commit();
  }
  int tiles = (n + 63) / 64;
  for (int k = 0; k < tiles; k++) {
    int i = (k + 2) * 64 + threadIdx.x;
    __pipeline_memcpy_async(&tile[(k + 2) % 3][threadIdx.x], i < n ? x + i : x, 8, i < n ? 0 : 8);
    __pipeline_commit();
    __pipeline_wait_prior(2);
    __syncthreads();
    int2 v = tile[k % 3][63 - threadIdx.x];
    y[k * 64 + threadIdx.x] = make_int2(v.y, v.x);
    __syncthreads();
  }
  __pipeline_wait_prior(0);
}

// Warps that copy for warps that compute; the groups belong to the copying threads, so they wait, then the CTA meets.
extern "C" __global__ void async_specialised_warps(const int* x, int* y, int tiles) {
  __shared__ int ring[3][32];
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, sum = 0;
  if (warp == 0) {
    for (int s = 0; s < 2; s++) {
      copy_async_4(&ring[s][lane], x + s * 32 + lane);
      commit();
    }
  }
  for (int k = 0; k < tiles; k++) {
    if (warp == 0) wait_group<1>();
    __syncthreads();
    if (warp == 0) {
      if (k + 2 < tiles) copy_async_4(&ring[(k + 2) % 3][lane], x + (k + 2) * 32 + lane);
      commit();
    } else {
      sum = sum * 5 + ring[k % 3][lane ^ warp];
    }
  }
  if (warp > 0) y[(warp - 1) * 32 + lane] = sum;
}

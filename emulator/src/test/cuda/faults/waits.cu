// Asynchronous copies whose bytes are used before they are waited for.
#include "fault.cuh"

extern "C" __global__ void wait_missing(const int4* x, int4* y) {
  __shared__ int4 tile[32];
  copy_async_16(&tile[threadIdx.x], x + threadIdx.x);
  commit();
  SOUND(wait_group<0>();)
  __syncthreads();
  y[threadIdx.x] = tile[31 - threadIdx.x];
}

extern "C" __global__ void wait_group_off_by_one(const int4* x, int4* y, int tiles) {
  __shared__ int4 ring[3][32];
  int t = threadIdx.x;
  for (int s = 0; s < 2; s++) {
    copy_async_16(&ring[s][t], x + s * 32 + t);
    commit();
  }
  int4 sum = make_int4(0, 0, 0, 0);
  for (int k = 0; k < tiles; k++) {
    wait_group<BROKEN_OR_SOUND(2, 1)>();
    __syncthreads();
    if (k + 2 < tiles) copy_async_16(&ring[(k + 2) % 3][t], x + (k + 2) * 32 + t);
    commit();
    int4 v = ring[k % 3][31 - t];
    sum.x += v.x, sum.y ^= v.y, sum.z -= v.z, sum.w = max(sum.w, v.w);
  }
  y[t] = sum;
}

// The groups are counted, but this copy is in none of them.
extern "C" __global__ void commit_missing(const int* x, int* y) {
  __shared__ int tile[64];
  copy_async_4(&tile[threadIdx.x], x + threadIdx.x);
  SOUND(commit();)
  wait_group<0>();
  __syncthreads();
  y[threadIdx.x] = tile[63 - threadIdx.x];
}

// No empty groups at the end: the last tile's wait lets one group too many be in flight.
extern "C" __global__ void wait_short_in_tail(const int4* x, int4* y, int tiles) {
  __shared__ int4 stage[2][32];
  int t = threadIdx.x;
  copy_async_16(&stage[0][t], x + t);
  commit();
  int4 sum = make_int4(0, 0, 0, 0);
  for (int k = 0; k < tiles; k++) {
    if (k + 1 < tiles) {
      copy_async_16(&stage[(k + 1) & 1][t], x + (k + 1) * 32 + t);
      BROKEN(commit();)
    }
    SOUND(commit();)
    wait_group<1>();
    __syncthreads();
    int4 v = stage[k & 1][31 - t];
    sum.x += v.x, sum.y ^= v.y, sum.z -= v.z, sum.w = max(sum.w, v.w);
    __syncthreads();
  }
  y[t] = sum;
}

// Each thread waits for its own copies, but only after the barrier behind which others read them.
extern "C" __global__ void wait_after_barrier(const int4* x, int4* y) {
  __shared__ int4 tile[64];
  copy_async_16(&tile[threadIdx.x], x + threadIdx.x);
  commit();
  SOUND(wait_group<0>();)
  __syncthreads();
  int4 v = tile[threadIdx.x ^ 32];
  BROKEN(wait_group<0>();)
  y[threadIdx.x] = v;
}

// The first tile is waited for, the second pointer's tile is not.
extern "C" __global__ void wait_for_one_of_two(const float* a, const float* b, float* y) {
  __shared__ float as[64], bs[64];
  copy_async_4(&as[threadIdx.x], a + threadIdx.x);
  commit();
  copy_async_4(&bs[threadIdx.x], b + threadIdx.x);
  commit();
  wait_group<BROKEN_OR_SOUND(1, 0)>();
  __syncthreads();
  y[threadIdx.x] = as[63 - threadIdx.x] * bs[63 - threadIdx.x];
}

// Only the copying warp knows of its copies: a wait by the others waits for nothing.
extern "C" __global__ void wait_by_the_wrong_warp(const int* x, int* y) {
  __shared__ int tile[32];
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  if (warp == 0) {
    copy_async_4(&tile[lane], x + lane);
    commit();
  }
  if (BROKEN_OR_SOUND(warp == 1, warp == 0)) wait_group<0>();
  __syncthreads();
  if (warp == 1) y[lane] = tile[31 - lane];
}

// A store into bytes that a copy in flight will overwrite.
extern "C" __global__ void store_under_a_copy(const int* x, int* y) {
  __shared__ int tile[64];
  copy_async_4(&tile[threadIdx.x], x + threadIdx.x);
  commit();
  SOUND(wait_group<0>();)
  if (x[threadIdx.x] < 0) tile[threadIdx.x] = 0;
  wait_group<0>();
  __syncthreads();
  y[threadIdx.x] = tile[63 - threadIdx.x];
}

// The fragment comes from a stage whose copies are still in flight.
extern "C" __global__ void matrix_load_without_wait(const int4* x, unsigned* y) {
  __shared__ int4 rows[32];
  copy_async_16(&rows[threadIdx.x], x + threadIdx.x);
  commit();
  SOUND(wait_group<0>();)
  __syncwarp();
  unsigned r[2];
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(&rows[threadIdx.x & 15]))
               : "memory");
  y[threadIdx.x * 2] = r[0], y[threadIdx.x * 2 + 1] = r[1];
}

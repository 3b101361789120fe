// Two threads, one of them writing, meet in shared memory with nothing between them.
#include "fault.cuh"

extern "C" __global__ void barrier_missing(const int* x, int* y) {
  __shared__ int tile[128];
  tile[threadIdx.x] = x[threadIdx.x];
  SOUND(__syncthreads();)
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// The tile is overwritten while slower warps still read it.
extern "C" __global__ void barrier_missing_at_end_of_loop(const int* x, int* y, int tiles) {
  __shared__ int tile[128];
  int sum = 0;
  for (int k = 0; k < tiles; k++) {
    tile[threadIdx.x] = x[k * 128 + threadIdx.x];
    __syncthreads();
    for (int j = 0; j < 4; j++) sum = sum * 3 + tile[(threadIdx.x + j * 33) & 127];
    SOUND(__syncthreads();)
  }
  y[threadIdx.x] = sum;
}

// Whole tiles are right; the rest behind them has no barrier.
extern "C" __global__ void barrier_missing_in_tail(const int* x, int* y, int n) {
  __shared__ int tile[64];
  int t = threadIdx.x, full = n / 64;
  for (int k = 0; k < full; k++) {
    tile[t] = x[k * 64 + t];
    __syncthreads();
    y[k * 64 + t] = tile[63 - t];
    __syncthreads();
  }
  int rest = n - full * 64;
  if (rest > 0) {
    if (t < rest) tile[t] = x[full * 64 + t];
    SOUND(__syncthreads();)
    if (t < rest) y[full * 64 + t] = tile[rest - 1 - t];
  }
}

// The last steps of a tree trust that a warp runs in step.
extern "C" __global__ void warp_in_step(const int* x, int* y) {
  __shared__ int sums[64];
  int t = threadIdx.x;
  sums[t] = x[t];
  __syncthreads();
  if (t < 32) {
    for (int d = 32; d > 0; d /= 2) {
      int v = sums[t] + sums[(t + d) & 63];
      SOUND(__syncwarp();)
      sums[t] = v;
      SOUND(__syncwarp();)
    }
    if (t == 0) *y = sums[0];
  }
}

// The same with volatile accesses, as it was written before warps had lanes of their own.
extern "C" __global__ void warp_in_step_volatile(const int* x, int* y) {
  __shared__ volatile int sums[64];
  int t = threadIdx.x;
  sums[t] = x[t];
  __syncthreads();
  if (t < 32) {
    int v = sums[t] + sums[t + 32];
    SOUND(__syncwarp();)
    sums[t] = v;
    SOUND(__syncwarp();)
    for (int d = 16; d > 0; d /= 2) {
      v += sums[(t + d) & 31];
      SOUND(__syncwarp();)
      sums[t] = v;
      SOUND(__syncwarp();)
    }
    if (t == 0) *y = sums[0];
  }
}

extern "C" __global__ void warp_barrier_between_warps(const int* x, int* y) {
  __shared__ int tile[64];
  tile[threadIdx.x] = x[threadIdx.x] + 1;
  BROKEN_OR_SOUND(__syncwarp(), __syncthreads());
  y[threadIdx.x] = tile[threadIdx.x ^ 32];
}

extern "C" __global__ void scan_in_one_buffer(const int* x, int* y) {
  __shared__ int v[128];
  int t = threadIdx.x;
  v[t] = x[t];
  __syncthreads();
  for (int d = 1; d < 128; d *= 2) {
    int left = t >= d ? v[t - d] : 0;
    SOUND(__syncthreads();)
    v[t] += left;
    __syncthreads();
  }
  y[t] = v[t];
}

extern "C" __global__ void histogram_without_atomics(const unsigned char* x, unsigned* bins, int n) {
  __shared__ unsigned local[16];
  if (threadIdx.x < 16) local[threadIdx.x] = 0;
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    BROKEN_OR_SOUND(local[x[i] & 15]++, atomicAdd(&local[x[i] & 15], 1u));
  }
  __syncthreads();
  if (threadIdx.x < 16) bins[threadIdx.x] = local[threadIdx.x];
}

// The barrier has 64 threads, and the data goes between its two groups.
extern "C" __global__ void barrier_of_half_the_block(const int* x, int* y) {
  __shared__ int tile[128];
  tile[threadIdx.x] = x[threadIdx.x];
  BROKEN_OR_SOUND(bar_sync(1 + threadIdx.x / 64, 64), bar_sync(1, 128));
  y[threadIdx.x] = tile[(threadIdx.x + 64) & 127];
}

// Rows of 31 instead of 33: the ends of rows fall onto the next row's start.
extern "C" __global__ void overlapping_rows(const int* x, int* y) {
  __shared__ int tile[32 * 33];
  tile[threadIdx.y * BROKEN_OR_SOUND(31, 33) + threadIdx.x] = x[threadIdx.y * 32 + threadIdx.x];
  __syncthreads();
  y[threadIdx.x * 32 + threadIdx.y] = tile[threadIdx.y * BROKEN_OR_SOUND(31, 33) + threadIdx.x];
}

// A stage is filled again before the barrier that ends its reading.
extern "C" __global__ void stage_reused_too_early(const int4* x, int4* y, int tiles) {
  __shared__ int4 ring[3][64];
  int t = threadIdx.x;
  for (int s = 0; s < 2; s++) {
    copy_async_16(&ring[s][t], x + s * 64 + t);
    commit();
  }
  int4 sum = make_int4(0, 0, 0, 0);
  for (int k = 0; k < tiles; k++) {
    wait_group<1>();
    BROKEN(if (k + 2 < tiles) copy_async_16(&ring[(k + 2) % 3][t], x + (k + 2) * 64 + t); commit();)
    __syncthreads();
    SOUND(if (k + 2 < tiles) copy_async_16(&ring[(k + 2) % 3][t], x + (k + 2) * 64 + t); commit();)
    int4 v = ring[k % 3][63 - t];
    sum.x += v.x, sum.y ^= v.y, sum.z -= v.z, sum.w = max(sum.w, v.w);
  }
  y[t] = sum;
}

extern "C" __global__ void matrix_load_before_its_rows(const int4* x, unsigned* y) {
  __shared__ int4 rows[32];
  rows[threadIdx.x] = x[threadIdx.x];
  SOUND(__syncwarp();)
  unsigned r[4];
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(&rows[31 - threadIdx.x]))
               : "memory");
  for (int k = 0; k < 4; k++) y[threadIdx.x * 4 + k] = r[k];
}

// The value is written after the flag that announces it.
extern "C" __global__ void flag_before_value(const int* x, int* y) {
  __shared__ int value;
  __shared__ volatile int ready;
  if (threadIdx.x == 0) ready = 0, value = 0;
  __syncthreads();
  if (threadIdx.x == 32) {
    SOUND(value = x[0] + 7;)
    SOUND(__threadfence_block();)
    ready = 1;
    BROKEN(__threadfence_block();)
    BROKEN(value = x[0] + 7;)
  }
  if (threadIdx.x < 32) {
    while (ready == 0) {
    }
    __threadfence_block();
    y[threadIdx.x] = value + threadIdx.x;
  }
}

// Each half of the warp waits for itself only, and reads what the other wrote.
extern "C" __global__ void warp_barrier_of_halves(const int* x, int* y) {
  __shared__ int tile[32];
  int t = threadIdx.x;
  tile[t] = x[t];
  BROKEN_OR_SOUND(__syncwarp(t < 16 ? 0xffffu : 0xffff0000u);, __syncwarp();)
  y[t] = tile[31 - t];
}

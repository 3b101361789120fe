// Values that were never written, on their way into memory, an address or a branch.
#include "fault.cuh"

extern "C" __global__ void shared_bins_not_cleared(const unsigned char* x, unsigned* bins, int n) {
  __shared__ unsigned local[16];
  SOUND(if (threadIdx.x < 16) local[threadIdx.x] = 0;)
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) atomicAdd(&local[x[i] & 15], 1u);
  __syncthreads();
  if (threadIdx.x < 16) bins[threadIdx.x] = local[threadIdx.x];
}

// Lanes behind the end leave their place as it is, and the tree adds all places.
extern "C" __global__ void shared_tail_not_filled(const int* x, int* y, int n) {
  __shared__ int sums[128];
  int t = threadIdx.x, i = blockIdx.x * 128 + t;
  if (i < n) sums[t] = x[i];
  SOUND(else sums[t] = 0;)
  __syncthreads();
  for (int s = 64; s > 0; s /= 2) {
    if (t < s) sums[t] += sums[t + s];
    __syncthreads();
  }
  if (t == 0) y[blockIdx.x] = sums[0];
}

// The output is added to, and nobody set it before.
extern "C" __global__ void output_added_to(const int* x, int* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  BROKEN_OR_SOUND(y[i] += x[i] * 3, y[i] = x[i] * 3);
}

extern "C" __global__ void scratch_partly_written(const int* x, int* scratch, int* y) {
  int t = threadIdx.x;
  if (BROKEN_OR_SOUND(x[t] > 0, true)) scratch[t] = x[t];
  __syncthreads();
  int v = scratch[63 - t];
  y[t] = v > 5 ? 1 : 2;
}

extern "C" __global__ void local_slot_not_written(const int* x, int* y, int n) {
  int last[8];
#pragma unroll 1
  for (int k = 0; k < BROKEN_OR_SOUND(7, 8); k++) last[k] = -1;
#pragma unroll 1
  for (int k = 0; k < n; k++) last[x[k] & 7] = k;
  y[threadIdx.x] = last[threadIdx.x & 7];
}

__device__ __forceinline__ void mma_bf16(float* d, const unsigned* a, const unsigned* b) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

extern "C" __global__ void accumulator_not_cleared(const unsigned* a, const unsigned* b, float* c) {
  float acc[4] BROKEN_OR_SOUND(, = {0.0f});
  unsigned fa[4], fb[2];
  for (int k = 0; k < 4; k++) fa[k] = a[k * 32 + threadIdx.x];
  for (int k = 0; k < 2; k++) fb[k] = b[k * 32 + threadIdx.x];
  mma_bf16(acc, fa, fb);
  for (int k = 0; k < 4; k++) c[threadIdx.x * 4 + k] = acc[k];
}

// The upper half of the warp is not there when the lower half asks it.
extern "C" __global__ void shuffle_from_absent_lane(const int* x, int* y) {
  int v = x[threadIdx.x];
  SOUND(v += __shfl_down_sync(~0u, v, 16);)
  if (threadIdx.x < 16) {
    BROKEN(v += __shfl_down_sync(0x0000ffffu, v, 16);)
    y[threadIdx.x] = v;
  }
}

// Sixteen lanes reduce with steps that begin at sixteen.
extern "C" __global__ void shuffle_width_off_by_two(const float* x, float* y) {
  if (threadIdx.x < 16) {
    float v = x[threadIdx.x];
    for (int d = BROKEN_OR_SOUND(16, 8); d > 0; d /= 2) v += __shfl_xor_sync(0x0000ffffu, v, d);
    y[threadIdx.x] = v;
  }
}

// The copy's tail is left out instead of zero-filled.
extern "C" __global__ void copy_async_leaves_a_gap(const float* x, float* y, int n) {
  __shared__ __align__(16) float tile[128];
  int i = threadIdx.x * 4, bytes = n - i >= 4 ? 16 : n - i > 0 ? (n - i) * 4 : 0;
  BROKEN_OR_SOUND(if (bytes > 0) copy_async_16(&tile[i], x + i, bytes),
                  copy_async_16(&tile[i], bytes > 0 ? x + i : x, bytes));
  commit();
  wait_group<0>();
  __syncthreads();
  float sum = 0.0f;
  for (int k = 0; k < 4; k++) sum += tile[threadIdx.x + 32 * k];
  y[threadIdx.x] = sum;
}

// Indices behind the count were never written; one of them becomes an address.
extern "C" __global__ void index_never_written(const int* x, int* list, int* y, int n) {
  __shared__ int count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  if (x[threadIdx.x] > 50) list[atomicAdd(&count, 1)] = threadIdx.x;
  __syncthreads();
  int limit = BROKEN_OR_SOUND(n, count);
  if (threadIdx.x < limit) y[threadIdx.x] = x[list[threadIdx.x]] > 50;
}

// Only an odd sum of the keys sets the limit that the loop runs to.
extern "C" __global__ void branch_on_shared_garbage(const int* x, int* y) {
  __shared__ int limit;
  if (threadIdx.x == 0 && BROKEN_OR_SOUND(x[0] > 1000, true)) limit = x[0] & 7;
  __syncthreads();
  int sum = 0;
#pragma unroll 1
  for (int k = 0; k < limit; k++) sum += x[k];
  y[threadIdx.x] = sum;
}

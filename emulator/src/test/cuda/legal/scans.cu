// Prefix sums: in shared memory, in registers, and across CTAs.
#include <cstdint>

// Inclusive, one tile a CTA, two buffers in dynamic shared memory.
extern "C" __global__ void scan_hillis_steele_i32(const int* __restrict__ x, int* __restrict__ y, int n) {
  extern __shared__ int buffers[];
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int t = threadIdx.x, from = 0;
  buffers[t] = i < n ? x[i] : 0;
  __syncthreads();
  for (int offset = 1; offset < blockDim.x; offset *= 2) {
    int* in = buffers + from * blockDim.x;
    int* out = buffers + (1 - from) * blockDim.x;
    out[t] = t >= offset ? in[t] + in[t - offset] : in[t];
    from = 1 - from;
    __syncthreads();
  }
  if (i < n) y[i] = buffers[from * blockDim.x + t];
}

__device__ __forceinline__ int padded(int i) { return i + (i >> 5); }

// Exclusive, two elements a thread, padded against bank conflicts; writes each tile's total.
extern "C" __global__ void scan_blelloch_i32(const int* x, int* y, int* totals, int n) {
  __shared__ int tree[256 + 8];
  int t = threadIdx.x, base = blockIdx.x * 256;
  for (int k = 0; k < 2; k++) {
    int i = t + k * 128;
    tree[padded(i)] = base + i < n ? x[base + i] : 0;
  }
  int offset = 1;
  for (int d = 128; d > 0; d >>= 1) {
    __syncthreads();
    if (t < d) {
      int a = offset * (2 * t + 1) - 1, b = offset * (2 * t + 2) - 1;
      tree[padded(b)] += tree[padded(a)];
    }
    offset *= 2;
  }
  if (t == 0) {
    totals[blockIdx.x] = tree[padded(255)];
    tree[padded(255)] = 0;
  }
  for (int d = 1; d < 256; d *= 2) {
    offset >>= 1;
    __syncthreads();
    if (t < d) {
      int a = offset * (2 * t + 1) - 1, b = offset * (2 * t + 2) - 1;
      int left = tree[padded(a)];
      tree[padded(a)] = tree[padded(b)];
      tree[padded(b)] += left;
    }
  }
  __syncthreads();
  for (int k = 0; k < 2; k++) {
    int i = t + k * 128;
    if (base + i < n) y[base + i] = tree[padded(i)];
  }
}

template <typename T>
__device__ T warp_inclusive(T v) {
  int lane = threadIdx.x & 31;
#pragma unroll
  for (int d = 1; d < 32; d *= 2) {
    T up = __shfl_up_sync(0xffffffffu, v, d);
    if (lane >= d) v += up;
  }
  return v;
}

template <typename T>
__device__ T block_inclusive(T v, T* warp_sums) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  v = warp_inclusive(v);
  if (lane == 31) warp_sums[warp] = v;
  __syncthreads();
  if (warp == 0) {
    T s = lane < (blockDim.x >> 5) ? warp_sums[lane] : T(0);
    s = warp_inclusive(s);
    if (lane < (blockDim.x >> 5)) warp_sums[lane] = s;
  }
  __syncthreads();
  return warp > 0 ? v + warp_sums[warp - 1] : v;
}

extern "C" __global__ void scan_warp_shuffle_i32(const int* x, int* y, int n) {
  __shared__ int warp_sums[32];
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int v = block_inclusive(i < n ? x[i] : 0, warp_sums);
  if (i < n) y[i] = v;
}

extern "C" __global__ void scan_shuffle_u64(const uint64_t* x, uint64_t* y, int n) {
  __shared__ uint64_t warp_sums[32];
  uint64_t carry = 0;
  __shared__ uint64_t tile_total;
  for (int base = 0; base < n; base += blockDim.x) {
    int i = base + threadIdx.x;
    uint64_t v = block_inclusive<uint64_t>(i < n ? x[i] : 0, warp_sums);
    if (i < n) y[i] = v + carry;
    if (threadIdx.x == blockDim.x - 1) tile_total = v;
    __syncthreads();
    carry += tile_total;
    __syncthreads();
  }
}

// Segments begin where a flag is set.
extern "C" __global__ void scan_segmented_f32(const float* x, const unsigned char* heads, float* y, int n) {
  int lane = threadIdx.x & 31;
  int i = (blockIdx.x * blockDim.x + threadIdx.x);
  bool in = i < n;
  float v = in ? x[i] : 0.0f;
  int head = in ? heads[i] : 1;
  if (lane == 0) head = 1;
  unsigned starts = __ballot_sync(~0u, head);
  int first = 31 - __clz(starts & (0xffffffffu >> (31 - lane)));
  for (int d = 1; d < 32; d *= 2) {
    float up = __shfl_up_sync(~0u, v, d);
    if (lane - d >= first) v += up;
  }
  if (in) y[i] = v;
}

// Decoupled look-back: status words hold (state << 30 | value); state 1 is a tile's sum, 2 its inclusive prefix.
extern "C" __global__ void scan_look_back_u32(const unsigned* x, unsigned* y, unsigned* status, unsigned* next, int n) {
  __shared__ unsigned warp_sums[32];
  __shared__ unsigned tile, before;
  if (threadIdx.x == 0) tile = atomicAdd(next, 1u);
  __syncthreads();
  int i = tile * blockDim.x + threadIdx.x;
  unsigned v = block_inclusive(i < n ? x[i] : 0u, warp_sums);
  if (threadIdx.x == blockDim.x - 1) {
    __threadfence();
    atomicExch(&status[tile], (tile == 0 ? 2u : 1u) << 30 | v);
    unsigned sum = 0;
    for (int t = (int)tile - 1; t >= 0;) {
      unsigned word = *(volatile unsigned*)&status[t];
      unsigned state = word >> 30;
      if (state == 0) continue;
      sum += word & 0x3fffffffu;
      if (state == 2) break;
      t--;
    }
    if (tile > 0) {
      __threadfence();
      atomicExch(&status[tile], 2u << 30 | (sum + v));
    }
    before = sum;
  }
  __syncthreads();
  if (i < n) y[i] = v + before;
}

// Sums, extremes and arguments of extremes: trees, shuffles, redux, and the last block that finishes the others' work.
#include <cstdint>
#include <cfloat>

extern "C" __global__ void reduce_tree_f32(const float* __restrict__ x, float* __restrict__ partial, int n) {
  extern __shared__ float sums[];
  float sum = 0.0f;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += x[i];
  sums[threadIdx.x] = sum;
  __syncthreads();
  for (int s = blockDim.x / 2; s > 0; s >>= 1) {
    if (threadIdx.x < s) sums[threadIdx.x] += sums[threadIdx.x + s];
    __syncthreads();
  }
  if (threadIdx.x == 0) partial[blockIdx.x] = sums[0];
}

// The last steps within one warp, with __syncwarp between reading and writing.
extern "C" __global__ void reduce_tree_syncwarp_i32(const int* x, int* y) {
  __shared__ int sums[128];
  int t = threadIdx.x;
  sums[t] = x[blockIdx.x * 128 + t];
  __syncthreads();
  if (t < 64) sums[t] += sums[t + 64];
  __syncthreads();
  if (t < 32) {
    int v = sums[t] + sums[t + 32];
    for (int d = 16; d > 0; d >>= 1) {
      sums[t] = v;
      __syncwarp();
      v += sums[(t + d) & 31];
      __syncwarp();
    }
    if (t == 0) y[blockIdx.x] = v;
  }
}

template <typename T, typename Op>
__device__ T warp_reduce(T v, Op op) {
#pragma unroll
  for (int d = 16; d > 0; d /= 2) v = op(v, __shfl_xor_sync(~0u, v, d));
  return v;
}

template <typename T>
struct Plus {
  __device__ T operator()(T a, T b) const { return a + b; }
};
template <typename T>
struct Least {
  __device__ T operator()(T a, T b) const { return a < b ? a : b; }
};
template <typename T>
struct Most {
  __device__ T operator()(T a, T b) const { return a > b ? a : b; }
};

template <typename T, typename Op>
__device__ void reduce_block(const T* x, T* y, int n, T neutral, Op op) {
  __shared__ T warps[32];
  T v = neutral;
  for (int i = threadIdx.x; i < n; i += blockDim.x) v = op(v, x[i]);
  v = warp_reduce(v, op);
  if ((threadIdx.x & 31) == 0) warps[threadIdx.x >> 5] = v;
  __syncthreads();
  if (threadIdx.x < 32) {
    v = threadIdx.x < blockDim.x / 32 ? warps[threadIdx.x] : neutral;
    v = warp_reduce(v, op);
    if (threadIdx.x == 0) *y = v;
  }
}

extern "C" __global__ void reduce_types(const double* d, const int* i, const unsigned long long* u, const short* s,
                                        double* sum, int* least, unsigned long long* most, short* least16, int n) {
  switch (blockIdx.x) {
    case 0:
      reduce_block(d, sum, n, 0.0, Plus<double>());
      break;
    case 1:
      reduce_block(i, least, n, 0x7fffffff, Least<int>());
      break;
    case 2:
      reduce_block(u, most, n, 0ull, Most<unsigned long long>());
      break;
    case 3:
      reduce_block(s, least16, n, (short)0x7fff, Least<short>());
      break;
  }
}

// Each CTA leaves a partial sum; the last to arrive adds them in order, so the result is one for all schedules.
extern "C" __global__ void reduce_last_block_f32(const float* x, float* partial, float* y, unsigned* counter, int n) {
  __shared__ float warps[8];
  __shared__ bool last;
  float v = 0.0f;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) v += x[i];
  v = warp_reduce(v, Plus<float>());
  if ((threadIdx.x & 31) == 0) warps[threadIdx.x >> 5] = v;
  __syncthreads();
  if (threadIdx.x == 0) {
    float sum = 0.0f;
    for (int w = 0; w < blockDim.x / 32; w++) sum += warps[w];
    partial[blockIdx.x] = sum;
    __threadfence();
    unsigned ticket = atomicInc(counter, gridDim.x - 1);
    last = ticket == gridDim.x - 1;
  }
  __syncthreads();
  if (last && threadIdx.x == 0) {
    __threadfence();
    float sum = 0.0f;
    for (int b = 0; b < gridDim.x; b++) sum += partial[b];
    *y = sum;
  }
}

extern "C" __global__ void reduce_redux(const int* x, int* y) {
  int v = x[threadIdx.x];
  int warp = threadIdx.x >> 5;
  int sum = __reduce_add_sync(~0u, v);
  int least = __reduce_min_sync(~0u, v);
  int most = __reduce_max_sync(~0u, v);
  unsigned all = __reduce_and_sync(~0u, (unsigned)v), any = __reduce_or_sync(~0u, (unsigned)v);
  unsigned odd = __reduce_xor_sync(~0u, (unsigned)v);
  unsigned mostu = __reduce_max_sync(~0u, (unsigned)v);
  if ((threadIdx.x & 31) == 0) {
    int* out = y + warp * 7;
    out[0] = sum, out[1] = least, out[2] = most, out[3] = all, out[4] = any, out[5] = odd, out[6] = mostu;
  }
}

// (value, index) packed so that an integer maximum orders by value and then by the smaller index.
extern "C" __global__ void reduce_argmax_f32(const float* x, unsigned long long* best, int n) {
  unsigned long long key = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    unsigned bits = __float_as_uint(x[i]);
    bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    unsigned long long k = (unsigned long long)bits << 32 | (unsigned)~i;
    if (k > key) key = k;
  }
  key = warp_reduce(key, Most<unsigned long long>());
  if ((threadIdx.x & 31) == 0) atomicMax(best, key);
}

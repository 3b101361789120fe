// Addresses outside of what they belong to, and addresses that are no multiple of their access.
#include "fault.cuh"

extern "C" __global__ void global_read_one_too_many(const int* x, int* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] + (BROKEN_OR_SOUND(true, i + 1 < n) ? x[i + 1] : 0);
}

extern "C" __global__ void global_write_one_too_many(const int* x, int* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (BROKEN_OR_SOUND(i <= n, i < n)) y[i] = x[i % n];
}

extern "C" __global__ void global_before_the_start(const int* x, int* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] - BROKEN_OR_SOUND(x[i - 1], (i > 0 ? x[i - 1] : 0));
}

extern "C" __global__ void vector_tail(const int4* x, int* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (BROKEN_OR_SOUND(i * 4 < n, i * 4 + 3 < n)) {
    int4 v = x[i];
    y[i] = v.x + v.y + v.z + v.w;
  }
}

extern "C" __global__ void rows_and_columns_mixed_up(const float* x, float* y, int rows, int cols) {
  int c = blockIdx.x * blockDim.x + threadIdx.x, r = blockIdx.y * blockDim.y + threadIdx.y;
  if (BROKEN_OR_SOUND(r < cols && c < rows, r < rows && c < cols)) y[r * cols + c] = x[r * cols + c] * 2.0f;
}

extern "C" __global__ void shared_window_too_small(const int* x, int* y) {
  extern __shared__ int window[];
  int t = threadIdx.x;
  window[t + BROKEN_OR_SOUND(1, 0)] = x[t];
  __syncthreads();
  y[t] = window[(t * 7 & (blockDim.x - 1)) + BROKEN_OR_SOUND(1, 0)];
}

extern "C" __global__ void shared_array_one_too_many(const int* x, int* y, int n) {
  __shared__ int tile[65];
  tile[threadIdx.x] = x[threadIdx.x];
  if (threadIdx.x == 0) tile[n + BROKEN_OR_SOUND(1, 0)] = 1;
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x + 1 > 63 ? 0 : threadIdx.x + 1];
}

// Counts of 11 where there is room for 10.
extern "C" __global__ void local_array_one_too_many(const int* x, int* y, int n) {
  int digits[10];
#pragma unroll 1
  for (int k = 0; k < BROKEN_OR_SOUND(11, 10); k++) digits[k] = 0;
#pragma unroll 1
  for (int k = 0; k < n; k++) digits[(unsigned)x[threadIdx.x * n + k] % 10u]++;
  int best = 0;
#pragma unroll 1
  for (int k = 1; k < 10; k++) best = digits[k] > digits[best] ? k : best;
  y[threadIdx.x] = best;
}

extern "C" __global__ void bin_out_of_range(const int* x, unsigned* bins, int n, int num_bins) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(&bins[BROKEN_OR_SOUND(min(x[i], num_bins), min(x[i], num_bins - 1))], 1u);
}

extern "C" __global__ void copy_async_past_the_end(const float* x, float* y, int n) {
  __shared__ __align__(16) float tile[256];
  int i = blockIdx.x * 256 + threadIdx.x * 4;
  [[maybe_unused]] int bytes = n - i >= 4 ? 16 : n - i > 0 ? (n - i) * 4 : 0;
  copy_async_16(&tile[threadIdx.x * 4], x + BROKEN_OR_SOUND(i, (bytes > 0 ? i : 0)), BROKEN_OR_SOUND(16, bytes));
  commit();
  wait_group<0>();
  __syncthreads();
  for (int k = threadIdx.x; k < 256; k += 64) {
    if (blockIdx.x * 256 + k < n) y[blockIdx.x * 256 + k] = tile[k];
  }
}

// The pointer was never set.
extern "C" __global__ void null_pointer(const int* x, int* y, const int* optional) {
  int v = x[threadIdx.x];
  BROKEN_OR_SOUND(v += optional[threadIdx.x], if (optional != nullptr) v += optional[threadIdx.x]);
  y[threadIdx.x] = v;
}

// An index from data, used before it is checked.
extern "C" __global__ void index_from_data(const int* x, const int* index, int* y, int n) {
  int j = index[threadIdx.x];
  y[threadIdx.x] = BROKEN_OR_SOUND(x[j], (j >= 0 && j < n ? x[j] : -1));
}

extern "C" __global__ void misaligned_vector(const float* x, float* y) {
  float4 v = *(const float4*)(x + threadIdx.x * 4 + BROKEN_OR_SOUND(1, 0));
  y[threadIdx.x] = v.x + v.y * v.z - v.w;
}

extern "C" __global__ void misaligned_store(const int* x, int* y, int skip) {
  *(int2*)(y + BROKEN_OR_SOUND(skip, skip * 2) + threadIdx.x * 2) = make_int2(x[threadIdx.x], 1);
}

extern "C" __global__ void misaligned_shared_double(const double* x, double* y, int offset) {
  __shared__ __align__(8) unsigned char window[65 * 8];
  double* d = (double*)(window + BROKEN_OR_SOUND(offset, offset * 2));
  d[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = d[63 - threadIdx.x];
}

extern "C" __global__ void misaligned_copy_async(const float* x, float* y, int skip) {
  __shared__ __align__(16) float tile[128];
  copy_async_16(&tile[threadIdx.x * 4], x + threadIdx.x * 4 + BROKEN_OR_SOUND(skip, 2 * skip));
  commit();
  wait_group<0>();
  __syncthreads();
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// Rows of 24 bytes, where each row must begin at a multiple of 16.
extern "C" __global__ void misaligned_matrix_rows(const uint16_t* x, unsigned* y) {
  __shared__ __align__(16) uint16_t rows[8 * 16];
  for (int i = threadIdx.x; i < 128; i += 32) rows[i] = x[i];
  __syncwarp();
  unsigned r;
  unsigned at = shared_address(&rows[(threadIdx.x & 7) * BROKEN_OR_SOUND(12, 16)]);
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(r) : "r"(at) : "memory");
  y[threadIdx.x] = r;
}

extern "C" __global__ void misaligned_atomic(unsigned* y, int at) {
  atomicAdd((unsigned long long*)(y + BROKEN_OR_SOUND(at, at * 2)), 1ull << 16);
}

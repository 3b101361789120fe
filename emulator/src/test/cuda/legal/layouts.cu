// Data that moves: transposes with and without bank conflicts, permutations in three dimensions, windows of shared
// memory of several types, and copies at any alignment.
#include <cstdint>

extern "C" __global__ void transpose_padded_f32(const float* __restrict__ x, float* __restrict__ y, int rows,
                                                int cols) {
  __shared__ float tile[32][33];
  int c = blockIdx.x * 32 + threadIdx.x;
  for (int k = threadIdx.y; k < 32; k += blockDim.y) {
    int r = blockIdx.y * 32 + k;
    if (r < rows && c < cols) tile[k][threadIdx.x] = x[r * cols + c];
  }
  __syncthreads();
  int r = blockIdx.y * 32 + threadIdx.x;
  for (int k = threadIdx.y; k < 32; k += blockDim.y) {
    int col = blockIdx.x * 32 + k;
    if (r < rows && col < cols) y[col * rows + r] = tile[threadIdx.x][k];
  }
}

extern "C" __global__ void transpose_conflicted_u8(const uint8_t* x, uint8_t* y, int n) {
  __shared__ uint8_t tile[32][32];
  int r = blockIdx.y * 32 + threadIdx.y, c = blockIdx.x * 32 + threadIdx.x;
  tile[threadIdx.y][threadIdx.x] = x[r * n + c];
  __syncthreads();
  y[(blockIdx.x * 32 + threadIdx.y) * n + blockIdx.y * 32 + threadIdx.x] = tile[threadIdx.x][threadIdx.y];
}

// 32 x 32 floats as 16-byte chunks whose place is XORed with the row.
extern "C" __global__ void transpose_swizzled_f32(const float4* __restrict__ x, float4* __restrict__ y, int n) {
  __shared__ __align__(128) float tile[32 * 32];
  int chunk = threadIdx.x & 7, row = threadIdx.x >> 3;
  int n4 = n / 4;
  float4 v = x[(blockIdx.y * 32 + row) * n4 + blockIdx.x * 8 + chunk];
  *(float4*)&tile[row * 32 + ((chunk ^ (row & 7)) << 2)] = v;
  __syncthreads();
  float4 out;
  float* o = (float*)&out;
#pragma unroll
  for (int k = 0; k < 4; k++) {
    int r = chunk * 4 + k, c = row;
    o[k] = tile[r * 32 + (((c >> 2) ^ (r & 7)) << 2) + (c & 3)];
  }
  y[(blockIdx.x * 32 + row) * n4 + blockIdx.y * 8 + chunk] = out;
}

// x[a][b][c] -> y[c][a][b], with blocks and grids of three dimensions; also counts by the launch's own numbers.
extern "C" __global__ void permute_3d_i16(const int16_t* x, int16_t* y, int3 shape, unsigned* launched) {
  int c = blockIdx.x * blockDim.x + threadIdx.x;
  int b = blockIdx.y * blockDim.y + threadIdx.y;
  int a = blockIdx.z * blockDim.z + threadIdx.z;
  if (threadIdx.x + threadIdx.y + threadIdx.z == 0) atomicAdd(launched, blockDim.x * blockDim.y * blockDim.z);
  if (a < shape.x && b < shape.y && c < shape.z) {
    y[(c * shape.x + a) * shape.y + b] = x[(a * shape.y + b) * shape.z + c];
  }
}

struct __align__(8) Pair {
  int key;
  float value;
};

// One window of dynamic shared memory cut into doubles, pairs, floats, halves of words and bytes.
extern "C" __global__ void shared_arrays(const float* x, double* sums, int* keys, int n) {
  extern __shared__ __align__(16) unsigned char window[];
  double* d = (double*)window;
  Pair* pairs = (Pair*)(d + blockDim.x);
  float* f = (float*)(pairs + blockDim.x);
  short* s = (short*)(f + blockDim.x);
  unsigned char* b = (unsigned char*)(s + blockDim.x);
  int t = threadIdx.x, m = blockDim.x, i = blockIdx.x * m + t;
  float v = i < n ? x[i] : 0.0f;
  f[t] = v;
  s[m - 1 - t] = (short)t;
  b[t] = (unsigned char)(t * 7);
  d[t] = (double)v * 2.0;
  pairs[t].key = (int)(v * 16.0f);
  pairs[t].value = v;
  __syncthreads();
  int other = s[t];
  if (i < n) {
    sums[i] = d[other] + f[other] + pairs[other].value;
    keys[i] = pairs[other].key ^ b[other];
  }
}

extern "C" __global__ void bank_conflicts_i32(const int* x, int* y, int stride) {
  __shared__ int banks[32 * 33];
  int t = threadIdx.x;
  for (int i = t; i < 32 * 33; i += blockDim.x) banks[i] = x[i];
  __syncthreads();
  int sum = 0;
  for (int k = 0; k < 32; k++) sum = sum * 3 + banks[(t * stride + k) % (32 * 33)];
  y[t] = sum;
}

extern "C" __global__ void vector_loads(const float4* f4, const int2* i2, const char4* c4, const short4* s4,
                                        const double2* d2, const longlong2* l2, const uchar2* u2, double* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float4 f = __ldg(f4 + i);
  int2 p = i2[i];
  char4 c = c4[i];
  short4 s = s4[i];
  double2 d = d2[i];
  longlong2 l = l2[i];
  uchar2 u = u2[i];
  double v = (double)f.x + 2.0 * f.y + 3.0 * f.z + 4.0 * f.w + p.x - p.y;
  v += c.x + 2 * c.y + 3 * c.z + 4 * c.w + s.x - s.y + s.z - s.w;
  v += d.x * d.y + (double)(l.x - l.y) + u.x * 3 + u.y;
  y[i] = v;
}

// Source and destination at any byte: bytes until the destination is aligned, then words made of two loads.
extern "C" __global__ void copy_unaligned(const uint8_t* x, uint8_t* y, int from, int to, int n) {
  int head = min(n, (4 - (to & 3)) & 3);
  int words = (n - head) / 4;
  int t = blockIdx.x * blockDim.x + threadIdx.x, step = gridDim.x * blockDim.x;
  for (int i = t; i < head; i += step) y[to + i] = x[from + i];
  const uint32_t* in = (const uint32_t*)((uintptr_t)(x + from + head) & ~(uintptr_t)3);
  unsigned shift = ((from + head) & 3) * 8;
  uint32_t* out = (uint32_t*)(y + to + head);
  for (int i = t; i < words; i += step) {
    uint32_t low = in[i];
    out[i] = shift == 0 ? low : __funnelshift_r(low, in[i + 1], shift);
  }
  for (int i = head + words * 4 + t; i < n; i += step) y[to + i] = x[from + i];
}

extern "C" __global__ void cache_hints_f32(const float* __restrict__ x, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float v = __ldca(x + i) + __ldcg(x + (i + 1) % n) + __ldcs(x + (i + 2) % n) + __ldlu(x + (i + 3) % n) +
            __ldcv(x + (i + 4) % n) + __ldg(x + (i + 5) % n);
  switch (i & 3) {
    case 0:
      __stcs(y + i, v);
      break;
    case 1:
      __stcg(y + i, v);
      break;
    case 2:
      __stwt(y + i, v);
      break;
    default:
      __stwb(y + i, v);
  }
}

struct Matrix {
  float m[3][4];
  short scale;
  signed char shift[5];
  long long base;
};

// A struct of mixed fields by value, between parameters of other sizes.
extern "C" __global__ void struct_by_value(char first, Matrix a, unsigned short second, const float4* x, float* y,
                                           bool flip) {
  int i = threadIdx.x;
  float4 v = x[i];
  for (int r = 0; r < 3; r++) {
    float sum = a.m[r][0] * v.x + a.m[r][1] * v.y + a.m[r][2] * v.z + a.m[r][3] * v.w;
    y[i * 3 + r] = (flip ? -sum : sum) * a.scale + a.shift[i % 5] + (float)(a.base % 1000) + first + second;
  }
}

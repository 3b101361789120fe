// Sixteen-bit floats: packed arithmetic, comparisons, conversions, atomics.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

extern "C" __global__ void half2_math(const __half2* a, const __half2* b, __half2* y, float* z) {
  int i = threadIdx.x;
  __half2 u = a[i], v = b[i];
  __half2* o = y + i * 10;
  o[0] = __hadd2(u, v), o[1] = __hmul2(u, v), o[2] = __hfma2(u, v, u), o[3] = __hsub2(u, v), o[4] = __hneg2(u);
  o[5] = __hmin2(u, v), o[6] = __hmax2(u, v), o[7] = __hle2(u, v), o[8] = __habs2(v), o[9] = __lowhigh2highlow(u);
  float2 f = __half22float2(__hfma2_relu(u, v, v));
  float* p = z + i * 8;
  p[0] = f.x, p[1] = f.y, p[2] = __half2float(hexp(__low2half(u))), p[3] = __half2float(hrcp(__high2half(v)));
  p[4] = __hgt(__low2half(u), __low2half(v)), p[5] = __half2float(hsqrt(__habs(__low2half(u))));
  p[6] = __half2float(__hdiv(__low2half(u), __low2half(v))), p[7] = __half2int_rn(__high2half(u));
}

extern "C" __global__ void bfloat162_math(const __nv_bfloat162* a, const __nv_bfloat162* b, __nv_bfloat162* y,
                                          float* z) {
  int i = threadIdx.x;
  __nv_bfloat162 u = a[i], v = b[i];
  __nv_bfloat162* o = y + i * 7;
  o[0] = __hadd2(u, v), o[1] = __hmul2(u, v), o[2] = __hfma2(u, v, u), o[3] = __hsub2(v, u), o[4] = __hmax2(u, v);
  o[5] = __hneg2(u), o[6] = __floats2bfloat162_rn(__low2float(u) * 1.3f, __high2float(v) / 3.0f);
  float* p = z + i * 3;
  p[0] = __low2float(u) + __high2float(v), p[1] = __hlt(__low2bfloat16(u), __low2bfloat16(v));
  p[2] = __bfloat162float(__float2bfloat16_rz(__high2float(u) * 1.7f));
}

extern "C" __global__ void half_dot(const __half2* a, const __half2* b, float* y, int n2) {
  float sum = 0.0f;
  for (int i = threadIdx.x; i < n2; i += 32) {
    float2 u = __half22float2(a[i]), v = __half22float2(b[i]);
    sum = fmaf(u.x, v.x, fmaf(u.y, v.y, sum));
  }
  for (int d = 16; d > 0; d /= 2) sum += __shfl_down_sync(~0u, sum, d);
  if (threadIdx.x == 0) *y = sum;
}

// Whole numbers small enough that any order of additions is exact.
extern "C" __global__ void half_atomics(const int* x, __half2* sums, __nv_bfloat16* total, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  atomicAdd(&sums[i & 3], __floats2half2_rn((float)x[i], 1.0f));
  if (x[i] == 3) atomicAdd(total, __float2bfloat16(1.0f));
}

extern "C" __global__ void dequantize_i4_f16(const unsigned* packed, const __half* scales, __half2* y, int groups) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  unsigned v = packed[i];
  __half2 scale = __half2half2(scales[i / groups]);
  __half2* o = y + i * 4;
  for (int k = 0; k < 4; k++) {
    // 0x6400 is 1024 in half precision, and its last bits count by one.
    unsigned bits = (v >> (4 * k) & 0x000f000fu) | 0x64006400u;
    o[k] = __hmul2(__hsub2(*(__half2*)&bits, __float2half2_rn(1032.0f)), scale);
  }
}

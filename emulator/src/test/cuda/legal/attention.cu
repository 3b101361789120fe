// Attention with the softmax carried along the keys: in plain floats, on tensor cores, and for one query split over
// warps.
#include <cuda_bf16.h>
#include <math_constants.h>
#include <cstdint>

// Head dimension 32; 32 queries a CTA, one a thread; keys in tiles of 32; causal.
extern "C" __global__ void attention_flash_f32(const float* q, const float* k, const float* v, float* o, int length,
                                               float scale) {
  __shared__ float ks[32][32], vs[32][32];
  int head = blockIdx.y, row = blockIdx.x * 32 + threadIdx.x;
  const size_t base = (size_t)head * length * 32;
  float qr[32], acc[32];
  for (int d = 0; d < 32; d++) qr[d] = row < length ? q[base + row * 32 + d] * scale : 0.0f, acc[d] = 0.0f;
  float most = -CUDART_INF_F, sum = 0.0f;
  for (int from = 0; from <= blockIdx.x * 32; from += 32) {
    for (int r = 0; r < 32; r++) {
      bool in = from + r < length;
      ks[r][threadIdx.x] = in ? k[base + (from + r) * 32 + threadIdx.x] : 0.0f;
      vs[r][threadIdx.x] = in ? v[base + (from + r) * 32 + threadIdx.x] : 0.0f;
    }
    __syncthreads();
    for (int j = 0; j < 32 && from + j <= row && from + j < length; j++) {
      float s = 0.0f;
#pragma unroll
      for (int d = 0; d < 32; d++) s = fmaf(qr[d], ks[j][d], s);
      float next = fmaxf(most, s), old = expf(most - next), p = expf(s - next);
      sum = sum * old + p;
#pragma unroll
      for (int d = 0; d < 32; d++) acc[d] = fmaf(p, vs[j][d], acc[d] * old);
      most = next;
    }
    __syncthreads();
  }
  if (row < length) {
    for (int d = 0; d < 32; d++) o[base + row * 32 + d] = acc[d] / sum;
  }
}

__device__ __forceinline__ void mma_bf16(float* d, const uint32_t* a, const uint32_t* b) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ uint32_t pack(float low, float high) {
  __nv_bfloat162 v = __floats2bfloat162_rn(low, high);
  return *(uint32_t*)&v;
}

// Head dimension 16, one warp for 16 queries, keys in steps of 16; scores stay in registers as the next operand.
extern "C" __global__ void attention_mma_bf16(const __nv_bfloat16* q, const __nv_bfloat16* k, const __nv_bfloat16* v,
                                              float* o, int num_keys, float scale) {
  __shared__ __align__(16) __nv_bfloat16 vs[16 * 16];
  int lane = threadIdx.x, g = lane >> 2, c = lane & 3, row = blockIdx.x * 16;
  uint32_t fq[4];
  for (int i = 0; i < 4; i++) fq[i] = *(const uint32_t*)(q + (row + g + (i & 1) * 8) * 16 + (i >> 1) * 8 + c * 2);
  float acc[2][4] = {}, most[2] = {-CUDART_INF_F, -CUDART_INF_F}, sum[2] = {};
#pragma unroll 1
  for (int from = 0; from < num_keys; from += 16) {
    *(uint4*)&vs[lane * 8] = *(const uint4*)(v + from * 16 + lane * 8);
    __syncwarp();
    float s[2][4] = {};
    for (int j = 0; j < 2; j++) {
      const __nv_bfloat16* pk = k + (from + j * 8 + g) * 16 + c * 2;
      uint32_t fk[2] = {*(const uint32_t*)pk, *(const uint32_t*)(pk + 8)};
      mma_bf16(s[j], fq, fk);
    }
    uint32_t fp[4];
    for (int h = 0; h < 2; h++) {
      float top = most[h];
      for (int j = 0; j < 2; j++) {
        s[j][h * 2] *= scale, s[j][h * 2 + 1] *= scale;
        top = fmaxf(top, fmaxf(s[j][h * 2], s[j][h * 2 + 1]));
      }
      top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
      top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
      float old = __expf(most[h] - top);
      most[h] = top;
      sum[h] *= old;
      for (int j = 0; j < 2; j++) {
        acc[j][h * 2] *= old, acc[j][h * 2 + 1] *= old;
        float p0 = __expf(s[j][h * 2] - top), p1 = __expf(s[j][h * 2 + 1] - top);
        sum[h] += p0 + p1;
        fp[j * 2 + h] = pack(p0, p1);
      }
    }
    for (int j = 0; j < 2; j++) {
      uint32_t fv[2];
      unsigned at = (unsigned)__cvta_generic_to_shared(&vs[(lane & 15) * 16 + j * 8]);
      asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                   : "=r"(fv[0]), "=r"(fv[1])
                   : "r"(at)
                   : "memory");
      mma_bf16(acc[j], fp, fv);
    }
    __syncwarp();
  }
  for (int h = 0; h < 2; h++) {
    sum[h] += __shfl_xor_sync(~0u, sum[h], 1);
    sum[h] += __shfl_xor_sync(~0u, sum[h], 2);
    for (int j = 0; j < 2; j++) {
      float2 out = make_float2(acc[j][h * 2] / sum[h], acc[j][h * 2 + 1] / sum[h]);
      *(float2*)(o + (row + g + h * 8) * 16 + j * 8 + c * 2) = out;
    }
  }
}

// One query of 64 a CTA; each warp takes every fourth key, and the warps' parts are merged at the end. Keys through
// a table of blocks of 8.
extern "C" __global__ void attention_decode_f32(const float* q, const float* k, const float* v, const int* table,
                                                const int* lengths, float* o, int max_blocks, float scale) {
  __shared__ float parts[4][64], tops[4], sums[4];
  int seq = blockIdx.x, warp = threadIdx.x >> 5, lane = threadIdx.x & 31, length = lengths[seq];
  float2 qv = ((const float2*)(q + seq * 64))[lane];
  float most = -CUDART_INF_F, sum = 0.0f;
  float2 acc = {0.0f, 0.0f};
  for (int t = warp; t < length; t += 4) {
    size_t at = ((size_t)table[seq * max_blocks + t / 8] * 8 + t % 8) * 64;
    float2 kv = ((const float2*)(k + at))[lane];
    float s = qv.x * kv.x + qv.y * kv.y;
    for (int d = 16; d > 0; d /= 2) s += __shfl_xor_sync(~0u, s, d);
    s *= scale;
    float next = fmaxf(most, s), old = expf(most - next), p = expf(s - next);
    float2 vv = ((const float2*)(v + at))[lane];
    sum = sum * old + p;
    acc.x = acc.x * old + p * vv.x, acc.y = acc.y * old + p * vv.y;
    most = next;
  }
  ((float2*)parts[warp])[lane] = acc;
  if (lane == 0) tops[warp] = most, sums[warp] = sum;
  __syncthreads();
  if (threadIdx.x < 64) {
    float top = fmaxf(fmaxf(tops[0], tops[1]), fmaxf(tops[2], tops[3])), all = 0.0f, out = 0.0f;
    for (int w = 0; w < 4; w++) {
      float f = sums[w] > 0.0f ? expf(tops[w] - top) : 0.0f;
      all += sums[w] * f, out += parts[w][threadIdx.x] * f;
    }
    o[seq * 64 + threadIdx.x] = out / all;
  }
}

// Softmax in three shapes, layer norm, RMS norm.
#include <cuda_bf16.h>
#include <math_constants.h>

__device__ __forceinline__ float warp_sum(float v) {
  for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(~0u, v, d);
  return v;
}

__device__ __forceinline__ float warp_max(float v) {
  for (int d = 16; d > 0; d /= 2) v = fmaxf(v, __shfl_xor_sync(~0u, v, d));
  return v;
}

// A warp a row.
extern "C" __global__ void softmax_warp_f32(const float* x, float* y, int rows, int cols) {
  int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x & 31;
  if (row >= rows) return;
  float most = -CUDART_INF_F;
  for (int c = lane; c < cols; c += 32) most = fmaxf(most, x[row * cols + c]);
  most = warp_max(most);
  float sum = 0.0f;
  for (int c = lane; c < cols; c += 32) sum += expf(x[row * cols + c] - most);
  sum = warp_sum(sum);
  for (int c = lane; c < cols; c += 32) y[row * cols + c] = expf(x[row * cols + c] - most) / sum;
}

__device__ float block_reduce(float v, float* warps, bool maximum) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  v = maximum ? warp_max(v) : warp_sum(v);
  if (lane == 0) warps[warp] = v;
  __syncthreads();
  v = lane < blockDim.x / 32 ? warps[lane] : (maximum ? -CUDART_INF_F : 0.0f);
  v = maximum ? warp_max(v) : warp_sum(v);
  __syncthreads();
  return v;
}

// A CTA a row, the row kept in dynamic shared memory.
extern "C" __global__ void softmax_block_f32(const float* x, float* y, int cols) {
  extern __shared__ float row[];
  __shared__ float warps[32];
  const float* in = x + (size_t)blockIdx.x * cols;
  float most = -CUDART_INF_F;
  for (int c = threadIdx.x; c < cols; c += blockDim.x) {
    row[c] = in[c];
    most = fmaxf(most, row[c]);
  }
  most = block_reduce(most, warps, true);
  float sum = 0.0f;
  for (int c = threadIdx.x; c < cols; c += blockDim.x) {
    row[c] = __expf(row[c] - most);
    sum += row[c];
  }
  sum = block_reduce(sum, warps, false);
  float scale = __fdividef(1.0f, sum);
  for (int c = threadIdx.x; c < cols; c += blockDim.x) y[(size_t)blockIdx.x * cols + c] = row[c] * scale;
}

struct Online {
  float most, sum;
};

__device__ Online merge(Online a, Online b) {
  bool larger = a.most > b.most;
  Online top = larger ? a : b, low = larger ? b : a;
  top.sum += low.most == -CUDART_INF_F ? 0.0f : low.sum * expf(low.most - top.most);
  return top;
}

// One pass over the row: the maximum and the sum below it, merged across lanes and warps.
extern "C" __global__ void softmax_online_f32(const float* x, float* y, int cols) {
  __shared__ Online warps[32];
  const float* in = x + blockIdx.x * cols;
  Online acc = {-CUDART_INF_F, 0.0f};
  for (int c = threadIdx.x; c < cols; c += blockDim.x) acc = merge(acc, Online{in[c], 1.0f});
  for (int d = 16; d > 0; d /= 2) {
    Online other = {__shfl_down_sync(~0u, acc.most, d), __shfl_down_sync(~0u, acc.sum, d)};
    acc = merge(acc, other);
  }
  if ((threadIdx.x & 31) == 0) warps[threadIdx.x / 32] = acc;
  __syncthreads();
  acc = warps[0];
  for (int w = 1; w < blockDim.x / 32; w++) acc = merge(acc, warps[w]);
  for (int c = threadIdx.x; c < cols; c += blockDim.x) y[blockIdx.x * cols + c] = expf(in[c] - acc.most) / acc.sum;
}

extern "C" __global__ void layer_norm_f32(const float* x, const float* gamma, const float* beta, float* y, int cols,
                                          float epsilon) {
  __shared__ float warps[32];
  const float* in = x + blockIdx.x * cols;
  float sum = 0.0f;
  for (int c = threadIdx.x; c < cols; c += blockDim.x) sum += in[c];
  float mean = block_reduce(sum, warps, false) / cols;
  float square = 0.0f;
  for (int c = threadIdx.x; c < cols; c += blockDim.x) square += (in[c] - mean) * (in[c] - mean);
  float rstd = rsqrtf(block_reduce(square, warps, false) / cols + epsilon);
  for (int c = threadIdx.x; c < cols; c += blockDim.x) {
    y[blockIdx.x * cols + c] = (in[c] - mean) * rstd * gamma[c] + beta[c];
  }
}

// Eight values a thread in one 16-byte load.
extern "C" __global__ void rms_norm_bf16(const __nv_bfloat16* x, const __nv_bfloat16* w, __nv_bfloat16* y, int cols,
                                         float epsilon) {
  __shared__ float warps[32];
  const uint4* in = (const uint4*)(x + blockIdx.x * cols);
  float sum = 0.0f;
  for (int c = threadIdx.x; c < cols / 8; c += blockDim.x) {
    uint4 v = in[c];
    const __nv_bfloat162* h = (const __nv_bfloat162*)&v;
    for (int k = 0; k < 4; k++) {
      float2 f = __bfloat1622float2(h[k]);
      sum += f.x * f.x + f.y * f.y;
    }
  }
  float rstd = rsqrtf(block_reduce(sum, warps, false) / cols + epsilon);
  for (int c = threadIdx.x; c < cols / 8; c += blockDim.x) {
    uint4 v = in[c], g = ((const uint4*)w)[c], out;
    for (int k = 0; k < 4; k++) {
      float2 f = __bfloat1622float2(((const __nv_bfloat162*)&v)[k]);
      float2 s = __bfloat1622float2(((const __nv_bfloat162*)&g)[k]);
      ((__nv_bfloat162*)&out)[k] = __floats2bfloat162_rn(f.x * rstd * s.x, f.y * rstd * s.y);
    }
    ((uint4*)(y + blockIdx.x * cols))[c] = out;
  }
}

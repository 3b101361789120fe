// Double precision, and single precision with the library's accurate and approximate functions.
#include <cstdint>

extern "C" __global__ void double_functions(const double* a, const double* b, double* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  double u = a[i], v = b[i];
  double* o = y + i * 16;
  o[0] = fma(u, v, -u), o[1] = sqrt(fabs(u)), o[2] = u / v, o[3] = exp(u * 0.25), o[4] = sin(u), o[5] = cos(v);
  o[6] = log(fabs(u) + 0.1), o[7] = pow(fabs(u), v), o[8] = tanh(u), o[9] = atan2(u, v), o[10] = cbrt(u);
  o[11] = floor(u) + ceil(v) * 2 + rint(u * 3) + trunc(v * 5), o[12] = fmod(u, v), o[13] = 1.0 / sqrt(fabs(v) + 1.0);
  o[14] = fmin(u, v) * fmax(u, 0.5), o[15] = copysign(u, v) + fdim(u, v);
}

extern "C" __global__ void double_rounding(const double* a, const double* b, double* y, int64_t* z) {
  int i = threadIdx.x;
  double* o = y + i * 8;
  o[0] = __dadd_ru(a[i], b[i]), o[1] = __dadd_rd(a[i], b[i]), o[2] = __dmul_rz(a[i], b[i]),
  o[3] = __ddiv_rn(a[i], b[i]);
  o[4] = __dsqrt_rn(fabs(a[i])), o[5] = __fma_rd(a[i], b[i], a[i]), o[6] = __drcp_rn(b[i]),
  o[7] = __dsub_rz(a[i], b[i]);
  int64_t* q = z + i * 4;
  q[0] = __double2ll_rn(a[i]), q[1] = __double2ll_rd(b[i]), q[2] = __double2ll_ru(a[i]), q[3] = __double2int_rz(b[i]);
}

// Softened gravity between bodies, tiles of positions in shared memory.
extern "C" __global__ void nbody_f64(const double4_16a* bodies, double3* forces, int n) {
  __shared__ double4_16a tile[64];
  int i = blockIdx.x * 64 + threadIdx.x;
  double4_16a me = i < n ? bodies[i] : make_double4_16a(0, 0, 0, 0);
  double fx = 0, fy = 0, fz = 0;
  for (int from = 0; from < n; from += 64) {
    int j = from + threadIdx.x;
    tile[threadIdx.x] = j < n ? bodies[j] : make_double4_16a(0, 0, 0, 0);
    __syncthreads();
    for (int k = 0; k < 64; k++) {
      double dx = tile[k].x - me.x, dy = tile[k].y - me.y, dz = tile[k].z - me.z;
      double inverse = rsqrt(dx * dx + dy * dy + dz * dz + 0.01);
      double f = tile[k].w * inverse * inverse * inverse;
      fx += f * dx, fy += f * dy, fz += f * dz;
    }
    __syncthreads();
  }
  if (i < n) forces[i] = make_double3(fx, fy, fz);
}

__device__ void float_functions(const float* a, const float* b, float* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float u = a[i], v = b[i], p = fabsf(u) + 0.1f;
  float* o = y + i * 24;
  o[0] = expf(u), o[1] = logf(p), o[2] = sinf(u), o[3] = cosf(v), o[4] = powf(p, v), o[5] = tanhf(u), o[6] = erff(u);
  o[7] = exp2f(v), o[8] = log2f(p), o[9] = sqrtf(p), o[10] = rsqrtf(p), o[11] = u / p, o[12] = 1.0f / p;
  o[13] = log1pf(p), o[14] = expm1f(u), o[15] = atanf(u), o[16] = asinf(u * 0.1f), o[17] = fmodf(u, p);
  o[18] = u / (1.0f + expf(-u)), o[19] = log10f(p), o[20] = cbrtf(u), o[21] = hypotf(u, v), o[22] = sinhf(u);
  o[23] = 0.5f * u * (1.0f + tanhf(0.7978845608f * (u + 0.044715f * u * u * u)));
}

extern "C" __global__ void math_f32(const float* a, const float* b, float* y) { float_functions(a, b, y); }

extern "C" __global__ void math_intrinsics_f32(const float* a, const float* b, float* y) {
  int i = threadIdx.x;
  float u = a[i], v = b[i], p = fabsf(u) + 0.1f;
  float* o = y + i * 14;
  o[0] = __expf(u), o[1] = __logf(p), o[2] = __sinf(u), o[3] = __cosf(v), o[4] = __powf(p, v), o[5] = __fdividef(u, p);
  o[6] = __frsqrt_rn(p), o[7] = __exp10f(v), o[8] = __saturatef(u), o[9] = __log2f(p), o[10] = __fsqrt_ru(p);
  o[11] = __frcp_rd(p), o[12] = __fmaf_rz(u, v, p), o[13] = fminf(u, v) - fmaxf(u, v) + copysignf(p, v);
}

// Large arguments, infinities, NaNs, zeros and subnormals through comparisons and the slow paths.
extern "C" __global__ void math_extremes_f32(const float* a, float* y, int* z) {
  int i = threadIdx.x;
  float u = a[i];
  float* o = y + i * 8;
  o[0] = sinf(u), o[1] = fminf(u, 1.0f), o[2] = fmaxf(u, -1.0f), o[3] = u * 0.5f, o[4] = floorf(u), o[5] = expf(u);
  o[6] = u + 1e-40f, o[7] = truncf(u) + rintf(u) * 0.0f;
  int* q = z + i * 8;
  q[0] = isnan(u) ? 1 : isinf(u) ? 2 : 3, q[1] = u < 1.0f, q[2] = !(u >= 1.0f), q[3] = u != u, q[4] = signbit(u) != 0;
  q[5] = __float2int_rz(u), q[6] = __float2uint_rn(u), q[7] = __float_as_int(u) >> 23;
}

extern "C" __global__ void conversions(const float* f, const double* d, const int* n, int* y, float* z) {
  int i = threadIdx.x;
  int* o = y + i * 14;
  o[0] = __float2int_rn(f[i]), o[1] = __float2int_ru(f[i]), o[2] = __float2int_rd(f[i]), o[3] = (int)f[i];
  o[4] = (int)(int8_t)n[i], o[5] = (int)(uint16_t)n[i], o[6] = (int)(uint8_t)(int)f[i], o[7] = (int)(int16_t)f[i];
  int saturated;
  asm("cvt.sat.s8.s32 %0, %1;" : "=r"(saturated) : "r"(n[i]));
  o[8] = saturated;
  asm("cvt.sat.u16.s32 %0, %1;" : "=r"(saturated) : "r"(n[i]));
  o[9] = saturated;
  o[10] = (int)((int64_t)d[i] >> 7), o[11] = (int)(uint32_t)(uint64_t)fabs(d[i]), o[12] = __double2hiint(d[i]);
  o[13] = __double2loint(d[i]);
  float* p = z + i * 7;
  p[0] = (float)n[i], p[1] = __int2float_rz(n[i]), p[2] = __uint2float_ru((unsigned)n[i]), p[3] = (float)d[i];
  p[4] = __double2float_rd(d[i]), p[5] = (float)((int64_t)n[i] * n[i] * 3),
  p[6] = (float)((uint64_t)(unsigned)n[i] << 31);
}

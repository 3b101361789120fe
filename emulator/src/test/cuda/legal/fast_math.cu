// Compiled with -use_fast_math: approximate functions, division and square root, subnormals flushed.

extern "C" __global__ void fast_math_f32(const float* a, const float* b, float* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float u = a[i], v = b[i], p = fabsf(u) + 0.1f;
  float* o = y + i * 12;
  o[0] = expf(u), o[1] = logf(p), o[2] = sinf(u), o[3] = cosf(v), o[4] = powf(p, v), o[5] = tanhf(u);
  o[6] = u / p, o[7] = sqrtf(p), o[8] = rsqrtf(p), o[9] = u / (1.0f + expf(-u)), o[10] = tanf(u * 0.2f),
  o[11] = exp2f(v);
}

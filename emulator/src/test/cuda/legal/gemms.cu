// Matrix products without tensor cores. a[m, k], b[k, n], c[m, n], rows one after the other.

extern "C" __global__ void gemm_naive_f32(const float* a, const float* b, float* c, int m, int n, int k) {
  int col = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
  if (row >= m || col >= n) return;
  float sum = 0.0f;
  for (int i = 0; i < k; i++) sum = fmaf(a[row * k + i], b[i * n + col], sum);
  c[row * n + col] = sum;
}

template <typename T, int kTile>
__device__ void gemm_tiled(const T* a, const T* b, T* c, int m, int n, int k) {
  __shared__ T as[kTile][kTile], bs[kTile][kTile + 1];
  int col = blockIdx.x * kTile + threadIdx.x, row = blockIdx.y * kTile + threadIdx.y;
  T sum = 0;
  for (int from = 0; from < k; from += kTile) {
    as[threadIdx.y][threadIdx.x] = row < m && from + threadIdx.x < k ? a[row * k + from + threadIdx.x] : T(0);
    bs[threadIdx.y][threadIdx.x] = col < n && from + threadIdx.y < k ? b[(from + threadIdx.y) * n + col] : T(0);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kTile; i++) sum += as[threadIdx.y][i] * bs[i][threadIdx.x];
    __syncthreads();
  }
  if (row < m && col < n) c[row * n + col] = sum;
}

extern "C" __global__ void gemm_tiled_f32(const float* a, const float* b, float* c, int m, int n, int k) {
  gemm_tiled<float, 16>(a, b, c, m, n, k);
}
extern "C" __global__ void gemm_tiled_f64(const double* a, const double* b, double* c, int m, int n, int k) {
  gemm_tiled<double, 8>(a, b, c, m, n, k);
}
extern "C" __global__ void gemm_tiled_i64(const long long* a, const long long* b, long long* c, int m, int n, int k) {
  gemm_tiled<long long, 8>(a, b, c, m, n, k);
}

// 32 x 32 a CTA of 64 threads, 4 x 4 a thread, the next tile in registers while this one is multiplied.
extern "C" __global__ void gemm_double_buffered_f32(const float* a, const float* b, float* c, int m, int n, int k) {
  __shared__ __align__(16) float as[2][8][32];
  __shared__ __align__(16) float bs[2][8][32];
  int t = threadIdx.x;
  int a_row = t >> 1, a_col = (t & 1) * 4, b_row = t >> 3, b_col = (t & 7) * 4;
  const float* a_from = a + (blockIdx.y * 32 + a_row) * k + a_col;
  const float* b_from = b + b_row * n + blockIdx.x * 32 + b_col;
  float4 a_next = *(const float4*)a_from, b_next = *(const float4*)b_from;
  float acc[4][4] = {};
  int ty = t >> 3, tx = t & 7, stage = 0;
  for (int from = 0; from < k; from += 8) {
    as[stage][a_col][a_row] = a_next.x, as[stage][a_col + 1][a_row] = a_next.y;
    as[stage][a_col + 2][a_row] = a_next.z, as[stage][a_col + 3][a_row] = a_next.w;
    *(float4*)&bs[stage][b_row][b_col] = b_next;
    __syncthreads();
    if (from + 8 < k) {
      a_next = *(const float4*)(a_from + from + 8);
      b_next = *(const float4*)(b_from + (from + 8) * n);
    }
#pragma unroll
    for (int i = 0; i < 8; i++) {
      float4 u = *(float4*)&as[stage][i][ty * 4], v = *(float4*)&bs[stage][i][tx * 4];
      const float us[4] = {u.x, u.y, u.z, u.w}, vs[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
      for (int r = 0; r < 4; r++) {
#pragma unroll
        for (int s = 0; s < 4; s++) acc[r][s] = fmaf(us[r], vs[s], acc[r][s]);
      }
    }
    stage ^= 1;
  }
  for (int r = 0; r < 4; r++) {
    float4 out = make_float4(acc[r][0], acc[r][1], acc[r][2], acc[r][3]);
    *(float4*)(c + (blockIdx.y * 32 + ty * 4 + r) * n + blockIdx.x * 32 + tx * 4) = out;
  }
}

extern "C" __global__ void conv1d_causal_f32(const float* x, const float* w, float* y, int length, int channels) {
  __shared__ float tile[34][16];
  int c = blockIdx.x * 16 + threadIdx.x, base = blockIdx.y * 32;
  for (int r = threadIdx.y; r < 34; r += blockDim.y) {
    int t = base + r - 2;
    tile[r][threadIdx.x] = t >= 0 && t < length && c < channels ? x[t * channels + c] : 0.0f;
  }
  __syncthreads();
  for (int r = threadIdx.y; r < 32 && base + r < length; r += blockDim.y) {
    if (c < channels) {
      float sum = 0.0f;
      for (int k = 0; k < 3; k++) sum += w[c * 3 + k] * tile[r + k][threadIdx.x];
      y[(base + r) * channels + c] = sum;
    }
  }
}

// Compressed rows, a warp a row.
extern "C" __global__ void spmv_csr_f32(const int* starts, const int* cols, const float* values, const float* x,
                                        float* y, int rows) {
  int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x & 31;
  if (row >= rows) return;
  float sum = 0.0f;
  for (int i = starts[row] + lane; i < starts[row + 1]; i += 32) sum += values[i] * x[cols[i]];
  for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(~0u, sum, d);
  if (lane == 0) y[row] = sum;
}

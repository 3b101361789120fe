// Threads of one warp that go different ways: loops of different lengths, breaks, returns, switches, stacks.
#include <cstdint>

extern "C" __global__ void branch_collatz(const int* x, int* steps, int* peak, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  unsigned v = x[i], most = v;
  int count = 0;
  while (v != 1) {
    v = v & 1 ? 3 * v + 1 : v / 2;
    if (v > most) most = v;
    if (++count == 150) break;
  }
  steps[i] = count;
  peak[i] = (int)most;
}

__device__ __noinline__ int twist(int v, int k) { return v * 31 + k; }

extern "C" __global__ void branch_switch(const int* x, int* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int v = x[i], acc = 0;
  for (int r = 0; r < 6; r++) {
    switch ((v >> (3 * r)) & 15) {
      case 0:
        acc += twist(v, 1);
        break;
      case 1:
        acc ^= v << 3;
        break;
      case 2:
        acc -= 17;
        [[fallthrough]];
      case 3:
        acc += 5;
        break;
      case 4:
        acc = __brev(acc);
        break;
      case 5:
        acc *= 7;
        break;
      case 6:
        acc = acc >> 2 | v;
        break;
      case 7:
        continue;
      case 8:
        acc += __popc(v) * r;
        break;
      case 9:
        acc = ~acc;
        break;
      case 10:
        acc = twist(acc, r);
        break;
      case 11:
        r++;
        break;
      case 12:
        acc ^= 0x5a5a5a5a;
        break;
      default:
        acc += r;
    }
    acc += 3;
  }
  y[i] = acc;
}

// CTAs without work leave as a whole before the barrier; behind it, threads leave one by one.
extern "C" __global__ void branch_early_return(const int* x, int* y, int n) {
  __shared__ int tile[128];
  int base = blockIdx.x * blockDim.x, i = base + threadIdx.x;
  if (base >= n) return;
  tile[threadIdx.x] = i < n ? x[i] : 0;
  __syncthreads();
  if (i >= n) return;
  int m = min(128, n - base), v = tile[m - 1 - threadIdx.x];
  if (v < 0) {
    y[i] = -1;
    return;
  }
  for (int k = 0; k < 8; k++) {
    v = v * 5 + k;
    if (v > 5000) {
      y[i] = k;
      return;
    }
  }
  y[i] = v;
}

// Threads without work return before the barrier, which waits for those that have not.
extern "C" __global__ void branch_return_before_barrier(const int* x, int* y, int n) {
  __shared__ int tile[64];
  int i = blockIdx.x * 64 + threadIdx.x;
  if (i >= n) return;
  tile[threadIdx.x] = x[i];
  __syncthreads();
  int m = min(64, n - (int)blockIdx.x * 64);
  y[i] = tile[m - 1 - threadIdx.x];
}

extern "C" __global__ void branch_mandelbrot(uint8_t* y, int width, int height, float left, float top, float step) {
  int px = blockIdx.x * blockDim.x + threadIdx.x, py = blockIdx.y * blockDim.y + threadIdx.y;
  if (px >= width || py >= height) return;
  float cx = __fmaf_rn((float)px, step, left), cy = __fmaf_rn((float)py, step, top), zx = 0.0f, zy = 0.0f;
  int k = 0;
  for (; k < 60; k++) {
    float xx = __fmul_rn(zx, zx), yy = __fmul_rn(zy, zy);
    if (__fadd_rn(xx, yy) > 4.0f) break;
    zy = __fmaf_rn(__fmul_rn(2.0f, zx), zy, cy);
    zx = __fadd_rn(__fsub_rn(xx, yy), cx);
  }
  y[py * width + px] = (uint8_t)k;
}

extern "C" __global__ void branch_binary_search(const int* sorted, const int* keys, int* at, int n, int m) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= m) return;
  int low = 0, high = n;
  while (low < high) {
    int middle = (low + high) >> 1;
    int v = sorted[middle];
    if (v == keys[i]) {
      at[i] = middle;
      return;
    }
    if (v < keys[i])
      low = middle + 1;
    else
      high = middle;
  }
  at[i] = ~low;
}

extern "C" __global__ void bitonic_shared_u32(const uint32_t* x, uint32_t* y) {
  __shared__ uint32_t v[256];
  int t = threadIdx.x;
  v[t] = x[blockIdx.x * 256 + t], v[t + 128] = x[blockIdx.x * 256 + t + 128];
  for (int k = 2; k <= 256; k *= 2) {
    for (int j = k / 2; j > 0; j /= 2) {
      __syncthreads();
      int a = 2 * t - (t & (j - 1)), b = a + j;
      bool up = (a & k) == 0;
      uint32_t low = min(v[a], v[b]), high = max(v[a], v[b]);
      v[a] = up ? low : high, v[b] = up ? high : low;
    }
  }
  __syncthreads();
  y[blockIdx.x * 256 + t] = v[t], y[blockIdx.x * 256 + t + 128] = v[t + 128];
}

// Solutions of n queens below each first two columns, with a stack in local memory.
extern "C" __global__ void local_queens(int* counts, int n) {
  int a = threadIdx.x / n, b = threadIdx.x % n;
  if (a >= n) return;
  int count = 0;
  int column[12];
  column[0] = a, column[1] = b;
  int diff = a - b;
  if (diff != 0 && diff != 1 && diff != -1) {
    int row = 2;
    column[2] = -1;
    while (row >= 2) {
      int c = column[row] + 1;
      for (; c < n; c++) {
        bool safe = true;
        for (int r = 0; r < row && safe; r++) {
          int d = column[r] - c;
          safe = d != 0 && d != row - r && d != r - row;
        }
        if (safe) break;
      }
      if (c == n) {
        row--;
      } else if (row == n - 1) {
        column[row] = c;
        count++;
      } else {
        column[row++] = c;
        column[row] = -1;
      }
    }
  }
  counts[threadIdx.x] = count;
}

// Median of 15 by insertion into an array in local memory.
extern "C" __global__ void local_median_i16(const int16_t* x, int16_t* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int16_t window[15];
  for (int k = 0; k < 15; k++) {
    int at = i + k - 7;
    int16_t v = x[at < 0 ? 0 : at >= n ? n - 1 : at];
    int p = k;
#pragma unroll 1
    while (p > 0 && window[p - 1] > v) {
      window[p] = window[p - 1];
      p--;
    }
    window[p] = v;
  }
  y[i] = window[7];
}

// 4 x 4 in doubles, rows exchanged by a dynamic pivot.
extern "C" __global__ void local_solve_f64(const double* a, const double* b, double* x) {
  double m[4][5];
  const double* mine = a + threadIdx.x * 16;
  for (int r = 0; r < 4; r++) {
    for (int c = 0; c < 4; c++) m[r][c] = mine[r * 4 + c];
    m[r][4] = b[threadIdx.x * 4 + r];
  }
  int order[4] = {0, 1, 2, 3};
#pragma unroll 1
  for (int k = 0; k < 4; k++) {
    int pivot = k;
    for (int r = k + 1; r < 4; r++) {
      if (fabs(m[order[r]][k]) > fabs(m[order[pivot]][k])) pivot = r;
    }
    int row = order[pivot];
    order[pivot] = order[k], order[k] = row;
    for (int r = 0; r < 4; r++) {
      if (r == k) continue;
      double f = m[order[r]][k] / m[row][k];
      for (int c = k; c < 5; c++) m[order[r]][c] -= f * m[row][c];
    }
  }
  for (int k = 0; k < 4; k++) x[threadIdx.x * 4 + k] = m[order[k]][4] / m[order[k]][k];
}

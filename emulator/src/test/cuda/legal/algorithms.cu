// Whole algorithms, as textbooks and samples have them.
#include <cstdint>

// 256 points a CTA, radix 2, in shared memory, twiddles by sincosf.
extern "C" __global__ void fft_256_f32(const float2* x, float2* y) {
  __shared__ float2 v[256];
  int t = threadIdx.x, base = blockIdx.x * 256;
  for (int k = 0; k < 2; k++) {
    int i = t + 128 * k;
    v[__brev(i) >> 24] = x[base + i];
  }
  for (int half = 1; half < 256; half *= 2) {
    __syncthreads();
    int j = t & (half - 1), at = 2 * (t - j) + j;
    float s, c;
    sincosf(-3.14159265f * j / half, &s, &c);
    float2 a = v[at], b = v[at + half];
    float2 w = make_float2(b.x * c - b.y * s, b.x * s + b.y * c);
    v[at] = make_float2(a.x + w.x, a.y + w.y);
    v[at + half] = make_float2(a.x - w.x, a.y - w.y);
  }
  __syncthreads();
  y[base + t] = v[t], y[base + t + 128] = v[t + 128];
}

extern "C" __global__ void walsh_hadamard_f32(float* x, int log2) {
  extern __shared__ float row[];
  int n = 1 << log2, t = threadIdx.x;
  float* mine = x + blockIdx.x * n;
  for (int i = t; i < n; i += blockDim.x) row[i] = mine[i];
  for (int stride = n / 2; stride > 0; stride /= 2) {
    __syncthreads();
    for (int p = t; p < n / 2; p += blockDim.x) {
      int low = p & (stride - 1), a = (p - low) * 2 + low, b = a + stride;
      float u = row[a], v = row[b];
      row[a] = u + v, row[b] = u - v;
    }
  }
  __syncthreads();
  for (int i = t; i < n; i += blockDim.x) mine[i] = row[i];
}

__device__ float normal_cdf(float d) { return 0.5f * erfcf(-d * 0.70710678f); }

extern "C" __global__ void black_scholes_f32(const float3* options, float2* prices, float rate, float volatility,
                                             int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    float3 o = options[i];
    float root = sqrtf(o.z),
          d1 = (logf(o.x / o.y) + (rate + 0.5f * volatility * volatility) * o.z) / (volatility * root);
    float d2 = d1 - volatility * root, discounted = o.y * expf(-rate * o.z);
    float call = o.x * normal_cdf(d1) - discounted * normal_cdf(d2);
    prices[i] = make_float2(call, call + discounted - o.x);
  }
}

// Sorts 256 keys with their values by 4 bits at a time; ranks within warps by votes.
extern "C" __global__ void radix_sort_256(uint32_t* keys, uint16_t* values) {
  __shared__ uint32_t k[256], counts[8 * 16];
  __shared__ uint16_t v[256];
  int t = threadIdx.x, lane = t & 31, warp = t >> 5;
  uint32_t key = keys[blockIdx.x * 256 + t];
  uint16_t value = values[blockIdx.x * 256 + t];
  for (int shift = 0; shift < 32; shift += 4) {
    uint32_t digit = key >> shift & 15, peers = ~0u;
    for (int b = 0; b < 4; b++) {
      uint32_t votes = __ballot_sync(~0u, digit >> b & 1);
      peers &= digit >> b & 1 ? votes : ~votes;
    }
    int rank = __popc(peers & ((1u << lane) - 1));
    if (lane < 16) counts[lane * 8 + warp] = 0;
    __syncwarp();
    if (rank == 0) counts[digit * 8 + warp] = __popc(peers);
    __syncthreads();
    if (warp == 0) {
      uint32_t sums[4], total = 0;
      for (int i = 0; i < 4; i++) {
        sums[i] = total;
        total += counts[lane * 4 + i];
      }
      uint32_t before = total;
      for (int d = 1; d < 32; d *= 2) {
        uint32_t up = __shfl_up_sync(~0u, before, d);
        if (lane >= d) before += up;
      }
      before -= total;
      for (int i = 0; i < 4; i++) counts[lane * 4 + i] = before + sums[i];
    }
    __syncthreads();
    int at = counts[digit * 8 + warp] + rank;
    k[at] = key, v[at] = value;
    __syncthreads();
    key = k[t], value = v[t];
  }
  keys[blockIdx.x * 256 + t] = key;
  values[blockIdx.x * 256 + t] = value;
}

// Merges two sorted rows: each thread finds its place on the diagonal.
extern "C" __global__ void merge_path_i32(const int* a, int na, const int* b, int nb, int* y) {
  int d = blockIdx.x * blockDim.x + threadIdx.x;
  if (d >= na + nb) return;
  int low = max(0, d - nb), high = min(d, na);
  while (low < high) {
    int i = (low + high) / 2;
    if (a[i] <= b[d - 1 - i]) {
      low = i + 1;
    } else {
      high = i;
    }
  }
  int i = low, j = d - low;
  y[d] = j >= nb || (i < na && a[i] <= b[j]) ? a[i] : b[j];
}

// Breadth-first search in one CTA with a queue in shared memory.
extern "C" __global__ void breadth_first(const int* starts, const int* edges, int* depths, int nodes) {
  __shared__ int queue[2][128], length[2];
  for (int i = threadIdx.x; i < nodes; i += blockDim.x) depths[i] = i == 0 ? 0 : -1;
  if (threadIdx.x == 0) queue[0][0] = 0, length[0] = 1;
  __syncthreads();
  for (int depth = 1, now = 0; length[now] > 0; depth++, now ^= 1) {
    if (threadIdx.x == 0) length[now ^ 1] = 0;
    __syncthreads();
    for (int q = threadIdx.x; q < length[now]; q += blockDim.x) {
      int node = queue[now][q];
      for (int e = starts[node]; e < starts[node + 1]; e++) {
        if (atomicCAS(&depths[edges[e]], -1, depth) == -1) queue[now ^ 1][atomicAdd(&length[now ^ 1], 1)] = edges[e];
      }
    }
    __syncthreads();
  }
}

__device__ int find_root(volatile int* parent, int i) {
  while (parent[i] != i) i = parent[i];
  return i;
}

// Connected components by hooking the larger root below the smaller one.
extern "C" __global__ void union_edges(int* parent, const int2* edges, int num_edges) {
  int e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= num_edges) return;
  int a = edges[e].x, b = edges[e].y;
  while (true) {
    a = find_root(parent, a), b = find_root(parent, b);
    if (a == b) return;
    if (a < b) {
      int c = a;
      a = b, b = c;
    }
    int old = atomicCAS(&parent[a], a, b);
    if (old == a) return;
    a = old;
  }
}

extern "C" __global__ void game_of_life(const uint8_t* x, uint8_t* y, int width, int height) {
  __shared__ uint8_t tile[10][34];
  int left = blockIdx.x * 32 - 1, top = blockIdx.y * 8 - 1;
  int t = threadIdx.y * 32 + threadIdx.x;
  for (int i = t; i < 340; i += 256) {
    int c = (left + i % 34 + width) % width, r = (top + i / 34 + height) % height;
    tile[i / 34][i % 34] = x[r * width + c];
  }
  __syncthreads();
  int c = left + 1 + threadIdx.x, r = top + 1 + threadIdx.y;
  if (c >= width || r >= height) return;
  int alive = 0;
  for (int dy = 0; dy < 3; dy++) {
    for (int dx = 0; dx < 3; dx++) alive += tile[threadIdx.y + dy][threadIdx.x + dx];
  }
  int self = tile[threadIdx.y + 1][threadIdx.x + 1];
  alive -= self;
  y[r * width + c] = alive == 3 || (self && alive == 2);
}

// All shortest paths; one CTA, so that a barrier ends each step.
extern "C" __global__ void floyd_warshall(int* d, int n) {
  for (int k = 0; k < n; k++) {
    for (int i = threadIdx.x; i < n * n; i += blockDim.x) {
      int r = i / n, c = i % n;
      if (r != k && c != k) d[i] = min(d[i], d[r * n + k] + d[k * n + c]);
    }
    __syncthreads();
  }
}

__constant__ uint32_t kRounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

__device__ __forceinline__ uint32_t rotate(uint32_t v, int n) { return __funnelshift_r(v, v, n); }

// One message of 55 bytes or less a thread.
extern "C" __global__ void sha256_short(const uint8_t* x, int length, uint32_t* y) {
  uint32_t w[64],
      h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const uint8_t* mine = x + threadIdx.x * length;
  for (int i = 0; i < 16; i++) {
    w[i] = 0;
    for (int b = 0; b < 4; b++) {
      int at = i * 4 + b;
      w[i] = w[i] << 8 | (at < length ? mine[at] : at == length ? 0x80 : 0);
    }
  }
  w[15] = length * 8;
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
  uint32_t s[8];
  for (int i = 0; i < 8; i++) s[i] = h[i];
#pragma unroll 1
  for (int i = 0; i < 64; i++) {
    uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
                  kRounds[i] + w[i];
    uint32_t t2 =
        (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    for (int k = 7; k > 0; k--) s[k] = s[k - 1];
    s[4] += t1, s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) y[threadIdx.x * 8 + i] = s[i] + h[i];
}

// Rounds of red and black cells in one CTA: neighbours are of the other colour, so nobody reads what is written.
extern "C" __global__ void red_black_f32(float* x, int width, int rounds) {
  int r = threadIdx.y + 1, c = threadIdx.x + 1;
  for (int k = 0; k < 2 * rounds; k++) {
    if (((r + c + k) & 1) == 0) {
      float* at = x + r * width + c;
      *at = 0.25f * (at[-1] + at[1] + at[-width] + at[width]);
    }
    __syncthreads();
  }
}

extern "C" __global__ void kmeans_assign(const float2* points, const float2* centres, int* nearest, int* sizes, int n,
                                         int k) {
  extern __shared__ float2 shared_centres[];
  int* counts = (int*)(shared_centres + k);
  for (int i = threadIdx.x; i < k; i += blockDim.x) shared_centres[i] = centres[i], counts[i] = 0;
  __syncthreads();
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) {
    float best = 1e30f;
    int at = 0;
    for (int j = 0; j < k; j++) {
      float dx = __fsub_rn(points[i].x, shared_centres[j].x), dy = __fsub_rn(points[i].y, shared_centres[j].y);
      float d = __fadd_rn(__fmul_rn(dx, dx), __fmul_rn(dy, dy));
      if (d < best) best = d, at = j;
    }
    nearest[i] = at;
    atomicAdd(&counts[at], 1);
  }
  __syncthreads();
  for (int j = threadIdx.x; j < k; j += blockDim.x) atomicAdd(&sizes[j], counts[j]);
}

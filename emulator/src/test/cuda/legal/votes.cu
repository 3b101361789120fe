// Votes, masks and exchanges between lanes.
#include <cstdint>

// Keeps the positive values in order: ballots within warps, sums between them.
extern "C" __global__ void vote_compact_i32(const int* x, int* y, int* length, int n) {
  __shared__ int counts[8];
  __shared__ int base;
  if (threadIdx.x == 0) base = 0;
  __syncthreads();
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  for (int from = 0; from < n; from += blockDim.x) {
    int i = from + threadIdx.x;
    bool keep = i < n && x[i] > 0;
    unsigned kept = __ballot_sync(~0u, keep);
    if (lane == 0) counts[warp] = __popc(kept);
    __syncthreads();
    int at = base;
    for (int w = 0; w < warp; w++) at += counts[w];
    if (keep) y[at + __popc(kept & ((1u << lane) - 1))] = x[i];
    __syncthreads();
    if (threadIdx.x == blockDim.x - 1) base = at + counts[warp];
    __syncthreads();
  }
  if (threadIdx.x == 0) *length = base;
}

// One addition for all lanes that happen to be here together; the total does not depend on who they are.
extern "C" __global__ void vote_aggregate(const int* x, int* count, int* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && (x[i] & 1)) {
    unsigned active = __activemask();
    int leader = __ffs(active) - 1, lane = threadIdx.x & 31, base = 0;
    if (lane == leader) base = atomicAdd(count, __popc(active));
    base = __shfl_sync(active, base, leader);
    out[base + __popc(active & ((1u << lane) - 1))] = x[i];
  }
}

extern "C" __global__ void vote_masks(const int* x, unsigned* y) {
  int lane = threadIdx.x & 31;
  int v = x[threadIdx.x];
  unsigned* o = y + threadIdx.x * 8;
  o[0] = __any_sync(~0u, v > 90);
  o[1] = __all_sync(~0u, v > 2);
  o[2] = __ballot_sync(~0u, v & 1);
  if (lane < 20) {
    o[3] = __ballot_sync(0x000fffffu, v > 50);
    o[4] = __all_sync(0x000fffffu, v < 99);
  } else {
    o[3] = __ballot_sync(0xfff00000u, v > 50);
    o[4] = __any_sync(0xfff00000u, v == 7);
  }
  unsigned evens = 0x55555555u;
  unsigned mine = lane & 1 ? ~evens : evens;
  o[5] = __shfl_xor_sync(mine, v, 2);
  int uniform;
  unsigned same = __match_all_sync(mine, v >> 10, &uniform);
  o[6] = same + uniform;
  o[7] = __match_any_sync(mine, v % 5);
}

// Segments of 8 and 16 lanes; sources out of range keep the lane's own value, and of a distance only the
// last five bits count.
extern "C" __global__ void shuffle_widths(const int* x, const double* d, int* y, double* z) {
  int t = threadIdx.x;
  int v = x[t];
  int* o = y + t * 7;
  o[0] = __shfl_sync(~0u, v, 11, 8);
  o[1] = __shfl_up_sync(~0u, v, 3, 8);
  o[2] = __shfl_down_sync(~0u, v, 5, 16);
  o[3] = __shfl_xor_sync(~0u, v, 9, 16);
  o[4] = __shfl_sync(~0u, v, v & 63);
  o[5] = __shfl_down_sync(~0u, v, 40);
  o[6] = __shfl_xor_sync(~0u, (int8_t)v, 1);
  z[t] = __shfl_up_sync(~0u, d[t], 1) + __shfl_sync(~0u, d[t], 31 - (t & 31));
}

// 32 x 32 bits turned in one warp by ballots.
extern "C" __global__ void bit_transpose(const uint32_t* x, uint32_t* y) {
  uint32_t v = x[blockIdx.x * 32 + threadIdx.x], mine = 0;
  for (int b = 0; b < 32; b++) {
    uint32_t column = __ballot_sync(~0u, v >> b & 1);
    if (threadIdx.x == b) mine = column;
  }
  y[blockIdx.x * 32 + threadIdx.x] = mine;
}

extern "C" __global__ void bitonic_warp_f32(const float* x, float* y) {
  int lane = threadIdx.x;
  float v = x[blockIdx.x * 32 + lane];
  for (int k = 2; k <= 32; k *= 2) {
    for (int j = k / 2; j > 0; j /= 2) {
      float other = __shfl_xor_sync(~0u, v, j);
      bool up = (lane & k) == 0, low = (lane & j) == 0;
      v = up == low ? fminf(v, other) : fmaxf(v, other);
    }
  }
  y[blockIdx.x * 32 + lane] = v;
}

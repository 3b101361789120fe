// Threads that wait for each other without barriers, and plain reads beside atomics that are meant.
#include <cstdint>

// Each lane waits for its neighbour in the same warp.
extern "C" __global__ void lanes_in_a_chain(int* y) {
  __shared__ volatile int flags[64];
  __shared__ int values[64];
  int i = threadIdx.x;
  flags[i] = 0;
  __syncthreads();
  if (i > 0) {
    while (!flags[i - 1]) {
    }
    __threadfence_block();
    values[i] = values[i - 1] * 2 + 1;
  } else {
    values[0] = 1;
  }
  __threadfence_block();
  flags[i] = 1;
  __syncthreads();
  y[i] = values[i];
}

// Every lane takes one lock: those that spin must let the one that holds it go on.
extern "C" __global__ void lock_of_all_lanes(int* lock, int* sum) {
  while (atomicCAS(lock, 0, 1) != 0) {
  }
  __threadfence();
  *(volatile int*)sum = *(volatile int*)sum + 1;
  __threadfence();
  atomicExch(lock, 0);
}

// A plain look tells whether the atomic operation is worth it.
extern "C" __global__ void look_before_max(const int* x, int* largest, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && x[i] > *largest) atomicMax(largest, x[i]);
}

// Vertices of one distance claim those of the next; others read a distance while it is claimed.
extern "C" __global__ void claim_neighbours(const int* rows, const int* columns, int* distances, int distance, int n) {
  int v = blockIdx.x * blockDim.x + threadIdx.x;
  if (v >= n || distances[v] != distance) return;
  for (int e = rows[v]; e < rows[v + 1]; e++) atomicCAS(&distances[columns[e]], -1, distance + 1);
}

// Two halves of a warp meet, each by itself, and then together.
extern "C" __global__ void halves_of_a_warp(const int* x, int* y) {
  __shared__ int values[32];
  int t = threadIdx.x;
  unsigned half = t < 16 ? 0xffffu : 0xffff0000u;
  values[t] = x[t];
  __syncwarp(half);
  int sum = values[t ^ 5];
  __syncwarp(half);
  values[t] = sum * 3;
  __syncwarp();
  y[t] = values[31 - t];
}

// 128-bit division: subtractions whose carry additions take.
extern "C" __global__ void divide_128(const uint64_t* x, uint64_t* y) {
  int i = threadIdx.x;
  unsigned __int128 a = (unsigned __int128)x[3 * i] << 64 | x[3 * i + 1];
  unsigned __int128 q = a / (x[3 * i + 2] | 1);
  y[2 * i] = (uint64_t)(q >> 64);
  y[2 * i + 1] = (uint64_t)q;
}

// The second bit of a byte that nobody has written before is set, and read again.
struct Bits {
  bool first : 1, second : 1;
  unsigned rest : 6;
};
__device__ __noinline__ void set_second(Bits* bits, bool value) { bits->second = value; }
extern "C" __global__ void bit_of_an_unwritten_byte(const int* x, int* y) {
  Bits bits;
  set_second(&bits, x[threadIdx.x] > 0);
  y[threadIdx.x] = bits.second ? 7 : -7;
}

// Barriers that not all threads reach, and threads that wait for what never comes.
#include "fault.cuh"

extern "C" __global__ void barrier_in_one_branch(const int* x, int* y) {
  __shared__ int tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  if (BROKEN_OR_SOUND(threadIdx.x < 16, true)) {
    __syncthreads();
    tile[threadIdx.x] += 3;
  }
  y[threadIdx.x] = tile[threadIdx.x];
}

// Even and odd lanes have a barrier each.
extern "C" __global__ void barrier_in_both_branches(const int* x, int* y) {
  __shared__ int tile[64];
  int v = x[threadIdx.x];
  if (BROKEN_OR_SOUND(v & 1, blockIdx.x & 1)) {
    tile[threadIdx.x] = v * 3;
    __syncthreads();
    y[blockIdx.x * 64 + threadIdx.x] = tile[threadIdx.x] + 1;
  } else {
    tile[threadIdx.x] = v - 8;
    __syncthreads();
    y[blockIdx.x * 64 + threadIdx.x] = tile[threadIdx.x] ^ 5;
  }
}

// Each lane goes round as often as its value says.
extern "C" __global__ void barrier_in_uneven_loop(const int* x, int* y) {
  __shared__ int slots[64];
  int times = BROKEN_OR_SOUND(x[threadIdx.x] & 3, 3), v = 0;
  for (int k = 0; k < times; k++) {
    slots[threadIdx.x] = v + k;
    __syncthreads();
    v += slots[threadIdx.x];
  }
  y[threadIdx.x] = v;
}

extern "C" __global__ void break_before_barrier(const int* x, int* y, int rounds) {
  __shared__ int tile[64];
  int v = x[threadIdx.x];
  for (int r = 0; r < rounds; r++) {
    BROKEN(if (v > 90 + r) break;)
    tile[threadIdx.x] = v;
    __syncthreads();
    v += tile[threadIdx.x] & 3;
    __syncthreads();
  }
  y[threadIdx.x] = v;
}

// The reduction's helper has a barrier, and half a warp calls it.
__device__ __noinline__ int block_sum(int v, int* slots) {
  slots[threadIdx.x] = v;
  __syncthreads();
  int sum = 0;
  for (int k = 0; k < 64; k++) sum += slots[k];
  return sum;
}

extern "C" __global__ void barrier_in_called_function(const int* x, int* y) {
  __shared__ int slots[64];
  slots[threadIdx.x] = 0;
  int v = x[threadIdx.x];
  if (BROKEN_OR_SOUND(threadIdx.x < 48, true)) v = block_sum(v, slots);
  y[threadIdx.x] = v;
}

extern "C" __global__ void lock_never_released(int* lock, int* sum) {
  if (threadIdx.x == 0) {
    while (atomicCAS(lock, 0, 1) != 0) {
    }
    __threadfence();
    *sum += 1;
    __threadfence();
    SOUND(atomicExch(lock, 0);)
  }
}

// One warp of producers arrives, and the barrier counts two.
extern "C" __global__ void barrier_counts_too_many(const int* x, int* y) {
  __shared__ int tile[32];
  if (threadIdx.x < 32) {
    tile[threadIdx.x] = x[threadIdx.x];
    bar_arrive(1, BROKEN_OR_SOUND(96, 64));
  } else {
    bar_sync(1, BROKEN_OR_SOUND(96, 64));
    y[threadIdx.x - 32] = tile[63 - threadIdx.x];
  }
}

// The consumer waits for one tile more than the producer makes.
extern "C" __global__ void consumer_waits_once_more(const int* x, int* y, int tiles) {
  __shared__ int tile[32];
  int lane = threadIdx.x & 31;
  if (threadIdx.x < 32) {
    for (int k = 0; k < tiles; k++) {
      if (k > 0) bar_sync(2, 64);
      tile[lane] = x[k * 32 + lane];
      bar_arrive(1, 64);
    }
  } else {
    int sum = 0;
    for (int k = 0; k < tiles + BROKEN_OR_SOUND(1, 0); k++) {
      bar_sync(1, 64);
      sum += tile[lane ^ 1];
      if (k + 1 < tiles) bar_arrive(2, 64);
    }
    y[lane] = sum;
  }
}

extern "C" __global__ void flag_never_set(const int* x, int* flag, int* y) {
  if (blockIdx.x == 0) {
    y[threadIdx.x] = x[threadIdx.x];
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0 BROKEN(&&x[0] == -12345)) atomicExch(flag, 1);
  } else {
    if (threadIdx.x == 0) {
      while (*(volatile int*)flag == 0) {
      }
      __threadfence();
    }
    __syncthreads();
    y[32 + threadIdx.x] = y[threadIdx.x] + 1;
  }
}

extern "C" __global__ void each_waits_for_the_other(int* flags, int* y) {
  int b = blockIdx.x, other = b ^ 1;
  if (threadIdx.x == 0) {
    SOUND(atomicExch(&flags[b], 1);)
    while (atomicAdd(&flags[other], 0) == 0) {
    }
    BROKEN(atomicExch(&flags[b], 1);)
    y[b] = b + 1;
  }
}

extern "C" __global__ void grid_barrier_goal_too_high(const int* x, unsigned* arrived, int* y) {
  int v = x[blockIdx.x * blockDim.x + threadIdx.x];
  if (threadIdx.x == 0) {
    __threadfence();
    atomicAdd(arrived, 1u);
    while (*(volatile unsigned*)arrived < gridDim.x + BROKEN_OR_SOUND(1, 0)) {
    }
    __threadfence();
  }
  __syncthreads();
  y[blockIdx.x * blockDim.x + threadIdx.x] = v + *(volatile unsigned*)arrived;
}

// Half the warp waits for all of it, and the other half for what comes after.
extern "C" __global__ void warp_barrier_with_absent_lanes(const int* x, volatile int* flag, int* y) {
  __shared__ int tile[32];
  tile[threadIdx.x] = x[threadIdx.x];
  SOUND(__syncwarp();)
  if (threadIdx.x < 16) {
    BROKEN(__syncwarp();)
    y[threadIdx.x] = tile[15 - threadIdx.x];
    __threadfence();
    if (threadIdx.x == 0) *flag = 1;
  } else {
    while (*flag == 0) {
    }
    y[threadIdx.x] = tile[threadIdx.x];
  }
}

// Two locks, taken in opposite orders by even and odd CTAs: some schedules get stuck.
extern "C" __global__ void locks_in_opposite_order(int* locks, int* sums, int rounds) {
  if (threadIdx.x != 0) return;
  int first = BROKEN_OR_SOUND(blockIdx.x & 1, 0);
  for (int r = 0; r < rounds; r++) {
    while (atomicCAS(&locks[first], 0, 1) != 0) {
    }
    while (atomicCAS(&locks[first ^ 1], 0, 1) != 0) {
    }
    __threadfence();
    sums[0] += 1;
    __threadfence();
    atomicExch(&locks[first ^ 1], 0);
    atomicExch(&locks[first], 0);
  }
}

// The shuffle names all lanes, and the upper ones go past it.
extern "C" __global__ void lanes_past_the_shuffle(const int* x, int* y) {
  int t = threadIdx.x, v = x[t];
  if (t < 20) v += __shfl_xor_sync(BROKEN_OR_SOUND(0xffffffffu, 0xfffffu), v, 1);
  y[t] = v;
}

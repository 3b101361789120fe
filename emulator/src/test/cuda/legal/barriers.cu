// Barriers with names and with votes, warps that wait for each other, CTAs that wait for each other.
#include <cstdint>

__device__ __forceinline__ void bar_sync(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
__device__ __forceinline__ void bar_arrive(int id, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

extern "C" __global__ void barrier_votes(const int* x, int* y) {
  int v = x[threadIdx.x];
  int count = __syncthreads_count(v > 50);
  int all = __syncthreads_and(v >= 0), any = __syncthreads_or(v == 77);
  y[threadIdx.x] = count * 4 + (all != 0) * 2 + (any != 0);
}

// Warps 0 and 1 fill two buffers, warps 2 and 3 empty them: "full" barriers 1 and 2, "empty" barriers 3 and 4.
extern "C" __global__ void named_barrier_pipeline(const int* x, int* y, int tiles) {
  __shared__ int buffer[2][64];
  int t = threadIdx.x & 63;
  if (threadIdx.x < 64) {
    for (int k = 0; k < tiles; k++) {
      int b = k & 1;
      if (k >= 2) bar_sync(3 + b, 128);
      buffer[b][t] = x[k * 64 + t] * 3;
      bar_arrive(1 + b, 128);
    }
  } else {
    int sum = 0;
    for (int k = 0; k < tiles; k++) {
      int b = k & 1;
      bar_sync(1 + b, 128);
      sum += buffer[b][63 - t] * (k + 1);
      if (k + 2 < tiles) bar_arrive(3 + b, 128);
    }
    y[t] = sum;
  }
}

// Halves of the CTA have a barrier each, and go round a different number of times.
extern "C" __global__ void named_barrier_halves(const int* x, int* y) {
  __shared__ int v[128];
  int half = threadIdx.x >> 6, t = threadIdx.x & 63;
  v[threadIdx.x] = x[threadIdx.x];
  for (int r = 0; r < 3 + half * 2; r++) {
    bar_sync(1 + half, 64);
    int next = v[half * 64 + ((t + 1) & 63)];
    bar_sync(1 + half, 64);
    v[threadIdx.x] += next;
  }
  __syncthreads();
  y[threadIdx.x] = v[127 - threadIdx.x];
}

// Lanes hand values round through shared memory, with __syncwarp between.
extern "C" __global__ void warp_exchange(const int* x, int* y, int rounds) {
  __shared__ int slots[4][32];
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, v = x[threadIdx.x];
  for (int r = 0; r < rounds; r++) {
    slots[warp][lane] = v;
    __syncwarp();
    v = slots[warp][(lane * 5 + r) & 31] + r;
    __syncwarp();
  }
  y[threadIdx.x] = v;
}

// The lower half of the warp produces, the upper consumes, and both branches meet at __syncwarp.
extern "C" __global__ void warp_producer_consumer(const int* x, int* y, int rounds) {
  __shared__ int slots[16];
  int lane = threadIdx.x;
  int sum = 0;
  for (int r = 0; r < rounds; r++) {
    if (lane < 16) {
      slots[lane] = x[r * 16 + lane];
      __syncwarp();
    } else {
      __syncwarp();
      sum = sum * 3 + slots[31 - lane];
    }
    __syncwarp();
  }
  if (lane >= 16) y[lane - 16] = sum;
}

// One warp publishes by a flag in shared memory, the others spin on it.
extern "C" __global__ void shared_flag(const int* x, int* y) {
  __shared__ int value;
  __shared__ volatile int ready;
  if (threadIdx.x == 0) ready = 0;
  __syncthreads();
  if (threadIdx.x == 32) {
    value = x[0] * 2 + 1;
    __threadfence_block();
    ready = 1;
  }
  if (threadIdx.x < 32) {
    while (ready == 0) {
    }
    __threadfence_block();
    y[threadIdx.x] = value + threadIdx.x;
  }
}

// Each CTA adds to what the one before it published.
extern "C" __global__ void grid_chain(const int* x, int* sums, int* flags) {
  __shared__ int before;
  int b = blockIdx.x;
  if (threadIdx.x == 0) {
    if (b > 0) {
      while (atomicAdd(&flags[b - 1], 0) == 0) {
      }
      __threadfence();
      before = sums[b - 1];
    } else {
      before = 0;
    }
  }
  int count = __syncthreads_count(x[b * blockDim.x + threadIdx.x] > 0);
  if (threadIdx.x == 0) {
    sums[b] = before + count;
    __threadfence();
    atomicExch(&flags[b], 1);
  }
}

__device__ void grid_barrier(unsigned* arrived, unsigned goal) {
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    atomicAdd(arrived, 1u);
    while (*(volatile unsigned*)arrived < goal) {
    }
    __threadfence();
  }
  __syncthreads();
}

// All CTAs are on the device at once; each step reads what neighbours wrote in the step before.
extern "C" __global__ void grid_stencil_f32(float* a, float* b, unsigned* arrived, int n, int steps) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  for (int s = 0; s < steps; s++) {
    float* in = s & 1 ? b : a;
    float* out = s & 1 ? a : b;
    if (i < n) {
      float left = i > 0 ? in[i - 1] : 0.0f, right = i + 1 < n ? in[i + 1] : 0.0f;
      out[i] = 0.25f * left + 0.5f * in[i] + 0.25f * right;
    }
    grid_barrier(arrived, (s + 1) * gridDim.x);
  }
}

// Acquire and release instead of fences.
extern "C" __global__ void release_acquire(const int* x, int* data, int* flag, int* y) {
  if (blockIdx.x == 0) {
    data[threadIdx.x] = x[threadIdx.x] ^ 0x55;
    __syncthreads();
    if (threadIdx.x == 0) asm volatile("st.release.gpu.global.s32 [%0], %1;" ::"l"(flag), "r"(1) : "memory");
  } else {
    if (threadIdx.x == 0) {
      int seen = 0;
      while (seen == 0) asm volatile("ld.acquire.gpu.global.s32 %0, [%1];" : "=r"(seen) : "l"(flag) : "memory");
    }
    __syncthreads();
    y[(blockIdx.x - 1) * blockDim.x + threadIdx.x] = data[threadIdx.x] + blockIdx.x;
  }
}

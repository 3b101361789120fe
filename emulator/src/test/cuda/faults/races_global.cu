// Two threads, one of them writing, meet in global memory with neither barrier nor flag between them.
#include "fault.cuh"

// Each CTA also writes the first element of the next.
extern "C" __global__ void overlapping_outputs(const int* x, int* y, int n) {
  int base = blockIdx.x * 64;
  for (int k = threadIdx.x; k < BROKEN_OR_SOUND(65, 64); k += blockDim.x) {
    if (base + k < n) y[base + k] = x[base + k] * 2;
  }
}

// All CTAs write one and the same word.
extern "C" __global__ void everyone_writes_the_result(const int* x, int* y) {
  int count = __syncthreads_count(x[blockIdx.x * blockDim.x + threadIdx.x] > 50);
  if (threadIdx.x == 0) BROKEN_OR_SOUND(y[0] = count, y[blockIdx.x] = count);
}

// Reads what the CTA before wrote, in the same launch.
extern "C" __global__ void neighbour_without_flag(const int* x, int* sums, int* flags, int* y) {
  int b = blockIdx.x;
  int count = __syncthreads_count(x[b * blockDim.x + threadIdx.x] & 1);
  if (threadIdx.x == 0) {
    sums[b] = count;
    __threadfence();
    atomicExch(&flags[b], 1);
    if (b > 0) {
      SOUND(while (atomicAdd(&flags[b - 1], 0) == 0) {} __threadfence();)
      count += sums[b - 1];
    }
    y[b] = count;
  }
}

extern "C" __global__ void flag_without_fence(const int* x, int* data, int* flag, int* y) {
  if (threadIdx.x != 0) return;
  if (blockIdx.x == 0) {
    data[0] = x[0] * 3;
    SOUND(__threadfence();)
    atomicExch(flag, 1);
  } else {
    while (atomicAdd(flag, 0) == 0) {
    }
    __threadfence();
    y[blockIdx.x] = data[0] + x[blockIdx.x];
  }
}

// The last CTA adds partial sums whose writers had no fence before their ticket.
extern "C" __global__ void ticket_without_fence(const int* x, int* partial, unsigned* tickets, int* y) {
  __shared__ bool last;
  int count = __syncthreads_count(x[blockIdx.x * blockDim.x + threadIdx.x] > 20);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = count;
    SOUND(__threadfence();)
    last = atomicAdd(tickets, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (last && threadIdx.x == 0) {
    __threadfence();
    int sum = 0;
    for (int b = 0; b < gridDim.x; b++) sum += partial[b];
    *y = sum;
  }
}

extern "C" __global__ void counter_without_atomics(const int* x, int* count) {
  int mine = __syncthreads_count(x[blockIdx.x * blockDim.x + threadIdx.x] > 0);
  if (threadIdx.x == 0) BROKEN_OR_SOUND(*count += mine, atomicAdd(count, mine));
}

// Scratch in global memory between the warps of one CTA.
extern "C" __global__ void scratch_without_barrier(const int* x, int* scratch, int* y) {
  int base = blockIdx.x * 64;
  scratch[base + threadIdx.x] = x[base + threadIdx.x] + 5;
  SOUND(__syncthreads();)
  y[base + threadIdx.x] = scratch[base + (threadIdx.x ^ 33)];
}

// A step reads its neighbours from the buffer that the step writes.
extern "C" __global__ void stencil_in_place(const int* x, int* a, int* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int* in = BROKEN_OR_SOUND(a, x);
  int* out = BROKEN_OR_SOUND(a, y);
  if (i > 0 && i < n - 1) out[i] = in[i - 1] + 2 * in[i] + in[i + 1];
}

// Neighbours share a word, and each stores the whole word for its own byte.
extern "C" __global__ void bytes_by_words(const unsigned char* x, unsigned* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  unsigned bit = (unsigned)(x[i] & 1) << (i & 31);
  BROKEN_OR_SOUND(y[i / 64] |= bit, atomicOr(&y[i / 64], bit));
}

// Launches that may begin before the one in front of them has ended, and what they do before they wait for it.
#include "../hopper/hopper.cuh"

// What is in front of each of them: it reads x and z, and writes y.
extern "C" __global__ void in_front(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  launch_dependents();
  y[i] = x[i] + z[i];
}

extern "C" __global__ void read_before_wait(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  BROKEN(int sum = y[i] + x[i];)
  wait_for_launch_in_front();
  SOUND(int sum = y[i] + x[i];)
  sums[i] = sum;
}

extern "C" __global__ void overwritten_before_wait(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  SOUND(wait_for_launch_in_front();)
  z[i] = 7;
  BROKEN(wait_for_launch_in_front();)
  sums[i] = y[i] + x[i];
}

extern "C" __global__ void written_twice(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int twice = 2 * x[i];
  SOUND(wait_for_launch_in_front();)
  y[i] = twice;
  BROKEN(wait_for_launch_in_front();)
  sums[i] = twice;
}

extern "C" __global__ void added_before_wait(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int one = x[i] != 0;
  SOUND(wait_for_launch_in_front();)
  atomicAdd(y + i, one);
  BROKEN(wait_for_launch_in_front();)
  sums[i] = one;
}

// One thread waits for all; the others wait for it.
extern "C" __global__ void waited_for_by_another_warp(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (threadIdx.x == 0) wait_for_launch_in_front();
  SOUND(__syncthreads();)
  sums[i] = y[i] + x[i];
}

extern "C" __global__ void waited_for_by_another_lane(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (threadIdx.x % 32 == 5) wait_for_launch_in_front();
  SOUND(__syncwarp();)
  sums[i] = y[i] + x[i];
}

extern "C" __global__ void copied_before_wait(const int* x, int* y, int* z, int* sums) {
  __shared__ alignas(128) int tile[64];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 256);
    SOUND(wait_for_launch_in_front();)
    bulk_load(tile, y + blockIdx.x * 64, 256, &full);
    BROKEN(wait_for_launch_in_front();)
  }
  __syncthreads();
  mbarrier_wait(&full, 0);
  sums[blockIdx.x * 64 + threadIdx.x] = tile[threadIdx.x];
}

// What is behind this could begin while what is in front of it still runs.
extern "C" __global__ void ends_without_wait(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  BROKEN(if (blockIdx.x == 0)) wait_for_launch_in_front();
  sums[i] = x[i];
}

extern "C" __global__ void lets_go_before_wait(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  BROKEN(launch_dependents();)
  wait_for_launch_in_front();
  SOUND(launch_dependents();)
  sums[i] = y[i] + x[i];
}

extern "C" __global__ void lets_go_for_another(const int* x, int* y, int* z, int* sums) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (threadIdx.x == 0) wait_for_launch_in_front();
  SOUND(__syncthreads();)
  if (threadIdx.x == 32) launch_dependents();
  BROKEN(__syncthreads();)
  sums[i] = y[i] + x[i];
}

// Bulk copies from shared to global memory, each broken in one place.
#include "../hopper/hopper.cuh"

extern "C" __global__ void store_without_fence(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  tile[127 - threadIdx.x] = x[threadIdx.x];
  SOUND(fence_proxy_async();)
  __syncthreads();
  if (threadIdx.x == 0) {
    bulk_store(y, tile, 512);
    bulk_commit();
    bulk_wait<0>();
  }
}

// The thread that stores fences, before it knows of the others' writes.
extern "C" __global__ void fence_by_one(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  tile[127 - threadIdx.x] = x[threadIdx.x];
  if (BROKEN_OR_SOUND(threadIdx.x == 0, true)) fence_proxy_async();
  __syncthreads();
  if (threadIdx.x == 0) {
    bulk_store(y, tile, 512);
    bulk_commit();
    bulk_wait<0>();
  }
}

extern "C" __global__ void fence_without_barrier(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  tile[127 - threadIdx.x] = x[threadIdx.x];
  fence_proxy_async();
  SOUND(__syncthreads();)
  if (threadIdx.x == 0) {
    bulk_store(y, tile, 512);
    bulk_commit();
    bulk_wait<0>();
  }
}

// The second tile is written before the first has been read.
extern "C" __global__ void source_overwritten(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  for (int k = 0; k < 2; k++) {
    tile[127 - threadIdx.x] = x[k * 128 + threadIdx.x];
    fence_proxy_async();
    __syncthreads();
    if (threadIdx.x == 0) {
      bulk_store(y + k * 128, tile, 512);
      bulk_commit();
      SOUND(bulk_wait_read<0>();)
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) bulk_wait<0>();
}

// Two buffers, and one group too many may be under way.
extern "C" __global__ void wait_read_off_by_one(const int* x, int* y, int tiles) {
  __shared__ alignas(128) int tile[2][128];
  for (int k = 0; k < tiles; k++) {
    if (threadIdx.x == 0) bulk_wait_read<BROKEN_OR_SOUND(2, 1)>();
    __syncthreads();
    tile[k & 1][127 - threadIdx.x] = x[k * 128 + threadIdx.x];
    fence_proxy_async();
    __syncthreads();
    if (threadIdx.x == 0) {
      bulk_store(y + k * 128, tile[k & 1], 512);
      bulk_commit();
    }
  }
  if (threadIdx.x == 0) bulk_wait<0>();
}

// What was stored is read back after its source was read, but before it was written.
extern "C" __global__ void read_back_too_early(const int* x, int* y, int* z) {
  __shared__ alignas(128) int tile[128];
  tile[127 - threadIdx.x] = x[threadIdx.x];
  fence_proxy_async();
  __syncthreads();
  if (threadIdx.x == 0) {
    bulk_store(y, tile, 512);
    bulk_commit();
    BROKEN(bulk_wait_read<0>();)
    SOUND(bulk_wait<0>();)
  }
  __syncthreads();
  z[threadIdx.x] = y[threadIdx.x ^ 1];
}

// A wait for groups, of which this copy is none.
extern "C" __global__ void commit_missing(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  for (int k = 0; k < 2; k++) {
    tile[127 - threadIdx.x] = x[k * 128 + threadIdx.x];
    fence_proxy_async();
    __syncthreads();
    if (threadIdx.x == 0) {
      bulk_store(y + k * 128, tile, 512);
      SOUND(bulk_commit();)
      bulk_wait_read<0>();
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) bulk_wait<0>();
}

// Groups are each thread's own: another thread's wait waits for nothing.
extern "C" __global__ void waited_for_by_another(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  for (int k = 0; k < 2; k++) {
    tile[127 - threadIdx.x] = x[k * 128 + threadIdx.x];
    fence_proxy_async();
    __syncthreads();
    if (threadIdx.x == 0) {
      bulk_store(y + k * 128, tile, 512);
      bulk_commit();
    }
    if (threadIdx.x == BROKEN_OR_SOUND(32, 0)) bulk_wait_read<0>();
    __syncthreads();
  }
  bulk_wait<0>();
}

extern "C" __global__ void stored_half_written(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  if (BROKEN_OR_SOUND(threadIdx.x < 64, true)) tile[127 - threadIdx.x] = x[threadIdx.x];
  fence_proxy_async();
  __syncthreads();
  if (threadIdx.x == 0) {
    bulk_store(y, tile, 512);
    bulk_commit();
    bulk_wait<0>();
  }
}

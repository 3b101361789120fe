// Blocks of a cluster and each other's shared memory, each broken in one place.
#include "../hopper/hopper.cuh"

// Each block of two gets its words from the other.
extern "C" __global__ void __cluster_dims__(2, 1, 1) written_before_begin(const int* x, int* y) {
  __shared__ int inbox[128];
  uint32_t there = map_shared(&inbox[127 - threadIdx.x], block_rank() ^ 1);
  SOUND(cluster_sync();)
  store_at(there, x[blockIdx.x * 128 + threadIdx.x]);
  cluster_sync();
  y[blockIdx.x * 128 + threadIdx.x] = inbox[threadIdx.x];
}

extern "C" __global__ void __cluster_dims__(2, 1, 1) read_too_early(const int* x, int* y) {
  __shared__ int inbox[128];
  uint32_t there = map_shared(&inbox[127 - threadIdx.x], block_rank() ^ 1);
  cluster_sync();
  store_at(there, x[blockIdx.x * 128 + threadIdx.x]);
  SOUND(cluster_sync();)
  y[blockIdx.x * 128 + threadIdx.x] = inbox[threadIdx.x];
  BROKEN(cluster_sync();)
}

// A block ends while the other still reads from it.
extern "C" __global__ void __cluster_dims__(2, 1, 1) read_after_end(const int* x, int* y) {
  __shared__ int words[128];
  words[threadIdx.x] = x[blockIdx.x * 128 + threadIdx.x];
  cluster_sync();
  y[blockIdx.x * 128 + threadIdx.x] = load_at(map_shared(&words[127 - threadIdx.x], block_rank() ^ 1));
  SOUND(cluster_sync();)
}

// The last arrival at another block's barrier, which does not wait for it before it ends.
extern "C" __global__ void __cluster_dims__(2, 1, 1) arrived_after_end(const int* x, int* y) {
  __shared__ uint64_t bar;
  if (threadIdx.x == 0) {
    mbarrier_init(&bar, 128);
    fence_mbarrier_init();
  }
  cluster_sync();
  mbarrier_arrive_at(map_shared(&bar, block_rank() ^ 1));
  SOUND(mbarrier_wait(&bar, 0); cluster_sync();)
  y[blockIdx.x * 128 + threadIdx.x] = x[blockIdx.x * 128 + threadIdx.x] + 1;
}

extern "C" __global__ void __cluster_dims__(2, 1, 1) arrived_twice(const int* x, int* y) {
  cluster_arrive();
  BROKEN(cluster_arrive();)
  y[blockIdx.x * 128 + threadIdx.x] = x[blockIdx.x * 128 + threadIdx.x] + 1;
  cluster_wait();
}

extern "C" __global__ void __cluster_dims__(2, 1, 1) no_such_block(const int* x, int* y) {
  __shared__ int inbox[128];
  uint32_t there = map_shared(&inbox[threadIdx.x], BROKEN_OR_SOUND(block_rank() + 1, block_rank() ^ 1));
  cluster_sync();
  store_at(there, x[blockIdx.x * 128 + threadIdx.x]);
  cluster_sync();
  y[blockIdx.x * 128 + threadIdx.x] = BROKEN_OR_SOUND(x[threadIdx.x], inbox[threadIdx.x]);
}

// One block brings a tile to both; the other one must announce its bytes too.
extern "C" __global__ void __cluster_dims__(2, 1, 1) multicast_unannounced(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
  }
  cluster_sync();
  if (threadIdx.x == 0) {
    if (BROKEN_OR_SOUND(block_rank() == 0, true)) mbarrier_arrive_expect_tx(&full, 512);
    BROKEN(if (block_rank() == 1) mbarrier_arrive(&full);)
    if (block_rank() == 0) bulk_load_multicast(tile, x, 512, &full, 3);
  }
  mbarrier_wait(&full, 0);
  y[blockIdx.x * 128 + threadIdx.x] = tile[127 - threadIdx.x];
  cluster_sync();
}

// The stage of the other block is overwritten before that one has read it.
extern "C" __global__ void __cluster_dims__(2, 1, 1) multicast_too_early(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
  }
  cluster_sync();
  int sum = 0;
  for (int k = 0; k < 2; k++) {
    if (threadIdx.x == 0) {
      mbarrier_arrive_expect_tx(&full, 512);
      BROKEN(if (block_rank() == 0) bulk_load_multicast(tile, x + k * 128, 512, &full, 3);)
    }
    SOUND(cluster_sync();)
    SOUND(if (threadIdx.x == 0 && block_rank() == 0) bulk_load_multicast(tile, x + k * 128, 512, &full, 3);)
    mbarrier_wait(&full, k);
    sum += tile[127 - threadIdx.x];
    __syncthreads();
  }
  y[blockIdx.x * 128 + threadIdx.x] = sum;
  cluster_sync();
}

// A tile is sent on to the next block's shared memory, read there without a wait.
extern "C" __global__ void __cluster_dims__(2, 1, 1) sent_and_not_awaited(const int* x, int* y) {
  __shared__ alignas(128) int out[128], in[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 512);
  }
  out[threadIdx.x] = x[blockIdx.x * 128 + threadIdx.x];
  fence_proxy_async();
  cluster_sync();
  if (threadIdx.x == 0) bulk_send(map_shared(in, block_rank() ^ 1), out, 512, map_shared(&full, block_rank() ^ 1));
  BROKEN(cluster_sync();)
  SOUND(mbarrier_wait(&full, 0);)
  y[blockIdx.x * 128 + threadIdx.x] = in[127 - threadIdx.x];
  BROKEN(mbarrier_wait(&full, 0);)
  cluster_sync();
}

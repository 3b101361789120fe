// Blocks of clusters, warpgroups that take turns, and barriers of the C++ library.
#include <cuda/barrier>
#include <utility>

#include "hopper.cuh"

// The sum of 4 * 128 words by four blocks: each adds its own, the first one reads what the others have.
extern "C" __global__ void __cluster_dims__(4, 1, 1) cluster_sum(const int* x, int* y) {
  __shared__ int sums[128];
  sums[threadIdx.x] = x[blockIdx.x * 128 + threadIdx.x];
  for (int step = 64; step > 0; step >>= 1) {
    __syncthreads();
    if (threadIdx.x < step) sums[threadIdx.x] += sums[threadIdx.x + step];
  }
  cluster_sync();
  if (block_rank() == 0 && threadIdx.x == 0) {
    int sum = 0;
    for (int rank = 0; rank < 4; rank++) sum += load_at(map_shared(sums, rank));
    y[blockIdx.x / 4] = sum;
  }
  cluster_sync();
}

// Counts bytes of x by value over all blocks of a cluster, each block owning a part of the counters.
extern "C" __global__ void __cluster_dims__(2, 1, 1) cluster_histogram(const unsigned char* x, int* y, int n) {
  __shared__ int counts[128];
  counts[threadIdx.x] = 0;
  cluster_sync();
  for (int i = blockIdx.x * 128 + threadIdx.x; i < n; i += gridDim.x * 128) {
    uint32_t at = map_shared(&counts[x[i] & 127], x[i] >> 7);
    asm volatile("red.relaxed.cluster.shared::cluster.add.u32 [%0], 1;" ::"r"(at) : "memory");
  }
  cluster_sync();
  atomicAdd(&y[block_rank() * 128 + threadIdx.x], counts[threadIdx.x]);
}

// Each block passes its tile to the next one, three times; barriers count bytes, and say when a tile may be written.
extern "C" __global__ void __cluster_dims__(4, 1, 1) cluster_ring(const int* x, int* y) {
  __shared__ alignas(128) int tile[2][128];
  __shared__ uint64_t full[2], empty;
  if (threadIdx.x == 0) {
    mbarrier_init(&full[0], 1);
    mbarrier_init(&full[1], 1);
    mbarrier_init(&empty, 1);
    fence_mbarrier_init();
  }
  uint32_t next = (block_rank() + 1) % 4, previous = (block_rank() + 3) % 4;
  tile[0][threadIdx.x] = x[blockIdx.x * 128 + threadIdx.x];
  fence_proxy_async();
  cluster_sync();
  int sum = tile[0][127 - threadIdx.x];
  for (int step = 1; step < 4; step++) {
    int to = step & 1;
    if (threadIdx.x == 0) {
      mbarrier_arrive_expect_tx(&full[to], 512);
      if (step > 1) mbarrier_wait(&empty, step & 1);
      bulk_send(map_shared(tile[to], next), tile[to ^ 1], 512, map_shared(&full[to], next));
    }
    mbarrier_wait(&full[to], (step - 1) >> 1 & 1);
    sum += tile[to][127 - threadIdx.x] * (step + 1);
    // What was sent on is there, as its receiver says; what was there before has been read.
    cluster_sync();
    if (threadIdx.x == 0 && step < 3) mbarrier_arrive_at(map_shared(&empty, previous));
  }
  y[blockIdx.x * 128 + threadIdx.x] = sum;
  cluster_sync();
}

// Where each block is in its cluster.
extern "C" __global__ void __cluster_dims__(2, 2, 1) cluster_places(int* y) {
  int v[8];
  asm volatile("mov.u32 %0, %%cluster_ctaid.x;" : "=r"(v[0]));
  asm volatile("mov.u32 %0, %%cluster_ctaid.y;" : "=r"(v[1]));
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(v[2]));
  asm volatile("mov.u32 %0, %%clusterid.x;" : "=r"(v[3]));
  asm volatile("mov.u32 %0, %%clusterid.y;" : "=r"(v[4]));
  asm volatile("mov.u32 %0, %%nclusterid.x;" : "=r"(v[5]));
  asm volatile("mov.u32 %0, %%cluster_nctaid.y;" : "=r"(v[6]));
  asm volatile("mov.u32 %0, %%cluster_nctarank;" : "=r"(v[7]));
  if (threadIdx.x < 8) y[(blockIdx.y * gridDim.x + blockIdx.x) * 8 + threadIdx.x] = v[threadIdx.x];
}

// A tile for both blocks of a cluster, each of which brings a half to both; stages are given back across the cluster.
extern "C" __global__ void __cluster_dims__(2, 1, 1) multicast_halves(const int* x, int* y, int tiles) {
  __shared__ alignas(128) int stage[2][128];
  __shared__ uint64_t full[2], empty[2];
  if (threadIdx.x == 0) {
    for (int s = 0; s < 2; s++) {
      mbarrier_init(&full[s], 1);
      mbarrier_init(&empty[s], 8);
    }
    fence_mbarrier_init();
  }
  cluster_sync();
  int rank = block_rank(), sum = 0;
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int k = 0; k < tiles; k++) {
        int s = k & 1;
        mbarrier_wait(&empty[s], (k >> 1 & 1) ^ 1);
        mbarrier_arrive_expect_tx(&full[s], 512);
        bulk_load_multicast(stage[s] + rank * 64, x + k * 128 + rank * 64, 256, &full[s], 3);
      }
  } else {
    for (int k = 0; k < tiles; k++) {
      int s = k & 1;
      mbarrier_wait(&full[s], k >> 1 & 1);
      sum += stage[s][127 - threadIdx.x] * (k + 1);
      __syncwarp();
      if (threadIdx.x % 32 < 2) mbarrier_arrive_at(map_shared(&empty[s], threadIdx.x % 32));
    }
    y[blockIdx.x * 128 + threadIdx.x] = sum + rank;
  }
  cluster_sync();
}

// Two warpgroups take turns at one buffer, by named barriers; the second one takes registers that the first one gives.
extern "C" __global__ void __launch_bounds__(256, 1) turns(const int* x, int* y, int rounds) {
  __shared__ int buffer[128];
  int group = threadIdx.x / 128, t = threadIdx.x % 128, sum = 0;
  if (group == 0) {
    fewer_registers<40>();
    for (int k = 0; k < rounds; k++) {
      bar_sync(1, 256);
      buffer[t] = x[k * 256 + t];
      bar_sync(3, 128);
      sum += buffer[t ^ 1];
      bar_arrive(2, 256);
    }
  } else {
    more_registers<256>();
    bar_arrive(1, 256);
    for (int k = 0; k < rounds; k++) {
      bar_sync(2, 256);
      sum += buffer[127 - t] - x[k * 256 + 128 + t];
      if (k + 1 < rounds) bar_arrive(1, 256);
    }
  }
  y[threadIdx.x] = sum;
}

// Adds a tile to global memory, several blocks at once.
extern "C" __global__ void bulk_sums(const float* x, float* y) {
  __shared__ alignas(128) float tile[128];
  tile[127 - threadIdx.x] = x[blockIdx.x * 128 + threadIdx.x];
  fence_proxy_async();
  __syncthreads();
  if (threadIdx.x == 0) {
    bulk_prefetch(x, 512);
    bulk_add(y, tile, 512);
    bulk_commit();
    bulk_wait<0>();
  }
}

// The C++ library's barrier, and its copy that counts bytes.
extern "C" __global__ void library_barrier(const int* x, int* y, int tiles) {
  using barrier = cuda::barrier<cuda::thread_scope_block>;
  __shared__ alignas(128) int tile[128];
  __shared__ barrier bar;
  if (threadIdx.x == 0) {
    init(&bar, blockDim.x);
    cuda::device::experimental::fence_proxy_async_shared_cta();
  }
  __syncthreads();
  int sum = 0;
  for (int k = 0; k < tiles; k++) {
    barrier::arrival_token token;
    if (threadIdx.x == 0) {
      cuda::device::experimental::cp_async_bulk_global_to_shared(tile, x + k * 128, sizeof(tile), bar);
      token = cuda::device::barrier_arrive_tx(bar, 1, sizeof(tile));
    } else {
      token = bar.arrive();
    }
    bar.wait(std::move(token));
    sum += tile[127 - threadIdx.x];
    __syncthreads();
  }
  y[threadIdx.x] = sum;
}

// What CUDA's own headers make of common needs: cooperative groups, cuda::atomic_ref, barriers and pipelines of
// libcu++, assertions, special registers, memory functions.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cassert>
#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/pipeline>

namespace cg = cooperative_groups;

extern "C" __global__ void groups_reduce(const int* x, int* y, int* ranks) {
  auto block = cg::this_thread_block();
  auto tile = cg::tiled_partition<8>(block);
  int v = x[blockIdx.x * block.size() + block.thread_rank()];
  int sum = cg::reduce(tile, v, cg::plus<int>());
  int most = cg::reduce(tile, v, cg::greater<int>());
  int before = cg::exclusive_scan(tile, v);
  y[blockIdx.x * block.size() + block.thread_rank()] = sum * 3 + most + before * 7;
  if (v & 1) {
    auto odd = cg::coalesced_threads();
    if (odd.thread_rank() == 0) atomicAdd(ranks, (int)odd.size());
  }
  tile.sync();
  block.sync();
}

extern "C" __global__ void groups_labeled(const int* x, int* y) {
  auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  int v = x[threadIdx.x];
  auto peers = cg::labeled_partition(warp, v % 3);
  int sum = cg::reduce(peers, v, cg::plus<int>());
  y[threadIdx.x] = sum * 100 + peers.size();
}

extern "C" __global__ void atomic_refs(int* data, int* flag, int* counts, int* y) {
  cuda::atomic_ref<int, cuda::thread_scope_device> ready(*flag);
  cuda::atomic_ref<int, cuda::thread_scope_device> count(counts[0]);
  if (blockIdx.x == 0) {
    if (threadIdx.x == 0) {
      data[0] = 41;
      ready.store(1, cuda::memory_order_release);
    }
  } else if (threadIdx.x == 0) {
    while (ready.load(cuda::memory_order_acquire) == 0) {
    }
    y[blockIdx.x - 1] = data[0] + blockIdx.x;
  }
  count.fetch_add(2, cuda::memory_order_relaxed);
  cuda::atomic_ref<int, cuda::thread_scope_device> most(counts[1]);
  most.fetch_max((int)(blockIdx.x * blockDim.x + threadIdx.x));
  int seen = 0;
  cuda::atomic_ref<int, cuda::thread_scope_device> odd(counts[2]);
  while (!odd.compare_exchange_weak(seen, seen + (threadIdx.x & 1), cuda::memory_order_acq_rel)) {
  }
}

extern "C" __global__ void split_barrier(const int* x, int* y) {
#pragma nv_diag_suppress static_var_with_dynamic_init
  __shared__ cuda::barrier<cuda::thread_scope_block> ready;
  __shared__ int tile[64];
  if (threadIdx.x == 0) init(&ready, blockDim.x);
  __syncthreads();
  int v = x[threadIdx.x];
  for (int r = 0; r < 3; r++) {
    tile[threadIdx.x] = v + r;
    auto token = ready.arrive();
    int own = v * 5;
    ready.wait(cuda::std::move(token));
    v = own + tile[63 - threadIdx.x];
    ready.arrive_and_wait();
  }
  y[threadIdx.x] = v;
}

extern "C" __global__ void groups_memcpy_async(const int* x, int* y, int tiles) {
  __shared__ alignas(16) int tile[2][64];
  auto block = cg::this_thread_block();
  int sum = 0;
  cg::memcpy_async(block, tile[0], x, sizeof(int) * 64);
  for (int k = 0; k < tiles; k++) {
    if (k + 1 < tiles) {
      cg::memcpy_async(block, tile[(k + 1) & 1], x + (k + 1) * 64, sizeof(int) * 64);
      cg::wait_prior<1>(block);
    } else {
      cg::wait(block);
    }
    sum = sum * 3 + tile[k & 1][63 - threadIdx.x];
    block.sync();
  }
  y[threadIdx.x] = sum;
}

extern "C" __global__ void thread_pipeline(const float4* x, float4* y, int tiles) {
  __shared__ float4 stages[3][32];
  auto pipe = cuda::make_pipeline();
  int t = threadIdx.x, fetched = 0;
  float4 sum = {0, 0, 0, 0};
  for (int k = 0; k < tiles; k++) {
    for (; fetched < tiles && fetched < k + 3; fetched++) {
      pipe.producer_acquire();
      cuda::memcpy_async(&stages[fetched % 3][t], x + fetched * 32 + t, cuda::aligned_size_t<16>(16), pipe);
      pipe.producer_commit();
    }
    pipe.consumer_wait();
    float4 v = stages[k % 3][t];
    sum.x += v.x, sum.y += v.y * 2, sum.z += v.z * 3, sum.w += v.w * (k + 1);
    pipe.consumer_release();
  }
  y[t] = sum;
}

struct Record {
  char name[11];
  short id;
  double weight;
};

extern "C" __global__ void __launch_bounds__(64, 2) records(const Record* x, Record* y, int* where, int n) {
  __shared__ Record copy[64];
  int i = blockIdx.x * 64 + threadIdx.x;
  unsigned lane, warp_size;
  asm("mov.u32 %0, %%laneid;" : "=r"(lane));
  warp_size = warpSize;
  assert(lane < warp_size && blockDim.x == 64);
  if (i >= n) return;
  memcpy(&copy[threadIdx.x], x + i, sizeof(Record));
  Record r = copy[threadIdx.x];
  memset(r.name + 5, 'x', 4);
  r.id = (short)(r.id * 2 + lane);
  r.weight = r.weight < 0 ? -r.weight : r.weight;
  y[i] = r;
  const char* p = i & 1 ? copy[threadIdx.x].name : x[i].name;
  where[i] = __isShared(p) * 2 + __isGlobal(p) + (clock64() < 0 ? 8 : 0) + *p;
}

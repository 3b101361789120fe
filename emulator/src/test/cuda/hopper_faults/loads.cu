// Pipelines of bulk copies, each broken in one place.
#include "../hopper/hopper.cuh"

// y[i] = the reverse of each 128 words of x, through a tile that one bulk copy brings.
extern "C" __global__ void wait_missing(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  __syncthreads();
  SOUND(mbarrier_wait(&full, 0);)
  y[threadIdx.x] = tile[127 - threadIdx.x];
  BROKEN(mbarrier_wait(&full, 0);)
}

extern "C" __global__ void expect_too_few(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, BROKEN_OR_SOUND(256, 512));
    bulk_load(tile, x, 512, &full);
  }
  __syncthreads();
  mbarrier_wait(&full, 0);
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

extern "C" __global__ void expect_too_many(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, BROKEN_OR_SOUND(528, 512));
    bulk_load(tile, x, 512, &full);
  }
  __syncthreads();
  mbarrier_wait(&full, 0);
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// Two copies, and bytes are announced for one.
extern "C" __global__ void expect_forgets_second(const int* x, const int* z, int* y) {
  __shared__ alignas(128) int a[128], b[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    bulk_load(a, x, 512, &full);
    bulk_load(b, z, 512, &full);
    mbarrier_arrive_expect_tx(&full, BROKEN_OR_SOUND(512, 1024));
  }
  __syncthreads();
  mbarrier_wait(&full, 0);
  y[threadIdx.x] = a[127 - threadIdx.x] - b[threadIdx.x];
}

extern "C" __global__ void wrong_parity(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  __syncthreads();
  mbarrier_wait(&full, BROKEN_OR_SOUND(1, 0));
  y[threadIdx.x] = tile[127 - threadIdx.x];
  BROKEN(mbarrier_wait(&full, 0);)
}

// The sum of tiles of 128 words through a ring of two stages; a warp brings, four add.
struct Ring {
  alignas(128) int stage[2][128];
  uint64_t full[2], empty[2];
};

__device__ __forceinline__ void begin(Ring& ring, int arrivals) {
  if (threadIdx.x == 0) {
    for (int s = 0; s < 2; s++) {
      mbarrier_init(&ring.full[s], 1);
      mbarrier_init(&ring.empty[s], arrivals);
    }
    fence_mbarrier_init();
  }
  __syncthreads();
}

__device__ __forceinline__ void bring(Ring& ring, const int* x, int tile) {
  mbarrier_arrive_expect_tx(&ring.full[tile & 1], 512);
  bulk_load(ring.stage[tile & 1], x + tile * 128, 512, &ring.full[tile & 1]);
}

extern "C" __global__ void stage_reused_too_early(const int* x, int* y, int tiles) {
  __shared__ Ring ring;
  begin(ring, 128);
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int k = 0; k < tiles; k++) {
        SOUND(mbarrier_wait(&ring.empty[k & 1], (k >> 1 & 1) ^ 1);)
        bring(ring, x, k);
      }
    return;
  }
  int sum = 0;
  for (int k = 0; k < tiles; k++) {
    mbarrier_wait(&ring.full[k & 1], k >> 1 & 1);
    sum += ring.stage[k & 1][127 - threadIdx.x];
    mbarrier_arrive(&ring.empty[k & 1]);
  }
  y[threadIdx.x] = sum;
}

// A consumer gives the stage back, and only then reads it.
extern "C" __global__ void released_before_read(const int* x, int* y, int tiles) {
  __shared__ Ring ring;
  begin(ring, 128);
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int k = 0; k < tiles; k++) {
        mbarrier_wait(&ring.empty[k & 1], (k >> 1 & 1) ^ 1);
        bring(ring, x, k);
      }
    return;
  }
  int sum = 0;
  for (int k = 0; k < tiles; k++) {
    mbarrier_wait(&ring.full[k & 1], k >> 1 & 1);
    BROKEN(mbarrier_arrive(&ring.empty[k & 1]);)
    sum += ring.stage[k & 1][127 - threadIdx.x];
    SOUND(mbarrier_arrive(&ring.empty[k & 1]);)
  }
  y[threadIdx.x] = sum;
}

// The first lane gives the stage back for its warp, without knowing that the others have read it.
extern "C" __global__ void released_for_others(const int* x, int* y, int tiles) {
  __shared__ Ring ring;
  begin(ring, 4);
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int k = 0; k < tiles; k++) {
        mbarrier_wait(&ring.empty[k & 1], (k >> 1 & 1) ^ 1);
        bring(ring, x, k);
      }
    return;
  }
  int sum = 0;
  for (int k = 0; k < tiles; k++) {
    mbarrier_wait(&ring.full[k & 1], k >> 1 & 1);
    sum += ring.stage[k & 1][127 - threadIdx.x];
    SOUND(__syncwarp();)
    if (threadIdx.x % 32 == 0) mbarrier_arrive(&ring.empty[k & 1]);
  }
  y[threadIdx.x] = sum;
}

// Each warp elects a thread, where one of the block is meant.
extern "C" __global__ void four_elected(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
  }
  __syncthreads();
  if (SOUND(threadIdx.x < 32 &&) elect()) {
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  mbarrier_wait(&full, 0);
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// Only half a warp comes to where all of it is asked to elect.
extern "C" __global__ void elected_by_half(const int* x, int* y) {
  __shared__ int leader;
  bool chosen = false;
  if (BROKEN_OR_SOUND(threadIdx.x < 16, true)) chosen = elect();
  if (chosen) leader = x[0];
  __syncwarp();
  BROKEN(if (threadIdx.x >= 16) chosen = elect();)
  y[threadIdx.x] = leader + x[threadIdx.x];
}

extern "C" __global__ void barrier_not_initialised(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full, other;
  if (threadIdx.x == 0) {
    mbarrier_init(BROKEN_OR_SOUND(&other, &full), 1);
    SOUND(mbarrier_init(&other, 1);)
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  __syncthreads();
  mbarrier_wait(&full, 0);
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// Other warps may be at the barrier before it is initialised.
extern "C" __global__ void initialised_too_late(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 32) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
  }
  SOUND(__syncthreads();)
  if (threadIdx.x == 32) {
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  mbarrier_wait(&full, 0);
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// The engine that copies need not see the barrier.
extern "C" __global__ void initialised_without_fence(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    SOUND(fence_mbarrier_init();)
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  mbarrier_wait(&full, 0);
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// The barrier's memory is used for something else while it is a barrier.
extern "C" __global__ void barrier_overwritten(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full[2];
  if (threadIdx.x == 0) {
    mbarrier_init(&full[0], 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full[0], 512);
    bulk_load(tile, x, 512, &full[0]);
  }
  __syncthreads();
  mbarrier_wait(&full[0], 0);
  __syncthreads();
  volatile int* word = reinterpret_cast<volatile int*>(&full[BROKEN_OR_SOUND(0, 1)]);
  if (threadIdx.x == 0) *word = x[5];
  __syncthreads();
  y[threadIdx.x] = tile[127 - threadIdx.x] + *word;
}

extern "C" __global__ void barrier_used_after_end(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  __syncthreads();
  SOUND(mbarrier_wait(&full, 0);)
  __syncthreads();
  BROKEN(if (threadIdx.x == 0) mbarrier_wait(&full, 0);)
  if (threadIdx.x == 0) mbarrier_inval(&full);
  __syncthreads();
  BROKEN(mbarrier_wait(&full, 0);)
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// A tile more is fetched than anybody waits for.
extern "C" __global__ void fetched_and_forgotten(const int* x, int* y, int tiles) {
  __shared__ Ring ring;
  begin(ring, 128);
  int sum = 0;
  if (threadIdx.x == 0) bring(ring, x, 0);
  for (int k = 0; k < tiles; k++) {
    if (threadIdx.x == 0 && k + BROKEN_OR_SOUND(0, 1) < tiles) bring(ring, x, k + 1);
    mbarrier_wait(&ring.full[k & 1], k >> 1 & 1);
    sum += ring.stage[k & 1][127 - threadIdx.x];
    __syncthreads();
  }
  y[threadIdx.x] = sum;
}

// Only the first lane waits; the others go on to read.
extern "C" __global__ void others_do_not_wait(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    mbarrier_arrive_expect_tx(&full, 512);
    bulk_load(tile, x, 512, &full);
  }
  __syncthreads();
  if (BROKEN_OR_SOUND(threadIdx.x < 32, true)) mbarrier_wait(&full, 0);
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// A copy into a stage that threads have written, which the engine may overtake.
extern "C" __global__ void cleared_without_fence(const int* x, int* y) {
  __shared__ alignas(128) int tile[128];
  __shared__ uint64_t full;
  tile[threadIdx.x] = 7;
  SOUND(fence_proxy_async();)
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    mbarrier_arrive_expect_tx(&full, 256);
    bulk_load(tile, x, 256, &full);
  }
  mbarrier_wait(&full, 0);
  y[threadIdx.x] = tile[127 - threadIdx.x];
}

// The consumers arrive where 128 are expected, and a quarter of them does not.
extern "C" __global__ void arrivals_missing(const int* x, int* y, int tiles) {
  __shared__ Ring ring;
  begin(ring, 128);
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int k = 0; k < tiles; k++) {
        mbarrier_wait(&ring.empty[k & 1], (k >> 1 & 1) ^ 1);
        bring(ring, x, k);
      }
    return;
  }
  int sum = 0;
  for (int k = 0; k < tiles; k++) {
    mbarrier_wait(&ring.full[k & 1], k >> 1 & 1);
    sum += ring.stage[k & 1][127 - threadIdx.x];
    if (BROKEN_OR_SOUND(threadIdx.x < 96, true)) mbarrier_arrive(&ring.empty[k & 1]);
  }
  y[threadIdx.x] = sum;
}

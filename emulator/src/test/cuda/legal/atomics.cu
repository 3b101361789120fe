// Histograms, aggregated counters, compare-and-swap loops, locks.

extern "C" __global__ void histogram_shared_u32(const unsigned char* x, unsigned* bins, int n) {
  __shared__ unsigned local[256];
  for (int b = threadIdx.x; b < 256; b += blockDim.x) local[b] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) atomicAdd(&local[x[i]], 1u);
  __syncthreads();
  for (int b = threadIdx.x; b < 256; b += blockDim.x) {
    if (local[b]) atomicAdd(&bins[b], local[b]);
  }
}

extern "C" __global__ void histogram_global_u64(const int* x, unsigned long long* bins, int n, int num_bins) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(&bins[(unsigned)x[i] % num_bins], 1ull);
}

// One histogram a warp of bytes packed four to a load.
extern "C" __global__ void histogram_per_warp_u32(const uchar4* x, unsigned* bins, int n4) {
  __shared__ unsigned local[4][64];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  local[warp][lane] = 0, local[warp][lane + 32] = 0;
  __syncwarp();
  for (int i = threadIdx.x; i < n4; i += blockDim.x) {
    uchar4 v = x[i];
    atomicAdd(&local[warp][v.x >> 2], 1u);
    atomicAdd(&local[warp][v.y >> 2], 1u);
    atomicAdd(&local[warp][v.z >> 2], 1u);
    atomicAdd(&local[warp][v.w >> 2], 1u);
  }
  __syncthreads();
  if (threadIdx.x < 64) {
    unsigned sum = 0;
    for (int w = 0; w < 4; w++) sum += local[w][threadIdx.x];
    bins[threadIdx.x] = sum;
  }
}

// Lanes with the same key elect a leader, which adds for all of them.
extern "C" __global__ void histogram_match_any(const int* keys, int* counts, int* ranks, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  unsigned active = __ballot_sync(~0u, i < n);
  if (i >= n) return;
  int key = keys[i];
  unsigned peers = __match_any_sync(active, key);
  int lane = threadIdx.x & 31, leader = __ffs(peers) - 1;
  if (lane == leader) atomicAdd(&counts[key], __popc(peers));
  ranks[i] = __popc(peers & ((1u << lane) - 1));
}

extern "C" __global__ void atomic_zoo(const int* x, int* o, unsigned* u, unsigned long long* w, float* f, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int v = x[i];
  atomicMin(&o[0], v);
  atomicMax(&o[1], v);
  atomicAnd(&o[2], v | 0xff);
  atomicOr(&o[3], v & 0xf0f);
  atomicXor(&o[4], v);
  atomicSub(&o[5], v & 15);
  atomicInc(&u[0], 1000u);
  atomicDec(&u[1], 777u);
  atomicMax(&u[2], (unsigned)v);
  atomicMin(&u[3], (unsigned)v);
  atomicMin(&w[0], (unsigned long long)(unsigned)v << 20);
  atomicXor(&w[1], (unsigned long long)(unsigned)v << (i & 31));
  atomicAdd(&f[0], 1.0f);
  atomicAdd_block(&o[6], 1);
  atomicAdd_system(&o[7], 2);
}

__device__ float atomic_max(float* address, float v) {
  int* bits = (int*)address;
  int old = *(volatile int*)bits;
  while (v > __int_as_float(old)) {
    int seen = atomicCAS(bits, old, __float_as_int(v));
    if (seen == old) break;
    old = seen;
  }
  return __int_as_float(old);
}

__device__ void atomic_multiply(unsigned long long* address, double factor) {
  unsigned long long old = *(volatile unsigned long long*)address, seen;
  do {
    seen = old;
    old = atomicCAS(address, seen, __double_as_longlong(__longlong_as_double(seen) * factor));
  } while (old != seen);
}

extern "C" __global__ void cas_loops(const float* x, float* most, unsigned long long* product, unsigned short* shorts,
                                     int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  atomic_max(most, x[i]);
  if (i % 50 == 0) atomic_multiply(product, 2.0);
  unsigned short old = *(volatile unsigned short*)&shorts[i & 1], seen;
  do {
    seen = old;
    old = atomicCAS(&shorts[i & 1], seen, (unsigned short)(seen + 3));
  } while (old != seen);
}

extern "C" __global__ void atomic_f64_add(const double* x, double* sum, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(sum, x[i]);
}

// Every thread takes the lock: lanes of one warp contend, so the winner must get its turn to release it.
extern "C" __global__ void spin_lock_per_thread(int* lock, volatile int* guarded, int rounds) {
  for (int r = 0; r < rounds; r++) {
    bool done = false;
    while (!done) {
      if (atomicCAS(lock, 0, 1) == 0) {
        __threadfence();
        guarded[0] = guarded[0] + 1;
        guarded[1] = guarded[1] ^ (threadIdx.x + 1);
        __threadfence();
        atomicExch(lock, 0);
        done = true;
      }
    }
  }
}

// One thread a CTA takes the lock, the CTA works behind it.
extern "C" __global__ void spin_lock_per_block(int* lock, int* sums, int rounds) {
  for (int r = 0; r < rounds; r++) {
    if (threadIdx.x == 0) {
      while (atomicCAS(lock, 0, 1) != 0) __nanosleep(20);
      __threadfence();
    }
    __syncthreads();
    sums[threadIdx.x] += blockIdx.x + 1;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) atomicExch(lock, 0);
  }
}

// Tickets are served in order: the order of entries is the order of tickets.
extern "C" __global__ void ticket_lock(unsigned* tickets, unsigned* serving, volatile unsigned* log,
                                       volatile unsigned* length) {
  if (threadIdx.x != 0) return;
  unsigned mine = atomicAdd(tickets, 1u);
  while (*(volatile unsigned*)serving != mine) {
  }
  __threadfence();
  unsigned at = *length;
  log[at] = mine;
  *length = at + 1;
  __threadfence();
  atomicAdd(serving, 1u);
}

extern "C" __global__ void linked_list_push(int* head, int* next, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) next[i] = atomicExch(head, i);
}

// Integer and bit work: counts, fields, permutes, shifts, curves, checksums, packed arithmetic, generators.
#include <cstdint>

extern "C" __global__ void bits_counts_u32(const uint32_t* x, const uint64_t* w, int* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  uint32_t v = x[i];
  uint64_t q = w[i];
  int* o = y + i * 10;
  o[0] = __popc(v), o[1] = __brev(v), o[2] = __clz(v), o[3] = __ffs(v), o[4] = __popcll(q);
  o[5] = (int)(__brevll(q) >> 32), o[6] = __clzll(q), o[7] = __ffsll(q), o[8] = __fns(v, 0, 3), o[9] = __clz((int)~v);
}

__device__ uint32_t bfe_u32(uint32_t a, uint32_t p, uint32_t n) {
  uint32_t d;
  asm("bfe.u32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(p), "r"(n));
  return d;
}

__device__ int32_t bfe_s32(int32_t a, uint32_t p, uint32_t n) {
  int32_t d;
  asm("bfe.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(p), "r"(n));
  return d;
}

__device__ int64_t bfe_s64(int64_t a, uint32_t p, uint32_t n) {
  int64_t d;
  asm("bfe.s64 %0, %1, %2, %3;" : "=l"(d) : "l"(a), "r"(p), "r"(n));
  return d;
}

__device__ uint32_t bfi_b32(uint32_t a, uint32_t b, uint32_t p, uint32_t n) {
  uint32_t d;
  asm("bfi.b32 %0, %1, %2, %3, %4;" : "=r"(d) : "r"(a), "r"(b), "r"(p), "r"(n));
  return d;
}

__device__ uint32_t find_high(int32_t a) {
  uint32_t d;
  asm("bfind.s32 %0, %1;" : "=r"(d) : "r"(a));
  return d;
}

template <int kTable>
__device__ uint32_t lop3(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t d;
  asm("lop3.b32 %0, %1, %2, %3, %4;" : "=r"(d) : "r"(a), "r"(b), "r"(c), "n"(kTable));
  return d;
}

// Positions and lengths beyond the word too: p and n of 0 to 63.
extern "C" __global__ void bits_fields(const uint32_t* a, const uint32_t* b, const uint32_t* p, const uint32_t* n,
                                       const int64_t* w, uint32_t* y, int64_t* z) {
  int i = threadIdx.x;
  uint32_t* o = y + i * 10;
  o[0] = bfe_u32(a[i], p[i], n[i]);
  o[1] = bfe_s32(a[i], p[i], n[i]);
  o[2] = bfi_b32(a[i], b[i], p[i], n[i]);
  o[3] = __byte_perm(a[i], b[i], p[i] * 0x1357u + n[i] * 0x2468u);
  o[4] = __funnelshift_l(a[i], b[i], p[i]);
  o[5] = __funnelshift_r(a[i], b[i], p[i]);
  o[6] = __funnelshift_lc(a[i], b[i], p[i]);
  o[7] = __funnelshift_rc(a[i], b[i], n[i]);
  o[8] = lop3<0xCA>(a[i], b[i], p[i] * n[i]) + lop3<0x96>(a[i], b[i], n[i]) + lop3<0xE8>(a[i], b[i], ~a[i] >> 3);
  o[9] = find_high((int32_t)a[i]);
  z[i] = bfe_s64(w[i], p[i], n[i]);
}

__device__ uint32_t spread(uint32_t v) {
  v &= 0x3ff;
  v = (v | v << 16) & 0x030000ff;
  v = (v | v << 8) & 0x0300f00f;
  v = (v | v << 4) & 0x030c30c3;
  return (v | v << 2) & 0x09249249;
}

extern "C" __global__ void bits_morton_3d(const uint16_t* xyz, uint32_t* codes, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) codes[i] = spread(xyz[3 * i]) | spread(xyz[3 * i + 1]) << 1 | spread(xyz[3 * i + 2]) << 2;
}

extern "C" __global__ void bits_crc32(const uint8_t* x, uint32_t* y, int length) {
  __shared__ uint32_t table[256];
  uint32_t entry = threadIdx.x;
  for (int k = 0; k < 8; k++) entry = entry & 1 ? entry >> 1 ^ 0xedb88320u : entry >> 1;
  table[threadIdx.x] = entry;
  __syncthreads();
  uint32_t crc = ~0u;
  const uint8_t* mine = x + threadIdx.x * length;
  for (int i = 0; i < length; i++) crc = crc >> 8 ^ table[(crc ^ mine[i]) & 0xff];
  y[threadIdx.x] = ~crc;
}

extern "C" __global__ void bits_packed(const uint32_t* a, const uint32_t* b, int* y) {
  int i = threadIdx.x;
  int* o = y + i * 12;
  o[0] = __vadd4(a[i], b[i]), o[1] = __vsub2(a[i], b[i]), o[2] = __vmaxu4(a[i], b[i]), o[3] = __vabsdiffu4(a[i], b[i]);
  o[4] = __vcmpgts4(a[i], b[i]), o[5] = __vaddus4(a[i], b[i]), o[6] = __vavgu4(a[i], b[i]), o[7] = __vmins2(a[i], b[i]);
  o[8] = __dp4a((int)a[i], (int)b[i], 17), o[9] = __dp4a(a[i], b[i], 5u);
  o[10] = __dp2a_lo((int)a[i], (int)b[i], -3), o[11] = __sad((int)a[i], (int)b[i], 9u);
}

// Philox-4x32-10: wide multiplications and counters.
extern "C" __global__ void bits_philox(uint4* y, uint32_t seed, uint64_t offset) {
  uint32_t id = blockIdx.x * blockDim.x + threadIdx.x;
  uint4 c = make_uint4((uint32_t)offset, (uint32_t)(offset >> 32), id, 0);
  uint2 k = make_uint2(seed, ~seed);
#pragma unroll 2
  for (int r = 0; r < 10; r++) {
    uint32_t high0 = __umulhi(0xD2511F53u, c.x), low0 = 0xD2511F53u * c.x;
    uint32_t high1 = __umulhi(0xCD9E8D57u, c.z), low1 = 0xCD9E8D57u * c.z;
    c = make_uint4(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0);
    k.x += 0x9E3779B9u, k.y += 0xBB67AE85u;
  }
  y[id] = c;
}

extern "C" __global__ void integer_division(const int64_t* a, const int64_t* b, int64_t* y, const int32_t* c,
                                            const int32_t* d, int32_t* z) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int64_t* o = y + i * 6;
  uint64_t ua = (uint64_t)a[i], ub = (uint64_t)b[i];
  o[0] = a[i] / b[i], o[1] = a[i] % b[i], o[2] = (int64_t)(ua / ub), o[3] = (int64_t)(ua % ub);
  o[4] = __mul64hi(a[i], b[i]), o[5] = (int64_t)__umul64hi(ua, ub);
  int32_t* p = z + i * 8;
  p[0] = c[i] / d[i], p[1] = c[i] % d[i], p[2] = (uint32_t)c[i] / (uint32_t)d[i], p[3] = c[i] / 10;
  p[4] = c[i] % 7, p[5] = __mulhi(c[i], d[i]), p[6] = __mul24(c[i], d[i]), p[7] = __hadd(c[i], d[i]);
}

// Sums of 128 bits by carries, products of 64 x 64 bits.
extern "C" __global__ void wide_integers(const uint64_t* a, const uint64_t* b, uint64_t* y) {
  int i = threadIdx.x;
  unsigned __int128 x = (unsigned __int128)a[2 * i + 1] << 64 | a[2 * i];
  unsigned __int128 z = (unsigned __int128)b[2 * i + 1] << 64 | b[2 * i];
  unsigned __int128 sum = x + z, product = x * z, difference = x - z;
  unsigned __int128 shifted = sum >> (i & 127) ^ product << (i % 61);
  uint64_t* o = y + i * 8;
  o[0] = (uint64_t)sum, o[1] = (uint64_t)(sum >> 64), o[2] = (uint64_t)product, o[3] = (uint64_t)(product >> 64);
  o[4] = (uint64_t)difference, o[5] = (uint64_t)(difference >> 64), o[6] = (uint64_t)shifted,
  o[7] = (uint64_t)(shifted >> 64);
}

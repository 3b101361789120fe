// Matrix products on tensor cores: mma.sync of every type that sm_80 has, ldmatrix, and the wmma interface.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>
#include <cstdint>

__device__ __forceinline__ unsigned shared_address(const void* p) { return (unsigned)__cvta_generic_to_shared(p); }
__device__ __forceinline__ void ldmatrix_x4(uint32_t* r, const void* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(p))
               : "memory");
}
__device__ __forceinline__ void ldmatrix_x2_trans(uint32_t* r, const void* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(p))
               : "memory");
}
__device__ __forceinline__ void ldmatrix_x1(uint32_t* r, const void* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(r[0]) : "r"(shared_address(p)) : "memory");
}
__device__ __forceinline__ void mma_bf16(float* d, const uint32_t* a, const uint32_t* b) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// a[m, k], b[k, n], 32 x 32 a CTA of 4 warps, k in steps of 32 through two stages of cp.async, swizzled.
extern "C" __global__ void mma_gemm_bf16(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c, int n, int k) {
  __shared__ __align__(128) __nv_bfloat16 as[2][32 * 32], bs[2][32 * 32];
  int t = threadIdx.x, warp = t >> 5, lane = t & 31;
  int row = t >> 2, chunk = t & 3;
  auto swizzle = [](int r, int ch) { return r * 32 + ((ch ^ ((r >> 1) & 3)) << 3); };
  auto load = [&](int stage, int from) {
    const void* pa = a + (blockIdx.y * 32 + row) * k + from + chunk * 8;
    const void* pb = b + (from + row) * n + blockIdx.x * 32 + chunk * 8;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(&as[stage][swizzle(row, chunk)])),
                 "l"(pa)
                 : "memory");
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(&bs[stage][swizzle(row, chunk)])),
                 "l"(pb)
                 : "memory");
    asm volatile("cp.async.commit_group;" ::: "memory");
  };
  float acc[2][4] = {};
  int wr = (warp >> 1) * 16, wc = (warp & 1) * 16;
  load(0, 0);
  for (int from = 0, stage = 0; from < k; from += 32, stage ^= 1) {
    asm volatile("cp.async.wait_group 0;" ::: "memory");
    __syncthreads();
    if (from + 32 < k) load(stage ^ 1, from + 32);
    for (int kk = 0; kk < 2; kk++) {
      uint32_t fa[4];
      int r = wr + (lane & 15);
      ldmatrix_x4(fa, &as[stage][swizzle(r, kk * 2 + (lane >> 4))]);
      for (int j = 0; j < 2; j++) {
        uint32_t fb[2];
        ldmatrix_x2_trans(fb, &bs[stage][swizzle(kk * 16 + (lane & 15), (wc >> 3) + j)]);
        mma_bf16(acc[j], fa, fb);
      }
    }
  }
  for (int j = 0; j < 2; j++) {
    for (int h = 0; h < 2; h++) {
      int r = blockIdx.y * 32 + wr + h * 8 + (lane >> 2), col = blockIdx.x * 32 + wc + j * 8 + (lane & 3) * 2;
      *(float2*)(c + r * n + col) = make_float2(acc[j][h * 2], acc[j][h * 2 + 1]);
    }
  }
}

// One 16 x 8 tile a warp, b given as [n, k]; fragments straight from global memory, all of k in halves.
extern "C" __global__ void mma_gemm_f16(const __half* a, const __half* b, float* c, __half* c16, int n, int k) {
  int lane = threadIdx.x, g = lane >> 2, q = lane & 3;
  float acc[4] = {};
  uint32_t acc16[2] = {};
  for (int from = 0; from < k; from += 16) {
    const __half* pa = a + (blockIdx.y * 16 + g) * k + from + q * 2;
    const __half* pb = b + (blockIdx.x * 8 + g) * k + from + q * 2;
    uint32_t fa[4] = {*(uint32_t*)pa, *(uint32_t*)(pa + 8 * k), *(uint32_t*)(pa + 8), *(uint32_t*)(pa + 8 * k + 8)};
    uint32_t fb[2] = {*(uint32_t*)pb, *(uint32_t*)(pb + 8)};
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(acc[0]), "+f"(acc[1]), "+f"(acc[2]), "+f"(acc[3])
        : "r"(fa[0]), "r"(fa[1]), "r"(fa[2]), "r"(fa[3]), "r"(fb[0]), "r"(fb[1]));
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0,%1}, {%2,%3,%4,%5}, {%6,%7}, {%0,%1};"
                 : "+r"(acc16[0]), "+r"(acc16[1])
                 : "r"(fa[0]), "r"(fa[1]), "r"(fa[2]), "r"(fa[3]), "r"(fb[0]), "r"(fb[1]));
  }
  for (int h = 0; h < 2; h++) {
    int at = (blockIdx.y * 16 + g + h * 8) * n + blockIdx.x * 8 + q * 2;
    c[at] = acc[h * 2], c[at + 1] = acc[h * 2 + 1];
    *(uint32_t*)(c16 + at) = acc16[h];
  }
}

// m16n8k8 of bf16, m16n8k8 of tf32 and m8n8k4 of doubles, on one tile each.
extern "C" __global__ void mma_shapes(const float* a, const float* b, float* c, const double* da, const double* db,
                                      double* dc, float* c16) {
  int lane = threadIdx.x, g = lane >> 2, q = lane & 3;
  uint32_t fa[4], fb[2];
  for (int k = 0; k < 4; k++) {
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(fa[k]) : "f"(a[(g + (k & 1) * 8) * 8 + q + (k >> 1) * 4]));
  }
  for (int k = 0; k < 2; k++) asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(fb[k]) : "f"(b[(q + k * 4) * 8 + g]));
  float d[4] = {};
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(fa[0]), "r"(fa[1]), "r"(fa[2]), "r"(fa[3]), "r"(fb[0]), "r"(fb[1]));
  for (int k = 0; k < 4; k++) c[(g + (k >> 1) * 8) * 8 + q * 2 + (k & 1)] = d[k];
  double e0 = 0.0, e1 = 0.0;
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%0,%1};"
               : "+d"(e0), "+d"(e1)
               : "d"(da[g * 4 + q]), "d"(db[q * 8 + g]));
  dc[g * 8 + q * 2] = e0, dc[g * 8 + q * 2 + 1] = e1;
  __nv_bfloat162 ha[2], hb;
  for (int h = 0; h < 2; h++) ha[h] = __floats2bfloat162_rn(a[(g + h * 8) * 8 + q * 2], a[(g + h * 8) * 8 + q * 2 + 1]);
  hb = __floats2bfloat162_rn(b[(q * 2) * 8 + g], b[(q * 2 + 1) * 8 + g]);
  float f[4] = {1.0f, 2.0f, 3.0f, 4.0f};
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
               : "+f"(f[0]), "+f"(f[1]), "+f"(f[2]), "+f"(f[3])
               : "r"(*(uint32_t*)&ha[0]), "r"(*(uint32_t*)&ha[1]), "r"(*(uint32_t*)&hb));
  for (int k = 0; k < 4; k++) c16[(g + (k >> 1) * 8) * 8 + q * 2 + (k & 1)] = f[k];
}

// a[16, k] and b[n, k] of bytes, sums in 32 bits.
extern "C" __global__ void mma_gemm_s8(const int8_t* a, const int8_t* b, int* c, int n, int k) {
  __shared__ __align__(16) int8_t tile[16 * 32];
  int lane = threadIdx.x, g = lane >> 2, q = lane & 3;
  int acc[4] = {};
  for (int from = 0; from < k; from += 32) {
    *(int4*)&tile[lane * 16] = *(const int4*)(a + (lane >> 1) * k + from + (lane & 1) * 16);
    __syncwarp();
    uint32_t fa[4];
    ldmatrix_x4(fa, &tile[(lane & 15) * 32 + (lane >> 4) * 16]);
    const int8_t* pb = b + (blockIdx.x * 8 + g) * k + from + q * 4;
    uint32_t fb[2] = {*(const uint32_t*)pb, *(const uint32_t*)(pb + 16)};
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+r"(acc[0]), "+r"(acc[1]), "+r"(acc[2]), "+r"(acc[3])
                 : "r"(fa[0]), "r"(fa[1]), "r"(fa[2]), "r"(fa[3]), "r"(fb[0]), "r"(fb[1]));
    __syncwarp();
  }
  for (int v = 0; v < 4; v++) c[(g + (v >> 1) * 8) * n + blockIdx.x * 8 + q * 2 + (v & 1)] = acc[v];
}

// The wmma interface: a[m, k] by rows, b[k, n] by rows, c[m, n] added to and stored.
extern "C" __global__ void wmma_gemm_f16(const __half* a, const __half* b, const float* c, float* d, int n, int k) {
  using namespace nvcuda::wmma;
  fragment<matrix_a, 16, 16, 16, __half, row_major> fa;
  fragment<matrix_b, 16, 16, 16, __half, row_major> fb;
  fragment<accumulator, 16, 16, 16, float> acc;
  int row = blockIdx.y * 16, col = blockIdx.x * 16;
  load_matrix_sync(acc, c + row * n + col, n, mem_row_major);
  for (int from = 0; from < k; from += 16) {
    load_matrix_sync(fa, a + row * k + from, k);
    load_matrix_sync(fb, b + from * n + col, n);
    mma_sync(acc, fa, fb, acc);
  }
  for (int i = 0; i < acc.num_elements; i++) acc.x[i] *= 2.0f;
  store_matrix_sync(d + row * n + col, acc, n, mem_row_major);
}

// b by columns, through shared memory, bf16.
extern "C" __global__ void wmma_gemm_bf16(const __nv_bfloat16* a, const __nv_bfloat16* b, float* d, int n, int k) {
  using namespace nvcuda::wmma;
  __shared__ __align__(32) __nv_bfloat16 as[16 * 24];
  __shared__ __align__(32) float out[16 * 20];
  fragment<matrix_a, 16, 16, 16, __nv_bfloat16, row_major> fa;
  fragment<matrix_b, 16, 16, 16, __nv_bfloat16, col_major> fb;
  fragment<accumulator, 16, 16, 16, float> acc;
  fill_fragment(acc, 0.0f);
  int col = blockIdx.x * 16, lane = threadIdx.x;
  for (int from = 0; from < k; from += 16) {
    for (int i = lane; i < 256; i += 32) as[(i >> 4) * 24 + (i & 15)] = a[(i >> 4) * k + from + (i & 15)];
    __syncwarp();
    load_matrix_sync(fa, as, 24);
    load_matrix_sync(fb, b + col * k + from, k);
    mma_sync(acc, fa, fb, acc);
    __syncwarp();
  }
  store_matrix_sync(out, acc, 20, mem_row_major);
  __syncwarp();
  for (int i = lane; i < 256; i += 32) d[(i >> 4) * n + col + (i & 15)] = out[(i >> 4) * 20 + (i & 15)];
}

// ldmatrix of one, two and four matrices, turned and not, as data movement.
extern "C" __global__ void ldmatrix_layouts(const uint4* x, uint32_t* y) {
  __shared__ uint4 rows[32];
  rows[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  uint32_t r[7];
  ldmatrix_x1(r, &rows[threadIdx.x & 7]);
  ldmatrix_x2_trans(r + 1, &rows[8 + (threadIdx.x & 15)]);
  ldmatrix_x4(r + 3, &rows[31 - threadIdx.x]);
  for (int k = 0; k < 7; k++) y[threadIdx.x * 7 + k] = r[k];
}

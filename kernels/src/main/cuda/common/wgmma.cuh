// Tensor-core instructions of a warpgroup: four neighbouring warps, the first of which has an index divisible by four.
#pragma once

#include <cstdint>

// Where a matrix of 16-bit elements lies in shared memory: rows of 128 bytes along k, in eight chunks of 16 that are
// swizzled by the row, from a multiple of 1,024 bytes on. 16 elements further along k are two units further.
__device__ __forceinline__ uint64_t swizzled_matrix(uint32_t shared) {
    constexpr uint64_t kEightRows = 1024 >> 4;
    constexpr uint64_t kSwizzle128 = 1;
    return (shared >> 4 & 0x3FFF) | kEightRows << 32 | kSwizzle128 << 62;
}

__device__ __forceinline__ void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

__device__ __forceinline__ void wgmma_commit_group() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Returns when all but the kPending newest groups are done.
template <int kPending>
__device__ __forceinline__ void wgmma_wait_group() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

// Each warp of the warpgroup gives registers back, or waits for more.
template <int kRegisters>
__device__ __forceinline__ void setmaxnreg_dec() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

template <int kRegisters>
__device__ __forceinline__ void setmaxnreg_inc() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

// Four 8 x 8 matrices of 16-bit values, each transposed: lane l gives values of row l / 4, columns 2 (l % 4) and
// 2 (l % 4) + 1 of each, and lanes 8i to 8i + 7 the addresses of the columns of matrix i.
__device__ __forceinline__ void stmatrix_x4_trans(uint32_t shared, const uint32_t (&matrices)[4]) {
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(shared),
                 "r"(matrices[0]), "r"(matrices[1]), "r"(matrices[2]), "r"(matrices[3])
                 : "memory");
}

// d[64, kColumns] += a[64, 16] b[kColumns, 16]ᵀ, both in shared memory. Warp w of the warpgroup has rows 16 w to
// 16 w + 15. Of the i-th eight columns lane l has in d[4 i] and d[4 i + 1] columns 2 (l % 4) and the next of row l / 4,
// then those of row l / 4 + 8; d begins at kFirst.
template <int kColumns>
struct Wgmma;

// The registers of 16 columns each, as operands and as their numbers.
#define WGMMA_SUMS(i)                                                                               \
    "+f"(d[kFirst + i]), "+f"(d[kFirst + i + 1]), "+f"(d[kFirst + i + 2]), "+f"(d[kFirst + i + 3]), \
        "+f"(d[kFirst + i + 4]), "+f"(d[kFirst + i + 5]), "+f"(d[kFirst + i + 6]), "+f"(d[kFirst + i + 7])
#define WGMMA_SUMS_16 WGMMA_SUMS(0)
#define WGMMA_SUMS_32 WGMMA_SUMS_16, WGMMA_SUMS(8)
#define WGMMA_SUMS_48 WGMMA_SUMS_32, WGMMA_SUMS(16)
#define WGMMA_SUMS_64 WGMMA_SUMS_48, WGMMA_SUMS(24)
#define WGMMA_SUMS_80 WGMMA_SUMS_64, WGMMA_SUMS(32)
#define WGMMA_SUMS_96 WGMMA_SUMS_80, WGMMA_SUMS(40)
#define WGMMA_SUMS_112 WGMMA_SUMS_96, WGMMA_SUMS(48)
#define WGMMA_SUMS_128 WGMMA_SUMS_112, WGMMA_SUMS(56)
#define WGMMA_SUMS_144 WGMMA_SUMS_128, WGMMA_SUMS(64)
#define WGMMA_SUMS_160 WGMMA_SUMS_144, WGMMA_SUMS(72)
#define WGMMA_SUMS_176 WGMMA_SUMS_160, WGMMA_SUMS(80)
#define WGMMA_SUMS_192 WGMMA_SUMS_176, WGMMA_SUMS(88)
#define WGMMA_SUMS_208 WGMMA_SUMS_192, WGMMA_SUMS(96)
#define WGMMA_SUMS_224 WGMMA_SUMS_208, WGMMA_SUMS(104)
#define WGMMA_SUMS_240 WGMMA_SUMS_224, WGMMA_SUMS(112)
#define WGMMA_SUMS_256 WGMMA_SUMS_240, WGMMA_SUMS(120)
#define WGMMA_NUMBERS_16 "%0, %1, %2, %3, %4, %5, %6, %7"
#define WGMMA_NUMBERS_32 WGMMA_NUMBERS_16 ", %8, %9, %10, %11, %12, %13, %14, %15"
#define WGMMA_NUMBERS_48 WGMMA_NUMBERS_32 ", %16, %17, %18, %19, %20, %21, %22, %23"
#define WGMMA_NUMBERS_64 WGMMA_NUMBERS_48 ", %24, %25, %26, %27, %28, %29, %30, %31"
#define WGMMA_NUMBERS_80 WGMMA_NUMBERS_64 ", %32, %33, %34, %35, %36, %37, %38, %39"
#define WGMMA_NUMBERS_96 WGMMA_NUMBERS_80 ", %40, %41, %42, %43, %44, %45, %46, %47"
#define WGMMA_NUMBERS_112 WGMMA_NUMBERS_96 ", %48, %49, %50, %51, %52, %53, %54, %55"
#define WGMMA_NUMBERS_128 WGMMA_NUMBERS_112 ", %56, %57, %58, %59, %60, %61, %62, %63"
#define WGMMA_NUMBERS_144 WGMMA_NUMBERS_128 ", %64, %65, %66, %67, %68, %69, %70, %71"
#define WGMMA_NUMBERS_160 WGMMA_NUMBERS_144 ", %72, %73, %74, %75, %76, %77, %78, %79"
#define WGMMA_NUMBERS_176 WGMMA_NUMBERS_160 ", %80, %81, %82, %83, %84, %85, %86, %87"
#define WGMMA_NUMBERS_192 WGMMA_NUMBERS_176 ", %88, %89, %90, %91, %92, %93, %94, %95"
#define WGMMA_NUMBERS_208 WGMMA_NUMBERS_192 ", %96, %97, %98, %99, %100, %101, %102, %103"
#define WGMMA_NUMBERS_224 WGMMA_NUMBERS_208 ", %104, %105, %106, %107, %108, %109, %110, %111"
#define WGMMA_NUMBERS_240 WGMMA_NUMBERS_224 ", %112, %113, %114, %115, %116, %117, %118, %119"
#define WGMMA_NUMBERS_256 WGMMA_NUMBERS_240 ", %120, %121, %122, %123, %124, %125, %126, %127"
#define WGMMA_SUMS_8 "+f"(d[kFirst]), "+f"(d[kFirst + 1]), "+f"(d[kFirst + 2]), "+f"(d[kFirst + 3])
#define WGMMA_NUMBERS_8 "%0, %1, %2, %3"

#define WGMMA(COLUMNS, A, B)                                                                                        \
    template <>                                                                                                     \
    struct Wgmma<COLUMNS> {                                                                                         \
        template <int kFirst = 0, int kSums>                                                                        \
        static __device__ __forceinline__ void add(float (&d)[kSums], uint64_t a, uint64_t b) {                     \
            static_assert(kSums >= kFirst + COLUMNS / 2, "a thread has a 128th of the sums");                       \
            asm volatile("wgmma.mma_async.sync.aligned.m64n" #COLUMNS "k16.f32.bf16.bf16 {" WGMMA_NUMBERS_##COLUMNS \
                         "}, %" #A ", %" #B ", 1, 1, 1, 0, 0;"                                                      \
                         : WGMMA_SUMS_##COLUMNS                                                                     \
                         : "l"(a), "l"(b));                                                                         \
        }                                                                                                           \
    };

WGMMA(8, 4, 5)
WGMMA(16, 8, 9)
WGMMA(32, 16, 17)
WGMMA(48, 24, 25)
WGMMA(64, 32, 33)
WGMMA(80, 40, 41)
WGMMA(96, 48, 49)
WGMMA(112, 56, 57)
WGMMA(128, 64, 65)
WGMMA(144, 72, 73)
WGMMA(160, 80, 81)
WGMMA(176, 88, 89)
WGMMA(192, 96, 97)
WGMMA(208, 104, 105)
WGMMA(224, 112, 113)
WGMMA(240, 120, 121)
WGMMA(256, 128, 129)

#undef WGMMA

// d[64, 64] += a[64, 16] b[16, 64], or without what was in d: a in registers, of each warp's 16 rows as m16n8k16 has
// them; b in shared memory as its 64 columns along k or, if it is transposed, as its rows, of which eight are 1,024
// bytes.
template <bool kIsAdding, bool kIsTransposed>
__device__ __forceinline__ void wgmma_m64n64k16(float (&d)[32], const uint32_t (&a)[4], uint64_t b) {
    constexpr int kFirst = 0;
    asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" WGMMA_NUMBERS_64
                 "}, {%32, %33, %34, %35}, %36, %37, 1, 1, %38;"
                 : WGMMA_SUMS_64
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "n"(kIsAdding ? 1 : 0),
                   "n"(kIsTransposed ? 1 : 0));
}

// Barriers for a part of a block's threads. Number 0 is __syncthreads'.
#pragma once

template <int kBarrier, int kThreads>
__device__ __forceinline__ void bar_sync() {
    asm volatile("bar.sync %0, %1;" ::"n"(kBarrier), "n"(kThreads) : "memory");
}

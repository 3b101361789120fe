// How blocks of a launch tell each other that something is in memory. Who tells has waited for its own threads.
#pragma once

// What this thread knows to be written is there for whoever reads the result.
__device__ __forceinline__ int add_release(int* address, int value) {
    __threadfence();
    return atomicAdd(address, value);
}

// What was written before the value that this reads is there for this thread.
__device__ __forceinline__ int load_acquire(const int* address) {
    int value;
    asm volatile("ld.acquire.gpu.global.s32 %0, [%1];" : "=r"(value) : "l"(address) : "memory");
    return value;
}

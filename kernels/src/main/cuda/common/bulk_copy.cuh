// Copies of whole ranges by the copy engine, and what it and the tensor cores need to see of shared memory.
#pragma once

#include <cstdint>

// Lines that are read once and then make room.
__device__ __forceinline__ uint64_t evict_first_policy() {
    uint64_t policy;
    asm volatile("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
    return policy;
}

// Lines that stay as long as there are others to drop.
__device__ __forceinline__ uint64_t evict_last_policy() {
    uint64_t policy;
    asm volatile("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(policy));
    return policy;
}

// A multiple of 16 bytes from global to shared memory, which the barrier counts when they are there.
__device__ __forceinline__ void cp_async_bulk(
    uint32_t shared, const void* global, uint32_t num_bytes, uint32_t barrier, uint64_t policy) {
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1], %2, [%3], "
        "%4;" ::"r"(shared),
        "l"(global), "r"(num_bytes), "r"(barrier), "l"(policy)
        : "memory");
}

// A multiple of 16 bytes from memory to the L2 cache, whenever there is time.
__device__ __forceinline__ void prefetch_bulk(const void* global, uint32_t num_bytes) {
    asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(global), "r"(num_bytes) : "memory");
}

// 16 bytes, past L1; where is_there is false nothing is read and the bytes become zero.
__device__ __forceinline__ void cp_async_16(uint32_t shared, const void* global, bool is_there, uint64_t policy) {
    const int source_bytes = is_there ? 16 : 0;
    asm volatile("cp.async.cg.shared.global.L2::cache_hint [%0], [%1], 16, %2, %3;" ::"r"(shared), "l"(global),
                 "r"(source_bytes), "l"(policy)
                 : "memory");
}

// What this thread's copies and stores left in shared memory comes before what engines do after a barrier.
__device__ __forceinline__ void fence_proxy_async() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// 16 bytes of zeros to shared memory.
__device__ __forceinline__ void st_shared_zeros_16(uint32_t shared) {
    asm volatile("st.shared.v4.b32 [%0], {%1, %1, %1, %1};" ::"r"(shared), "r"(0) : "memory");
}

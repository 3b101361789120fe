// Eight warps of a block that have a token each: all of the block, or the last ones where others have left.
#pragma once

#include "named_barrier.cuh"
#include "warp.cuh"

constexpr int kTokenWarps = 8;
constexpr int kTokenThreads = kTokenWarps * kWarpSize;

// Waits until all of them are here.
__device__ __forceinline__ void sync_tokens() { bar_sync<4, kTokenThreads>(); }

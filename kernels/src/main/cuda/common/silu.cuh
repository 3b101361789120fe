// The activation of gated layers.
#pragma once

// silu(gate) * up, in float32.
__device__ __forceinline__ float silu_and_mul(float gate, float up) {
    return __fdividef(gate, 1.0f + __expf(-gate)) * up;
}

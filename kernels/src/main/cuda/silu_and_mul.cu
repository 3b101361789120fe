// Computes: out = bf16(gate / (1 + e^-gate) * up), both halves in float32 until the one rounding.
// Shapes:   out [rows, width]; gate_up [rows, 2 width], gate first; width a multiple of 8.
// Launch:   grid (rows, ceil(width / (128 * 16 / input bytes))), block 128; a thread reads 16 bytes of each half.
// Bound:    memory: rows * width * (2 inputs * 2 or 4 bytes + 2 bytes), each byte once.
// Twin:     CpuOps.siluAndMul: rounds once; its e^x is within 2 ulp, this one's within 2 + |x| / 2.
#include "common/bf16.cuh"

constexpr int kThreads = 128;

__device__ __forceinline__ void load_floats(float (&values)[8], const bf16* address) {
    unpack(load_vector(address), values);
}

__device__ __forceinline__ void load_floats(float (&values)[4], const float* address) {
    const float4 four = *reinterpret_cast<const float4*>(address);
    values[0] = four.x;
    values[1] = four.y;
    values[2] = four.z;
    values[3] = four.w;
}

__device__ __forceinline__ void store_floats(bf16* address, const float (&values)[8]) {
    store_vector(address, pack(values));
}

__device__ __forceinline__ void store_floats(bf16* address, const float (&values)[4]) {
    *reinterpret_cast<uint2*>(address) =
        make_uint2(cvt_rn_bf16x2_f32(values[1], values[0]), cvt_rn_bf16x2_f32(values[3], values[2]));
}

template <typename T>
__device__ __forceinline__ void silu_and_mul(bf16* __restrict__ out, const T* __restrict__ gate_up, int width) {
    // 16 bytes a lane of either input type: a warp's loads fill whole sectors.
    constexpr int kOutputs = 16 / sizeof(T);
    const int column = (blockIdx.y * kThreads + threadIdx.x) * kOutputs;
    if (column >= width) {
        return;
    }
    const size_t row_idx = blockIdx.x;
    const T* gate_address = gate_up + row_idx * 2 * width + column;
    float gate[kOutputs];
    float up[kOutputs];
    load_floats(gate, gate_address);
    load_floats(up, gate_address + width);
#pragma unroll
    for (int i = 0; i < kOutputs; i++) {
        up[i] *= __fdividef(gate[i], 1.0f + __expf(-gate[i]));
    }
    store_floats(out + row_idx * width + column, up);
}

extern "C" __global__ void __launch_bounds__(kThreads) silu_and_mul_bf16(
    bf16* __restrict__ out,            // [rows, width]
    const bf16* __restrict__ gate_up,  // [rows, 2 width]
    int width) {
    silu_and_mul(out, gate_up, width);
}

extern "C" __global__ void __launch_bounds__(kThreads) silu_and_mul_f32(
    bf16* __restrict__ out,             // [rows, width]
    const float* __restrict__ gate_up,  // [rows, 2 width]
    int width) {
    silu_and_mul(out, gate_up, width);
}

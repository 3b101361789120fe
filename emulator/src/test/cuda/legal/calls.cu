// Functions that are called: kept out of line, recursive, through tables; constants, globals, structs in and out.
#include <cstdint>

struct Vec {
  float x, y, z;
};

__device__ __noinline__ Vec cross(Vec a, const Vec& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

__device__ __noinline__ void accumulate(Vec* sum, Vec v, int times) {
  for (int k = 0; k < times; k++) sum->x += v.x, sum->y += v.y, sum->z += v.z;
}

extern "C" __global__ void call_structs(const Vec* a, const Vec* b, Vec* y) {
  int i = threadIdx.x;
  Vec sum = {0, 0, 0}, other = b[i];
  accumulate(&sum, cross(a[i], other), i % 4);
  y[i] = sum;
}

__device__ __noinline__ int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

__device__ __noinline__ void hanoi(int n, int from, int to, uint64_t* trace) {
  if (n == 0) return;
  int other = 3 - from - to;
  hanoi(n - 1, from, other, trace);
  *trace = *trace * 6364136223846793005ull + n * 9 + from * 3 + to;
  hanoi(n - 1, other, to, trace);
}

extern "C" __global__ void call_recursive(int* y, uint64_t* z) {
  int t = threadIdx.x;
  y[t] = ackermann(t & 1, t % 6) + ackermann(2, t % 3);
  uint64_t trace = t;
  hanoi(2 + t % 5, 0, 2, &trace);
  z[t] = trace;
}

typedef float (*Operation)(float, float);

__device__ __noinline__ float add(float a, float b) { return a + b; }
__device__ __noinline__ float subtract(float a, float b) { return a - b; }
__device__ __noinline__ float multiply(float a, float b) { return a * b; }
__device__ __noinline__ float hypotenuse(float a, float b) { return sqrtf(a * a + b * b); }
__device__ Operation operations[4] = {add, subtract, multiply, hypotenuse};

// A table of pointers, called by divergent lanes.
extern "C" __global__ void call_pointers(const float* a, const float* b, const int* op, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = operations[op[i] & 3](a[i], b[i]);
}

struct Shape {
  __device__ virtual float area() const = 0;
  float size;
};
struct Square : Shape {
  __device__ __noinline__ float area() const override { return size * size; }
};
struct Disc : Shape {
  __device__ __noinline__ float area() const override { return 3.0f * size * size; }
};

extern "C" __global__ void call_virtual(const float* sizes, float* y) {
  Square square;
  Disc disc;
  square.size = sizes[threadIdx.x];
  disc.size = sizes[threadIdx.x] + 1.0f;
  Shape* shape = threadIdx.x % 3 ? (Shape*)&square : (Shape*)&disc;
  y[threadIdx.x] = shape->area();
}

__constant__ float kTaps[9] = {0.0625f, 0.125f, 0.0625f, 0.125f, 0.25f, 0.125f, 0.0625f, 0.125f, 0.0625f};
__constant__ int8_t kZigzag[16] = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};
__device__ int steps_done;
__device__ double scales[4] = {1.0, 0.5, 0.25, 0.125};

extern "C" __global__ void table_convolve_f32(const float* x, float* y, int width, int height) {
  int c = blockIdx.x * blockDim.x + threadIdx.x, r = blockIdx.y * blockDim.y + threadIdx.y;
  if (c >= width || r >= height) return;
  float sum = 0.0f;
  for (int dy = -1; dy <= 1; dy++) {
    for (int dx = -1; dx <= 1; dx++) {
      int px = min(max(c + dx, 0), width - 1), py = min(max(r + dy, 0), height - 1);
      sum += kTaps[(dy + 1) * 3 + dx + 1] * x[py * width + px];
    }
  }
  y[r * width + c] = sum;
}

extern "C" __global__ void table_zigzag(const int* x, double* y, int* count) {
  int block = threadIdx.x / 16, k = threadIdx.x % 16;
  y[threadIdx.x] = x[block * 16 + kZigzag[k]] * scales[block & 3];
  atomicAdd(&steps_done, 1);
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) *count = *(volatile int*)&steps_done;
}

// Computes: log softmax of raw logits at a row's token, the token's rank, and its most likely tokens.
// Shapes:   logits [rows, vocab] float32; tokens, targets, num_tops, slots [rows]; parts [rows, tiles]; results [rows].
// Launch:   scan: grid (tiles of 4096 tokens, rows), block 256; merge: grid rows, block 32; static shared memory.
// Bound:    memory: each logit of a row that asks for it once; other rows read nothing.
// Twin:     Logprobs.add: the same bits, in double precision and integer sums by tiles.
#include "common/block_reduce.cuh"

constexpr int kMaxTop = 20;
constexpr int kTileThreadVectors = kTileTokens / 4 / kThreads;
constexpr int kThreadTokens = kTileTokens / kThreads;

// What the scan finds in a tile.
struct alignas(64) LogprobPart {
    float max;
    int octave;  // of the largest logit
    uint64_t mass;
    int num_in_front;  // of the token
    int num_top;
    float top_logits[kMaxTop];  // falling, ties by rising id
    int top_ids[kMaxTop];
};

struct LogprobResult {
    float logprob;
    int rank;
    int num_top;  // negative where nothing was asked for; then nothing else is written
    int padding;
    int top_ids[kMaxTop];
    float top_logprobs[kMaxTop];
};

static_assert(sizeof(LogprobPart) == 192 && sizeof(LogprobResult) == 176, "LogprobsKernel has these sizes");

// What a row asks for; no token: nothing.
struct Request {
    int token_id;
    int num_top;
};

constexpr int kNothing = -1;

__device__ __forceinline__ Request request_of(
    const int* tokens, const int* targets, const int* num_tops, const int* row_slots, const Slot* slots, int row_idx) {
    const int target = load_uniform(targets + row_idx);
    if (target >= 0) {
        return {target, load_uniform(num_tops + row_idx)};
    }
    const int slot_idx = load_uniform(row_slots + row_idx);
    const int num_top = slot_idx < 0 ? kNothing : load_uniform(&slots[slot_idx].header.num_logprobs);
    return {num_top < 0 ? kNothing : load_uniform(tokens + row_idx), num_top};
}

// A thread's tokens of a tile: four neighbours, every 1024.
struct ThreadLogits {
    float values[kThreadTokens];
    int first;

    __device__ __forceinline__ int token_id(int i) const { return first + i / 4 * 4 * kThreads + i % 4; }
};

__device__ __forceinline__ ThreadLogits load_logits(const float* logits, int vocab, int num_valid) {
    ThreadLogits own;
    own.first = static_cast<int>(blockIdx.x) * kTileTokens + static_cast<int>(threadIdx.x) * 4;
    const bool has_vectors = vocab % 4 == 0;
#pragma unroll
    for (int v = 0; v < kTileThreadVectors; v++) {
        const int token_id = own.token_id(4 * v);
        float4 loaded = make_float4(0, 0, 0, 0);
        if (has_vectors && token_id < num_valid) {
            loaded = *reinterpret_cast<const float4*>(logits + token_id);
        }
        const float vector[4] = {loaded.x, loaded.y, loaded.z, loaded.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const bool is_there = token_id + i < num_valid;
            const float logit = has_vectors ? vector[i] : is_there ? logits[token_id + i] : 0.0f;
            own.values[4 * v + i] = is_there ? finite_or_minus_infinity(logit) : -__builtin_huge_valf();
        }
    }
    return own;
}

// The tile's largest tokens, one after the other: each is the largest behind the one before.
__device__ __forceinline__ void find_top(LogprobPart& part, ReduceSpace& space, const ThreadLogits& own, int num_top) {
    Best last = {-kMinusInfinity, -1};
    int num = 0;
#pragma unroll 1
    for (; num < num_top; num++) {
        Best best = {kMinusInfinity, kNoToken};
#pragma unroll
        for (int i = 0; i < kThreadTokens; i++) {
            const double value = own.values[i];
            const int token_id = own.token_id(i);
            if (value < last.value || (value == last.value && token_id > last.token_id)) {
                best.take(value, token_id);
            }
        }
        last = block_best(space, best);
        if (!(last.value > kMinusInfinity)) {
            break;
        }
        if (threadIdx.x == 0) {
            part.top_logits[num] = static_cast<float>(last.value);
            part.top_ids[num] = last.token_id;
        }
    }
    if (threadIdx.x == 0) {
        part.num_top = num;
    }
}

extern "C" __global__ void __launch_bounds__(kThreads) logprobs_scan_f32(
    LogprobPart* __restrict__ parts,    // [rows, tiles]
    const float* __restrict__ logits,   // [rows, vocab]
    const int* __restrict__ tokens,     // [rows]: what was sampled
    const int* __restrict__ targets,    // [rows]: a given token to score, or negative
    const int* __restrict__ num_tops,   // [rows]: most likely tokens of a scored row
    const int* __restrict__ row_slots,  // [rows]: conv slot that sampled, or negative
    const Slot* __restrict__ slots,     // [conv slots]
    int vocab, int num_valid) {
    __shared__ ReduceSpace space;
    const int row_idx = blockIdx.y;
    const Request request = request_of(tokens, targets, num_tops, row_slots, slots, row_idx);
    if (request.token_id < 0) {
        return;
    }
    const float* row = logits + static_cast<size_t>(row_idx) * vocab;
    LogprobPart& part = parts[static_cast<size_t>(row_idx) * gridDim.x + blockIdx.x];
    const ThreadLogits own = load_logits(row, vocab, num_valid);
    const float token_logit =
        request.token_id < num_valid ? finite_or_minus_infinity(row[request.token_id]) : -__builtin_huge_valf();
    float largest = -__builtin_huge_valf();
    uint64_t in_front = 0;
#pragma unroll
    for (int i = 0; i < kThreadTokens; i++) {
        const float logit = own.values[i];
        const int token_id = own.token_id(i);
        largest = fmaxf(largest, logit);
        in_front +=
            token_id < num_valid && (logit > token_logit || (logit == token_logit && token_id < request.token_id));
    }
    largest = block_max(space, largest);
    in_front = block_sum(space, in_front);
    const int octave = token_mass(largest, kLog2E).octave;
    uint64_t mass = 0;
#pragma unroll
    for (int i = 0; i < kThreadTokens; i++) {
        if (own.values[i] > -__builtin_huge_valf()) {
            mass += token_mass(own.values[i], kLog2E).below(octave);
        }
    }
    mass = block_sum(space, mass);
    if (threadIdx.x == 0) {
        part.max = largest;
        part.octave = octave;
        part.mass = mass;
        part.num_in_front = static_cast<int>(in_front);
    }
    find_top(part, space, own, request.num_top);
}

__device__ __forceinline__ Best warp_best(Best best) {
#pragma unroll
    for (int lane_mask = kWarpSize / 2; lane_mask > 0; lane_mask /= 2) {
        const double value = __shfl_xor_sync(kAllLanes, best.value, lane_mask);
        best.take(value, __shfl_xor_sync(kAllLanes, best.token_id, lane_mask));
    }
    return best;
}

template <typename Number>
__device__ __forceinline__ Number warp_sum(Number value) {
#pragma unroll
    for (int lane_mask = kWarpSize / 2; lane_mask > 0; lane_mask /= 2) {
        value += __shfl_xor_sync(kAllLanes, value, lane_mask);
    }
    return value;
}

// The first token of a part's list behind another one.
__device__ __forceinline__ Best next_of(const LogprobPart& part, const Best& last) {
    for (int i = 0; i < part.num_top; i++) {
        const double value = part.top_logits[i];
        if (value < last.value || (value == last.value && part.top_ids[i] > last.token_id)) {
            return {value, part.top_ids[i]};
        }
    }
    return {kMinusInfinity, kNoToken};
}

extern "C" __global__ void __launch_bounds__(kWarpSize) logprobs_merge_f32(
    LogprobResult* __restrict__ results,    // [rows]
    const LogprobPart* __restrict__ parts,  // [rows, tiles]
    const float* __restrict__ logits,       // [rows, vocab]
    const int* __restrict__ tokens,         // [rows]
    const int* __restrict__ targets,        // [rows]
    const int* __restrict__ num_tops,       // [rows]
    const int* __restrict__ row_slots,      // [rows]
    const Slot* __restrict__ slots,         // [conv slots]
    int vocab, int num_valid) {
    const int row_idx = blockIdx.x;
    const int num_tiles = (num_valid + kTileTokens - 1) / kTileTokens;
    const Request request = request_of(tokens, targets, num_tops, row_slots, slots, row_idx);
    LogprobResult& result = results[row_idx];
    if (request.token_id < 0) {
        if (threadIdx.x == 0) {
            result.num_top = kNothing;
        }
        return;
    }
    const LogprobPart* own = parts + static_cast<size_t>(row_idx) * num_tiles;
    Best top = {kMinusInfinity, kNoToken};
    int in_front = 0;
    for (int t = threadIdx.x; t < num_tiles; t += kWarpSize) {
        top.take(own[t].max, 0);
        in_front += own[t].num_in_front;
    }
    top = warp_best(top);
    in_front = warp_sum(in_front);
    double max = 0;
    double log_total = 0;
    if (top.value > kMinusInfinity) {
        max = top.value;
        const TokenMass mass = token_mass(max, kLog2E);
        uint64_t total = 0;
        for (int t = threadIdx.x; t < num_tiles; t += kWarpSize) {
            total += lowered(own[t].mass, own[t].octave, mass.octave);
        }
        total = warp_sum(total);
        log_total = strict_log(__ddiv_rn(
            static_cast<double>(static_cast<int64_t>(total)),
            static_cast<double>(static_cast<int64_t>(mass.below(mass.octave)))));
    }
    if (threadIdx.x == 0) {
        const float logit =
            request.token_id < num_valid
                ? finite_or_minus_infinity(logits[static_cast<size_t>(row_idx) * vocab + request.token_id])
                : -__builtin_huge_valf();
        result.logprob = static_cast<float>(__dsub_rn(__dsub_rn(logit, max), log_total));
        result.rank = in_front + 1;
    }
    Best last = {-kMinusInfinity, -1};
    int num = 0;
#pragma unroll 1
    for (; num < request.num_top; num++) {
        Best best = {kMinusInfinity, kNoToken};
        for (int t = threadIdx.x; t < num_tiles; t += kWarpSize) {
            const Best next = next_of(own[t], last);
            best.take(next.value, next.token_id);
        }
        last = warp_best(best);
        if (!(last.value > kMinusInfinity)) {
            break;
        }
        if (threadIdx.x == 0) {
            result.top_ids[num] = last.token_id;
            result.top_logprobs[num] = static_cast<float>(__dsub_rn(__dsub_rn(last.value, max), log_total));
        }
    }
    if (threadIdx.x == 0) {
        result.num_top = num;
    }
}

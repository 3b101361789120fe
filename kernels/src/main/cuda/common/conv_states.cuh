// Where the short convolution's history comes from and where it goes: used by short_conv and in_proj_short_conv.
#pragma once

#include "bf16.cuh"

// Columns of a state: one less than the taps.
constexpr int kHistory = 2;

// A sequence's history before this step: zeros, a conv slot (>= 0) or snapshot s (as -2 - s).
constexpr int kZeros = -1;

struct Batch {
    const int* __restrict__ token_seqs;         // [tokens]: the sequence of each token
    const int* __restrict__ cu_seqlens_q;       // [seqs + 1]: its first token
    const int* __restrict__ seq_lens_k;         // [seqs]: its context length after this step
    const int* __restrict__ conv_slots;         // [seqs]; negative: the sequence is padding
    const int* __restrict__ initial_snapshots;  // [seqs]: where its history comes from; negative: its slot

    // Where the history of a sequence comes from that has so many tokens in this step.
    __device__ __forceinline__ int history(int seq_idx, int num_tokens) const {
        const int slot = conv_slots[seq_idx];
        const int snapshot = initial_snapshots[seq_idx];
        const bool is_new = seq_lens_k[seq_idx] == num_tokens;
        return is_new || slot < 0 ? kZeros : snapshot >= 0 ? -2 - snapshot : slot;
    }
};

// The state after tokens[i], in rising order, is written to snapshot slots[i].
struct Snapshots {
    const int* __restrict__ tokens;
    const int* __restrict__ slots;
    int num;
};

// The first snapshot pair whose token is token_idx, or the number of pairs.
__device__ __forceinline__ int find_snapshot(const Snapshots& snapshots, int token_idx) {
    int below = 0;
    int above = snapshots.num;
    while (below < above) {
        const int middle = (below + above) / 2;
        if (snapshots.tokens[middle] < token_idx) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    return below < snapshots.num && snapshots.tokens[below] == token_idx ? below : snapshots.num;
}

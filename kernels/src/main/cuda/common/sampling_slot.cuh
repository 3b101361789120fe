// The sampling state of a sequence, one per conv slot. SamplingSlot in Java writes it when the sequence starts; a step
// changes the number of outputs only.
#pragma once

#include <cstdint>

constexpr int kHasAllowed = 1;
constexpr int kTracksSeen = 2;
constexpr int kTracksCounts = 4;

constexpr int kMaxBiases = 1024;
constexpr int kMaxStops = 288;
constexpr int kMaxBadWordTokens = 1024;

struct SlotHeader {
    double temperature;
    double mass_scale;  // log2(e) / temperature
    double min_scaled;  // log(min_p)
    double top_p;
    double repetition;
    double frequency;
    double presence;
    uint64_t seed;
    int top_k;  // 0 is off
    int flags;
    int prompt_length;
    int min_tokens;
    int num_biases;
    int num_stops;  // 0 if min_tokens is
    int num_bad_words;
    int lowest_allowed;
    int num_logprobs;  // -1 is off
    int num_outputs;
    int padding[6];
};

struct alignas(256) Slot {
    SlotHeader header;
    int bad_word_ends[kMaxBadWordTokens];  // in bad_word_ids
    int bad_word_ids[kMaxBadWordTokens];
    int stop_ids[kMaxStops];   // each once
    int bias_ids[kMaxBiases];  // each once
    double biases[kMaxBiases];
};

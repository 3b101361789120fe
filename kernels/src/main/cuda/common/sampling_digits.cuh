// Filters that leave many tokens: the last one that stays is found by a histogram over equal parts of the values that
// the filters may keep, and a sort of one part's tokens. Where these are too many, tokens as good as each other for
// one, it is found by a histogram of the leading bits of its place in the order, then of the next bits among those
// that share them, and so on. Every pass processes the whole row anew.
#pragma once

#include "sampling_sort.cuh"

enum class Pass { kTopK, kMass, kTopP, kRace };

// 64 bits of value in six digits, then 18 of token id in two, for ties.
constexpr int kValueStages = 6;
constexpr int kStages = 8;

// The last token that stays: by falling value, ties by rising id.
struct Cut {
    uint64_t key;
    int token_id;

    __device__ __forceinline__ bool keeps(uint64_t other_key, int other_id) const {
        return !is_before(key, token_id, other_key, other_id);
    }
};

// Bits of a token's place that the stage before left open, and the digit of this stage.
struct Stage {
    int number;

    __device__ __forceinline__ int shift() const {
        return number < kValueStages ? max(0, 64 - kDigitBits * (number + 1)) : number == kValueStages ? 9 : 0;
    }

    __device__ __forceinline__ int width() const { return number < kValueStages - 1 ? kDigitBits : 9; }

    // Falling order of ids as rising order of numbers, so that in both parts the largest comes first.
    __device__ __forceinline__ uint64_t number_of(uint64_t key, int token_id) const {
        return number < kValueStages ? key : 0x3FFFF ^ static_cast<uint64_t>(token_id);
    }

    __device__ __forceinline__ int digit(uint64_t key, int token_id) const {
        return static_cast<int>(number_of(key, token_id) >> shift() & ((1 << width()) - 1));
    }

    // Whether the digits before this one are those of the cut.
    __device__ __forceinline__ bool is_open(const Cut& cut, uint64_t key, int token_id) const {
        const int above = shift() + width();
        const uint64_t difference = number_of(key, token_id) ^ number_of(cut.key, cut.token_id);
        return (number < kValueStages || key == cut.key) && (above >= 64 || difference >> above == 0);
    }
};

// The largest digit down to which the measure reaches what remains, which then becomes what remains within it; -1
// where it does not. A thread takes eight digits.
__device__ __forceinline__ int choose_digit(Choice& choice, uint64_t& remaining) {
    constexpr int kOwn = kDigits / kThreads;
    const int highest = kDigits - 1 - kOwn * static_cast<int>(threadIdx.x);
    uint64_t sum = 0;
#pragma unroll
    for (int i = 0; i < kOwn; i++) {
        sum += choice.digits.sums[highest - i];
    }
    if (threadIdx.x == 0) {
        choice.found[0] = ~0ull;
    }
    uint64_t before = block_prefix(choice.space, sum);
#pragma unroll
    for (int i = 0; i < kOwn; i++) {
        const uint64_t own = choice.digits.sums[highest - i];
        if (before < remaining && before + own >= remaining) {
            choice.found[0] = static_cast<uint64_t>(highest - i);
            choice.found[1] = remaining - before;
        }
        before += own;
    }
    __syncthreads();
    const int digit = static_cast<int>(static_cast<int64_t>(choice.found[0]));
    remaining = digit < 0 ? remaining : choice.found[1];
    __syncthreads();
    return digit;
}

// Equal parts of the values from a lowest one to the row's top, as digits that rise with the value. Which values they
// divide does not matter for the token, only how many passes find it.
struct Parts {
    double lowest;
    double rate;

    __device__ __forceinline__ explicit Parts(const Choice& choice) {
        const double half_octaves = choice.top.bucket - min(choice.depth, kBuckets) - 1;
        lowest = __ddiv_rn(half_octaves, 2 * choice.row.header.mass_scale);
        rate = __ddiv_rn(kDigits - 1, __dsub_rn(choice.top.best.value, lowest));
    }

    // Not where values lie beyond what double precision can divide.
    __device__ __forceinline__ bool is_usable() const { return rate > 0 && rate < kMaxDouble; }

    __device__ __forceinline__ int digit(double value) const {
        return __double2int_rz(fmin(fmax(__dmul_rn(__dsub_rn(value, lowest), rate), 0.0), kDigits - 1.0));
    }
};

// What a pass looks at: of which tokens, and by which measure.
struct Search {
    Cut kept;
    bool by_mass;  // else by number, before min_p

    __device__ __forceinline__ bool includes(const Choice& choice, double value, int token_id) const {
        return !by_mass || (kept.keeps(order_key(value), token_id) && is_above_min(choice, value));
    }

    // 0 for what is not looked at.
    __device__ __forceinline__ uint64_t measure(const Choice& choice, double value, int token_id) const {
        return !includes(choice, value, token_id) ? 0
               : by_mass ? token_mass(value, choice.row.header.mass_scale).below(choice.top.octave)
                         : 1;
    }
};

__device__ __noinline__ void count_parts(Choice& choice, const Parts parts, const Search search) {
#pragma unroll 1
    for (int i = threadIdx.x; i < kDigits; i += kThreads) {
        choice.digits.sums[i] = 0;
        choice.digits.counts[i] = 0;
    }
    for_each_listed(choice, false, [&](double value, int token_id) {
        const uint64_t own = search.measure(choice, value, token_id);
        if (own > 0) {
            const int digit = parts.digit(value);
            atomicAdd(reinterpret_cast<unsigned long long*>(choice.digits.sums + digit), own);
            atomicAdd(choice.digits.counts + digit, 1u);
        }
    });
}

// What a thread makes of pairs of tokens of which a filter keeps some: the race if it is the last filter, else their
// mass for the next.
struct Taken {
    Best winner;
    uint64_t mass;

    __device__ __forceinline__ void take(
        const Choice& choice, const double (&values)[2], bool (&is_kept)[2], int first_id, bool is_last) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
            is_kept[i] = is_kept[i] && is_above_min(choice, values[i]);
            if (is_kept[i] && !is_last) {
                mass += token_mass(values[i], choice.row.header.mass_scale).below(choice.top.octave);
            }
        }
        if (is_last) {
            race_pair(winner, choice, values, is_kept, first_id);
        }
    }
};

// Gathers the tokens of a part, sorted, and takes those above it.
__device__ __noinline__ Taken
gather_part(Choice& choice, const Parts parts, const Search search, int digit, bool is_last) {
    Taken taken = {{kMinusInfinity, kNoToken}, 0};
    __syncthreads();
    if (threadIdx.x == 0) {
        choice.num_candidates = 0;
    }
    for_each_listed_pair(
        choice, false,
        [&](const double (&values)[2], int first_id) {
            bool is_kept[2];
#pragma unroll
            for (int i = 0; i < 2; i++) {
                const int own = values[i] > kMinusInfinity ? parts.digit(values[i]) : -1;
                // Above the part there are none without mass.
                is_kept[i] = own > digit && search.includes(choice, values[i], first_id + i);
                if (own == digit && search.measure(choice, values[i], first_id + i) > 0) {
                    const int at = atomicAdd(&choice.num_candidates, 1);
                    choice.candidates.keys[at] = order_key(values[i]);
                    choice.candidates.token_ids[at] = first_id + i;
                }
            }
            taken.take(choice, values, is_kept, first_id, is_last);
        },
        [&] {
            if (is_last) {
                tell_least(choice, taken.winner);
            }
        });
    sort(choice.candidates, choice.num_candidates);
    return taken;
}

// Of the sorted candidates, the first down to which the measure reaches what remains.
__device__ __forceinline__ int find_last(Choice& choice, const Search& search, uint64_t remaining) {
    if (!search.by_mass) {
        return static_cast<int>(remaining) - 1;
    }
    uint64_t before_all = 0;
#pragma unroll 1
    for (int first = 0; first < choice.num_candidates; first += kThreads) {
        const int i = first + threadIdx.x;
        const uint64_t own = i < choice.num_candidates
                                 ? token_mass(key_value(choice.candidates.keys[i]), choice.row.header.mass_scale)
                                       .below(choice.top.octave)
                                 : 0;
        const uint64_t before = before_all + block_prefix(choice.space, own);
        if (before < remaining && before + own >= remaining) {
            choice.found[2] = static_cast<uint64_t>(i);
        }
        before_all += choice.space.total;
    }
    __syncthreads();
    return static_cast<int>(choice.found[2]);
}

enum class Outcome { kCut, kNothingCut, kTooMany };

// The last token that a filter keeps, in two passes, in which what it keeps is taken, too.
__device__ __forceinline__ Outcome
cut_by_parts(Choice& choice, Search& search, uint64_t remaining, bool is_last, Taken& taken) {
    const Parts parts(choice);
    if (!parts.is_usable()) {
        return Outcome::kTooMany;
    }
    count_parts(choice, parts, search);
    const int digit = choose_digit(choice, remaining);
    if (digit < 0) {
        return Outcome::kNothingCut;
    }
    if (choice.digits.counts[digit] > kMaxCandidates) {
        return Outcome::kTooMany;
    }
    taken = gather_part(choice, parts, search, digit, is_last);
    const int last = find_last(choice, search, remaining);
    // top_k keeps all that are as good as the last.
    search.kept = {choice.candidates.keys[last], search.by_mass ? choice.candidates.token_ids[last] : kNoToken};
#pragma unroll 1
    for (int i = threadIdx.x; i < choice.num_candidates; i += kThreads) {
        const uint64_t own = choice.candidates.keys[i];
        const int token_id = choice.candidates.token_ids[i];
        // A pair of which the other one is elsewhere.
        const double values[2] = {key_value(own), key_value(own)};
        const bool keeps = search.kept.keeps(own, token_id);
        bool is_kept[2] = {keeps && token_id % 2 == 0, keeps && token_id % 2 == 1};
        taken.take(choice, values, is_kept, token_id & ~1, is_last);
    }
    __syncthreads();
    return Outcome::kCut;
}

// The winner among all tokens that the filters keep.
__device__ __noinline__ int race_kept(Choice& choice, const Cut kept) {
    Best winner = {kMinusInfinity, kNoToken};
    for_each_listed_pair(
        choice, false,
        [&](const double (&values)[2], int first_id) {
            bool is_kept[2];
#pragma unroll
            for (int i = 0; i < 2; i++) {
                is_kept[i] = values[i] > kMinusInfinity && kept.keeps(order_key(values[i]), first_id + i) &&
                             is_above_min(choice, values[i]);
            }
            race_pair(winner, choice, values, is_kept, first_id);
        },
        [&] { tell_least(choice, winner); });
    return block_best(choice.space, winner).token_id;
}

// The token of a row whose filters leave many tokens, or that has none.
__device__ __forceinline__ int choose_by_digits(Choice& choice, const TileResult* results, int num_tiles) {
    const SlotHeader& slot = choice.row.header;
    const bool is_nucleus_only = !choice.row.has_top_k() && !choice.row.has_min_p();
    const Cut everything = {0, kNoToken};
    Cut kept = everything;
    Cut cut = everything;
    Stage stage = {0};
    Pass pass = choice.row.has_top_k()    ? Pass::kTopK
                : !choice.row.has_top_p() ? Pass::kRace
                : is_nucleus_only         ? Pass::kTopP
                                          : Pass::kMass;
    uint64_t mass = 0;
    uint64_t remaining = pass == Pass::kTopK   ? static_cast<uint64_t>(slot.top_k)
                         : pass == Pass::kTopP ? nucleus_limit(choice, row_mass(choice, results, num_tiles))
                                               : 0;
    list_all_groups(choice, num_tiles * kTileGroups);
    bool is_begun = false;
#pragma unroll 1
    while (true) {
        if (!is_begun && (pass == Pass::kTopK || pass == Pass::kTopP)) {
            const bool is_last = pass == Pass::kTopP || !choice.row.has_top_p();
            Search search = {kept, pass == Pass::kTopP};
            Taken taken = {{kMinusInfinity, kNoToken}, 0};
            const Outcome outcome = cut_by_parts(choice, search, remaining, is_last, taken);
            if (outcome == Outcome::kCut) {
                if (is_last) {
                    return block_best(choice.space, taken.winner).token_id;
                }
                kept = search.kept;
                remaining = nucleus_limit(choice, block_sum(choice.space, taken.mass));
                pass = Pass::kTopP;
                continue;
            }
            if (outcome == Outcome::kNothingCut) {
                pass = is_last ? Pass::kRace : Pass::kMass;
            }
            is_begun = outcome == Outcome::kTooMany;
        }
        if (pass == Pass::kRace) {
            return race_kept(choice, kept);
        }
        if (pass == Pass::kTopK || pass == Pass::kTopP) {
#pragma unroll 1
            for (int i = threadIdx.x; i < kDigits; i += kThreads) {
                choice.digits.sums[i] = 0;
            }
        }
        for_each_listed(choice, false, [&](double value, int token_id) {
            const uint64_t key = order_key(value);
            if (pass == Pass::kTopK) {
                if (stage.is_open(cut, key, token_id)) {
                    atomicAdd(
                        reinterpret_cast<unsigned long long*>(choice.digits.sums + stage.digit(key, token_id)), 1ull);
                }
                return;
            }
            if (!kept.keeps(key, token_id) || !is_above_min(choice, value)) {
                return;
            }
            const uint64_t own = token_mass(value, slot.mass_scale).below(choice.top.octave);
            if (pass == Pass::kMass) {
                mass += own;
            } else if (own > 0 && stage.is_open(cut, key, token_id)) {
                atomicAdd(reinterpret_cast<unsigned long long*>(choice.digits.sums + stage.digit(key, token_id)), own);
            }
        });
        if (pass == Pass::kMass) {
            remaining = nucleus_limit(choice, block_sum(choice.space, mass));
            pass = Pass::kTopP;
            continue;
        }
        const int digit = choose_digit(choice, remaining);
        const bool is_last = stage.number == (pass == Pass::kTopK ? kValueStages : kStages) - 1;
        if (digit >= 0) {
            const uint64_t bits = static_cast<uint64_t>(digit) << stage.shift();
            if (stage.number == 0) {
                cut = {0, 0x3FFFF};
            }
            if (stage.number < kValueStages) {
                cut.key |= bits;
            } else {
                cut.token_id ^= static_cast<int>(bits);
            }
            if (pass == Pass::kTopK && is_last) {
                cut.token_id = kNoToken;
            }
        }
        if (digit >= 0 && !is_last) {
            stage.number++;
            continue;
        }
        // A limit that all tokens together do not reach cuts nothing off.
        kept = digit >= 0 ? cut : kept;
        cut = everything;
        stage.number = 0;
        is_begun = false;
        pass = pass == Pass::kTopK && choice.row.has_top_p() ? Pass::kMass : Pass::kRace;
    }
}

// The token of a row that is not filtered: the winner among the tiles' contenders, or kNoToken if one had too many.
__device__ __forceinline__ int choose_contender(Choice& choice, const TileResult* results, int num_tiles) {
    uint64_t num_full = 0;
    Best winner = {kMinusInfinity, kNoToken};
#pragma unroll 1
    for (int t = threadIdx.x; t < num_tiles; t += kThreads) {
        if (!(results[t].max > kMinusInfinity)) {
            continue;
        }
        const bool is_full = results[t].num_contenders > kMaxContenders;
        const int num = is_full ? 0 : results[t].num_contenders;
        num_full += is_full ? 1 : 0;
        for (int i = 0; i < num; i++) {
            const Contender& contender = results[t].contenders[i];
            race(winner, choice, contender.value, contender.token_id);
        }
    }
    num_full = block_sum(choice.space, num_full);
    winner = block_best(choice.space, winner);
    return num_full > 0 ? kNoToken : winner.token_id;
}

__device__ __forceinline__ int choose(Choice& choice, const TileResult* results, int num_tiles, int num_words) {
    find_top(choice, results, num_tiles);
    if (choice.top.best.value == kMinusInfinity) {
        return fallback(choice, num_tiles * kTileGroups, num_words);
    }
    if (choice.row.header.temperature == 0) {
        return choice.top.best.token_id;
    }
    const int token_id = choice.row.is_filtered() ? choose_sorted(choice, results, num_tiles)
                                                  : choose_contender(choice, results, num_tiles);
    return token_id != kNoToken ? token_id : choose_by_digits(choice, results, num_tiles);
}

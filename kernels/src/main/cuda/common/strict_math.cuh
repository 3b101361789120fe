// Double precision with the bits of the JVM: nothing here may be contracted or approximated.
#pragma once

#include <cstdint>

constexpr double kMinusInfinity = -__builtin_huge_val();
constexpr double kMaxDouble = 0x1.fffffffffffffp1023;

// StrictMath.log, which is fdlibm's, of a positive normal number. Where the exponent is zero fdlibm leaves out terms
// that add zeros; adding them gives the same bits.
__device__ __forceinline__ double strict_log(double x) {
    constexpr double kLn2High = 6.93147180369123816490e-01;
    constexpr double kLn2Low = 1.90821492927058770002e-10;
    const int high = __double2hiint(x);
    const int fraction = high & 0x000fffff;
    const int carry = (fraction + 0x95f64) & 0x100000;
    const double k = static_cast<double>((high >> 20) - 1023 + (carry >> 20));
    const double f = __dsub_rn(__hiloint2double(fraction | (carry ^ 0x3ff00000), __double2loint(x)), 1.0);
    const double k_high = __dmul_rn(k, kLn2High);
    const double k_low = __dmul_rn(k, kLn2Low);
    const double half_square = __dmul_rn(__dmul_rn(0.5, f), f);
    if ((0x000fffff & (2 + fraction)) < 3) {
        const double third = __dsub_rn(0.5, __dmul_rn(0.33333333333333333, f));
        const double r = __dmul_rn(__dmul_rn(f, f), third);
        return f == 0 ? __dadd_rn(k_high, k_low) : __dsub_rn(k_high, __dsub_rn(__dsub_rn(r, k_low), f));
    }
    const double s = __ddiv_rn(f, __dadd_rn(2.0, f));
    const double z = __dmul_rn(s, s);
    const double w = __dmul_rn(z, z);
    const double even = __dadd_rn(
        3.999999999940941908e-01,
        __dmul_rn(w, __dadd_rn(2.222219843214978396e-01, __dmul_rn(w, 1.531383769920937332e-01))));
    const double odd = __dadd_rn(
        6.666666666666735130e-01,
        __dmul_rn(
            w, __dadd_rn(
                   2.857142874366239149e-01,
                   __dmul_rn(w, __dadd_rn(1.818357216161805012e-01, __dmul_rn(w, 1.479819860511658591e-01))))));
    const double r = __dadd_rn(__dmul_rn(z, odd), __dmul_rn(w, even));
    if (((fraction - 0x6147a) | (0x6b851 - fraction)) > 0) {
        const double correction = __dadd_rn(__dmul_rn(s, __dadd_rn(half_square, r)), k_low);
        return __dsub_rn(k_high, __dsub_rn(__dsub_rn(half_square, correction), f));
    }
    return __dsub_rn(k_high, __dsub_rn(__dsub_rn(__dmul_rn(s, __dsub_rn(f, r)), k_low), f));
}

// A number's place in the order of numbers, as an unsigned integer; both zeros have the same.
__device__ __forceinline__ uint64_t order_key(double value) {
    const int64_t bits = __double_as_longlong(__dadd_rn(value, 0.0));
    return static_cast<uint64_t>(bits ^ ((bits >> 63) | INT64_MIN));
}

__device__ __forceinline__ double key_value(uint64_t key) {
    const int64_t bits = static_cast<int64_t>(key);
    return __longlong_as_double(bits ^ ((~bits >> 63) | INT64_MIN));
}

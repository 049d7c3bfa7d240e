#pragma once
#include <bit>
#include <cstdint>
#include <limits>

// Elementary functions as branch-free scalar code that the compiler turns into vector code inside `#pragma omp simd` loops
// (the C library's are calls). T is float or double; errors stay below 2.5 ulp over the whole range (tests/kernels/
// test_vector_math.cpp measures them), NaN stays NaN, overflow gives infinity, results below the smallest normal may be 0.

// A call inside a loop keeps it from becoming vector code, and the compiler's own judgement of size would leave one.
#define MOLTEN_ALWAYS_INLINE inline __attribute__((always_inline))

namespace molten::vector_math {

template <class T>
struct Format;  // the layout of an IEEE number and its constants
template <>
struct Format<float> {
    using Bits = std::uint32_t;
    using Int = std::int32_t;
    static constexpr int mantissa = 23, bias = 127;
    static constexpr float magic = 0x1.8p23f;                               // adding it rounds to an integer in the low bits
    static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;  // high has trailing zeros: n * high is exact
    static constexpr float lowest = -104.f, highest = 89.f;                 // exp underflows, overflows beyond
    static constexpr float saturated = 10.f;                                // tanh is 1 beyond
    static constexpr float erf_end = 4.f, erf_centre = 2.f;
    static constexpr Int sqrt_half = 0x3f3504f3;
};
template <>
struct Format<double> {
    using Bits = std::uint64_t;
    using Int = std::int64_t;
    static constexpr int mantissa = 52, bias = 1023;
    static constexpr double magic = 0x1.8p52;
    static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    static constexpr double lowest = -746., highest = 710.;
    static constexpr double saturated = 20.;
    static constexpr double erf_end = 6., erf_centre = 3.;
    static constexpr Int sqrt_half = 0x3fe6a09e667f3bcd;
};

template <class T>
constexpr MOLTEN_ALWAYS_INLINE T polynomial(T, T value) { return value; }
// Horner, highest power first.
template <class T, class... More>
constexpr MOLTEN_ALWAYS_INLINE T polynomial(T x, T high, T next, More... more) { return polynomial(x, high * x + next, more...); }

template <class T>
MOLTEN_ALWAYS_INLINE T absolute(T x) { return x < 0 ? -x : x; }

// 2^n for n within the exponent's range.
template <class T>
MOLTEN_ALWAYS_INLINE T power_of_two(typename Format<T>::Int n) {
    using F = Format<T>;
    return std::bit_cast<T>(static_cast<typename F::Bits>(n + F::bias) << F::mantissa);
}

// x = n ln 2 + r with |r| <= ln 2 / 2; returns e^r - 1.
template <class T>
MOLTEN_ALWAYS_INLINE T reduced_expm1(T x, typename Format<T>::Int& n) {
    using F = Format<T>;
    const T shifted = x * T(1.4426950408889634) + F::magic, rounded = shifted - F::magic;
    n = static_cast<typename F::Int>(std::bit_cast<typename F::Bits>(shifted) - std::bit_cast<typename F::Bits>(F::magic));
    const T r = (x - rounded * F::ln2_high) - rounded * F::ln2_low;
    T tail;  // the Taylor series of (e^r - 1 - r) / r^2
    if constexpr (sizeof(T) == 4)
        tail = polynomial(r, T(1. / 5040), T(1. / 720), T(1. / 120), T(1. / 24), T(1. / 6), T(1. / 2));
    else
        tail = polynomial(r, T(1. / 6227020800), T(1. / 479001600), T(1. / 39916800), T(1. / 3628800), T(1. / 362880), T(1. / 40320),
                          T(1. / 5040), T(1. / 720), T(1. / 120), T(1. / 24), T(1. / 6), T(1. / 2));
    return r + r * r * tail;
}

template <class T>
MOLTEN_ALWAYS_INLINE T exp(T x) {
    using F = Format<T>;
    x = x < F::lowest ? F::lowest : x;
    x = x > F::highest ? F::highest : x;
    typename F::Int n;
    const T q = reduced_expm1(x, n);
    const typename F::Int half = n >> 1;  // 2^n itself may leave the exponent's range
    return (1 + q) * power_of_two<T>(half) * power_of_two<T>(n - half);
}

// Odd, through e^(2|x|) - 1 = 2^n (e^r - 1) + (2^n - 1), which keeps its digits near 0.
template <class T>
MOLTEN_ALWAYS_INLINE T tanh(T x) {
    using F = Format<T>;
    T a = absolute(x);
    a = a > F::saturated ? F::saturated : a;
    typename F::Int n;
    const T q = reduced_expm1(2 * a, n), scale = power_of_two<T>(n), m = scale * q + (scale - 1);
    const T y = m / (m + 2);
    return x < 0 ? -y : (x == 0 ? x : y);
}

template <class T>
MOLTEN_ALWAYS_INLINE T sigmoid(T x) { return 1 / (1 + exp(-x)); }

// log(1 + f) = f - f^2/2 + s (f^2/2 + R), s = f / (2 + f), R = 2/3 s^2 + 2/5 s^4 + ... (the series of 2 artanh s).
template <class T>
MOLTEN_ALWAYS_INLINE T log(T x) {
    using F = Format<T>;
    constexpr T kSmallest = std::numeric_limits<T>::min(), kInfinity = std::numeric_limits<T>::infinity();
    const bool subnormal = x < kSmallest;
    const T scaled = subnormal ? x * power_of_two<T>(F::mantissa + 1) : x;
    const auto shifted = static_cast<typename F::Int>(std::bit_cast<typename F::Bits>(scaled) - typename F::Bits{F::sqrt_half});
    const T exponent = static_cast<T>((shifted >> F::mantissa) - (subnormal ? F::mantissa + 1 : 0));
    constexpr auto kMantissa = (typename F::Int{1} << F::mantissa) - 1;
    const T f = std::bit_cast<T>((shifted & kMantissa) + F::sqrt_half) - 1;
    const T s = f / (2 + f), z = s * s, half_square = f * f / 2;
    T r;
    if constexpr (sizeof(T) == 4)
        r = z * polynomial(z, T(2. / 11), T(2. / 9), T(2. / 7), T(2. / 5), T(2. / 3));
    else
        r = z * polynomial(z, T(2. / 25), T(2. / 23), T(2. / 21), T(2. / 19), T(2. / 17), T(2. / 15), T(2. / 13), T(2. / 11), T(2. / 9), T(2. / 7),
                           T(2. / 5), T(2. / 3));
    T y = exponent * F::ln2_high - ((half_square - (s * (half_square + r) + exponent * F::ln2_low)) - f);
    y = x == kInfinity ? kInfinity : y;
    y = x == 0 ? -kInfinity : y;
    return x >= 0 ? y : std::numeric_limits<T>::quiet_NaN();
}

// For t >= 0: log of the rounded 1 + t, corrected by what the rounding lost.
template <class T>
MOLTEN_ALWAYS_INLINE T log1p(T t) {
    const T u = 1 + t, lost = (t - (u - 1)) / u;
    return log(u) + lost;
}

// x + x P(x^2) up to 1; beyond it 1 - e^(-x^2) E(y), E = e^(x^2) erfc(x) as a polynomial in y = (x - c) / (x + c). Both are
// Chebyshev fits computed in 60 digits.
template <class T>
MOLTEN_ALWAYS_INLINE T erf(T x) {
    using F = Format<T>;
    T a = absolute(x);
    a = a > F::erf_end ? F::erf_end : a;
    const T z = a * a, y = (a - F::erf_centre) / (a + F::erf_centre);
    T p, e;
    if constexpr (sizeof(T) == 4) {
        p = polynomial(z, T(7.8758750626854883e-5), T(-0.00080168642871658695), T(0.005189087423433974), T(-0.026854212010626412),
                       T(0.11283594715160218), T(-0.37612626666720331), T(0.1283791658483509));
        e = polynomial(y, T(0.0068373667875882739), T(0.0035926707006823269), T(-0.078971952293754915), T(0.24166402506158718),
                       T(-0.42718588828706539), T(0.25539564033045965));
    } else {
        p = polynomial(z, T(-7.7958988270021422e-10), T(1.3720064546777686e-8), T(-1.6208483801871706e-7), T(1.6447424703317362e-6),
                       T(-1.492473690741966e-5), T(0.00012055294904839708), T(-0.00085483259753896921), T(0.0052239776071164227),
                       T(-0.02686617064323777), T(0.11283791670945006), T(-0.3761263890318354), T(0.1283791670955126));
        e = polynomial(y, T(3.3813551420429038e-9), T(1.2755818949624479e-6), T(2.0135111426447428e-6), T(-8.0097809390760793e-6),
                       T(-1.2845780030775907e-5), T(6.4062792260460392e-5), T(4.5254345589910084e-5), T(-0.00059706249649245444),
                       T(0.00070774646669414251), T(0.0042691363569612253), T(-0.024392499318915005), T(0.07166583719747307),
                       T(-0.15011593650077899), T(0.24560380171233487), T(-0.32623356004303721), T(0.17900115118138995));
    }
    const T tail = 1 - exp(-z) * e;
    const T y_signed = x < 0 ? -tail : tail;
    return absolute(x) < 1 ? x + x * p : (x == x ? y_signed : x);
}

}  // namespace molten::vector_math

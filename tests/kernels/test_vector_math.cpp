// vector_math.h against the C library in double (float) and long double (double), in units of the last place.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/philox.h"
#include "kernels/common/vector_math.h"

namespace molten {
namespace {

template <class T>
double ulps(T got, long double want) {
    const auto nearest = static_cast<T>(want);
    if (got == nearest) return 0;
    if (!std::isfinite(nearest) || !std::isfinite(got)) return 1e9;
    const long double magnitude = std::max<long double>(std::abs(want), std::numeric_limits<T>::min());
    const long double ulp = std::ldexp(1.0L, std::ilogb(magnitude) - (std::numeric_limits<T>::digits - 1));
    if (std::abs(want) < std::numeric_limits<T>::min() && std::abs(static_cast<long double>(got) - want) <= std::numeric_limits<T>::min()) return 0;
    return static_cast<double>(std::abs(static_cast<long double>(got) - want) / ulp);
}

template <class T, class Ours, class Theirs>
double worst(double low, double high, bool logarithmic, Ours ours, Theirs theirs) {
    double largest = 0;
    for (std::uint64_t i = 0; i < 200000; ++i) {
        const PhiloxBits bits = philox_block({11, 3}, i);
        const double unit = (bits.word[0] + bits.word[1] * 0x1p-32) * 0x1p-32;
        T x = static_cast<T>(low + (high - low) * unit);
        if (logarithmic) x = static_cast<T>(std::exp(static_cast<double>(x))) * (bits.word[2] & 1 ? T(-1) : T(1));
        const double error = ulps(ours(x), theirs(static_cast<long double>(x)));
        largest = std::max(largest, error);
    }
    return largest;
}

template <class T>
void check_functions() {
    namespace v = vector_math;
    const bool single = sizeof(T) == 4;
    const double range = single ? 87 : 708, tiny = single ? -60 : -500;
    CHECK(worst<T>(-range - 10, range, false, [](T x) { return v::exp(x); }, [](long double x) { return std::exp(x); }) <= 2);
    CHECK(worst<T>(tiny, 0, true, [](T x) { return v::exp(x); }, [](long double x) { return std::exp(x); }) <= 2);
    CHECK(worst<T>(-range, range, true, [](T x) { return v::log(v::absolute(x)); }, [](long double x) { return std::log(std::abs(x)); }) <= 2);
    CHECK(worst<T>(0.5, 2, false, [](T x) { return v::log(x); }, [](long double x) { return std::log(x); }) <= 2);
    CHECK(worst<T>(tiny, 5, true, [](T x) { return v::log1p(v::absolute(x)); }, [](long double x) { return std::log1p(std::abs(x)); }) <= 2);
    CHECK(worst<T>(tiny, 4, true, [](T x) { return v::tanh(x); }, [](long double x) { return std::tanh(x); }) <= 2.5);
    CHECK(worst<T>(tiny, 2, true, [](T x) { return v::erf(x); }, [](long double x) { return std::erf(x); }) <= 2);
    CHECK(worst<T>(-7, 7, false, [](T x) { return v::erf(x); }, [](long double x) { return std::erf(x); }) <= 2);
    CHECK(worst<T>(-range, range, false, [](T x) { return v::sigmoid(x); }, [](long double x) { return 1 / (1 + std::exp(-x)); }) <= 2.5);
    constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    CHECK(v::exp(T(0)) == 1);
    CHECK(v::exp(inf) == inf);
    CHECK(v::exp(-inf) == 0);
    CHECK(std::isnan(v::exp(nan)));
    CHECK(v::log(T(1)) == 0);
    CHECK(v::log(T(0)) == -inf);
    CHECK(v::log(inf) == inf);
    CHECK(std::isnan(v::log(T(-1))));
    CHECK(std::isnan(v::log(nan)));
    CHECK(v::tanh(inf) == 1);
    CHECK(v::tanh(-inf) == -1);
    CHECK(std::isnan(v::tanh(nan)));
    CHECK(v::erf(inf) == 1);
    CHECK(v::erf(-inf) == -1);
    CHECK(std::isnan(v::erf(nan)));
    CHECK(v::log1p(T(0)) == 0);
}

}  // namespace

TEST_CASE("kernel vector math float") { check_functions<float>(); }
TEST_CASE("kernel vector math double") { check_functions<double>(); }

TEST_CASE("kernel philox known answers") {  // the vectors of Random123's kat_vectors file
    const auto check = [](PhiloxBits b, std::uint32_t w0, std::uint32_t w1, std::uint32_t w2, std::uint32_t w3) {
        CHECK(b.word[0] == w0);
        CHECK(b.word[1] == w1);
        CHECK(b.word[2] == w2);
        CHECK(b.word[3] == w3);
    };
    check(philox4x32_10(0, 0, 0, 0, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    check(philox4x32_10(~0u, ~0u, ~0u, ~0u, ~0u, ~0u), 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    check(philox4x32_10(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0), 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
}

}  // namespace molten

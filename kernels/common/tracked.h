#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/dtype.h"

// A number that carries the rounding error which float arithmetic may have made on the way to it (running error analysis,
// Higham 2002, section 3.3). Instantiating a reference template with T = Tracked turns the definition of an op into its own
// analytic error budget: no tolerance is chosen by hand.
//
//   value      the result in double
//   magnitude  the sum of |terms| of the running sum this is part of (|value| for anything that is not a sum)
//   error      bound on |float result - value|, for any order of summation: each addition costs u * magnitude
//
// u = 2^-24. Elementary functions are granted 4 u (2 ulp) beyond what their argument brings. A product, quotient or function
// value near or below the smallest normal number may be flushed to 0.

namespace molten {

struct Tracked {
    double value = 0, magnitude = 0, error = 0;

    static constexpr double u = 0x1p-24;

    Tracked() = default;
    // A constant: one that float cannot hold was rounded on its way into the kernel.
    Tracked(double v) : value(v), magnitude(std::abs(v)), error(std::isfinite(v) && static_cast<float>(v) != v ? u * std::abs(v) : 0) {}
    Tracked(double v, double m, double e) : value(v), magnitude(m), error(e) {}
    explicit operator double() const { return value; }
    explicit operator float() const { return static_cast<float>(value); }
    explicit operator bool() const { return value != 0; }

    static Tracked rounded(double v, double carried) { return {v, std::abs(v), carried + u * std::abs(v) + flushed(v)}; }
    static double flushed(double v) { return std::abs(v) < 0x1p-120 ? 0x1p-126 : 0; }

    friend Tracked operator-(const Tracked& a) { return {-a.value, a.magnitude, a.error}; }
    friend Tracked operator+(const Tracked& a, const Tracked& b) {
        const double magnitude = a.magnitude + b.magnitude;
        return {a.value + b.value, magnitude, a.error + b.error + u * magnitude};
    }
    friend Tracked operator-(const Tracked& a, const Tracked& b) { return a + (-b); }
    friend Tracked operator*(const Tracked& a, const Tracked& b) {
        if ((a.value == 0 && a.error == 0) || (b.value == 0 && b.error == 0)) return {a.value * b.value, 0, 0};
        return rounded(a.value * b.value, std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error);
    }
    friend Tracked operator/(const Tracked& a, const Tracked& b) {
        if (a.value == 0 && a.error == 0) return {a.value / b.value, 0, 0};
        if (std::isinf(b.value)) return {a.value / b.value, 0, flushed(0)};
        const double q = a.value / b.value, room = std::max(std::abs(b.value) - b.error, std::numeric_limits<double>::min());
        return rounded(q, (a.error + std::abs(q) * b.error) / room);
    }
    Tracked& operator+=(const Tracked& b) { return *this = *this + b; }
    Tracked& operator-=(const Tracked& b) { return *this = *this - b; }
    Tracked& operator*=(const Tracked& b) { return *this = *this * b; }
    Tracked& operator/=(const Tracked& b) { return *this = *this / b; }

    friend bool operator<(const Tracked& a, const Tracked& b) { return a.value < b.value; }
    friend bool operator>(const Tracked& a, const Tracked& b) { return a.value > b.value; }
    friend bool operator<=(const Tracked& a, const Tracked& b) { return a.value <= b.value; }
    friend bool operator>=(const Tracked& a, const Tracked& b) { return a.value >= b.value; }
    friend bool operator==(const Tracked& a, const Tracked& b) { return a.value == b.value; }
    friend bool operator!=(const Tracked& a, const Tracked& b) { return a.value != b.value; }

    // f(x) with |f'| near x given: the argument's error is carried through, the function itself may be wrong by 4 u.
    static Tracked function(double result, double slope, const Tracked& x) {
        return {result, std::abs(result), std::abs(slope) * x.error + 4 * u * std::abs(result) + flushed(result)};
    }
};

inline Tracked abs(const Tracked& x) { return {std::abs(x.value), x.magnitude, x.error}; }
inline Tracked exp(const Tracked& x) {
    const double e = std::exp(x.value);
    return Tracked::function(e, e * std::exp(std::min(x.error, 1.0)), x);
}
inline Tracked log(const Tracked& x) {
    return Tracked::function(std::log(x.value), 1 / std::max(std::abs(x.value) - x.error, std::numeric_limits<double>::min()), x);
}
inline Tracked log1p(const Tracked& x) { return Tracked::function(std::log1p(x.value), 1 / (1 + x.value), x); }
inline Tracked sqrt(const Tracked& x) {
    const double r = std::sqrt(x.value);
    return Tracked::function(r, r > 0 ? 0.5 / std::sqrt(std::max(x.value - x.error, std::numeric_limits<double>::min())) : 0, x);
}
inline Tracked tanh(const Tracked& x) {
    const double steepest = std::tanh(std::max(std::abs(x.value) - x.error, 0.0));  // the slope falls away from 0
    return Tracked::function(std::tanh(x.value), 1 - steepest * steepest, x);
}
inline Tracked erf(const Tracked& x) {
    const double nearest = std::max(std::abs(x.value) - x.error, 0.0);
    return Tracked::function(std::erf(x.value), 1.1283791670955126 * std::exp(-nearest * nearest), x);
}
inline Tracked max(const Tracked& a, const Tracked& b) {
    Tracked larger = a.value < b.value ? b : a;
    larger.error = std::max(a.error, b.error);
    return larger;
}
inline Tracked min(const Tracked& a, const Tracked& b) { return -max(-a, -b); }

}  // namespace molten

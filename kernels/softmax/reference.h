#pragma once
#include <cmath>
#include <limits>

#include "kernels/softmax/softmax.h"

// The definition. Sums in accumulate_t<T>; everything else rounds to T.

namespace molten::reference {

// The largest element that takes part and the sum of e^(x - largest); false when none takes part.
template <class T>
bool softmax_statistics(const T* x, const std::uint8_t* mask, std::int64_t n, T& largest, accumulate_t<T>& sum) {
    using std::exp;
    bool any = false;
    for (std::int64_t i = 0; i < n; ++i) {
        if (mask && !mask[i]) continue;
        if (!any || x[i] > largest) largest = x[i];
        any = true;
    }
    sum = accumulate_t<T>(0);
    for (std::int64_t i = 0; i < n; ++i)
        if (!mask || mask[i]) sum += accumulate_t<T>(T(exp(T(x[i] - largest))));
    return any;
}

template <class T>
void softmax_forward(const SoftmaxArgs& a) {
    using std::exp, std::log;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    for (std::int64_t row = 0; row < a.rows; ++row) {
        const T* x = static_cast<const T*>(a.x) + row * a.n;
        const std::uint8_t* mask = a.mask ? a.mask + row * a.n : nullptr;
        T* y = static_cast<T*>(a.y) + row * a.n;
        T largest(0);
        accumulate_t<T> sum(0);
        softmax_statistics(x, mask, a.n, largest, sum);
        for (std::int64_t i = 0; i < a.n; ++i) {
            if (mask && !mask[i])
                y[i] = T(a.logarithm ? -kInfinity : 0);
            else
                y[i] = a.logarithm ? T(T(x[i] - largest) - T(log(sum))) : T(T(exp(T(x[i] - largest))) / sum);
        }
    }
}

template <class T>
void softmax_backward(const SoftmaxGradArgs& a) {
    using std::exp;
    const T lowest(-std::numeric_limits<double>::infinity());
    for (std::int64_t row = 0; row < a.rows; ++row) {
        const T *y = static_cast<const T*>(a.y) + row * a.n, *dy = static_cast<const T*>(a.dy) + row * a.n;
        T* dx = static_cast<T*>(a.dx) + row * a.n;
        accumulate_t<T> sum(0);
        for (std::int64_t i = 0; i < a.n; ++i) {
            if (a.logarithm && y[i] == lowest) continue;
            sum += accumulate_t<T>(a.logarithm ? dy[i] : T(dy[i] * y[i]));
        }
        for (std::int64_t i = 0; i < a.n; ++i) {
            if (a.logarithm)
                dx[i] = y[i] == lowest ? T(0) : T(dy[i] - T(T(exp(y[i])) * sum));
            else
                dx[i] = T(y[i] * T(dy[i] - sum));
        }
    }
}

template <class T>
void logsumexp_forward(const LogsumexpArgs& a) {
    using std::log;
    for (std::int64_t row = 0; row < a.rows; ++row) {
        T largest(0);
        accumulate_t<T> sum(0);
        const bool any = softmax_statistics(static_cast<const T*>(a.x) + row * a.n, a.mask ? a.mask + row * a.n : nullptr, a.n, largest, sum);
        static_cast<T*>(a.y)[row] = any ? T(largest + T(log(sum))) : T(-std::numeric_limits<double>::infinity());
    }
}

template <class T>
void logsumexp_backward(const LogsumexpGradArgs& a) {
    using std::exp;
    for (std::int64_t row = 0; row < a.rows; ++row) {
        const T* x = static_cast<const T*>(a.x) + row * a.n;
        const std::uint8_t* mask = a.mask ? a.mask + row * a.n : nullptr;
        T* dx = static_cast<T*>(a.dx) + row * a.n;
        const T dy = static_cast<const T*>(a.dy)[row];
        T largest(0);
        accumulate_t<T> sum(0);
        softmax_statistics(x, mask, a.n, largest, sum);
        for (std::int64_t i = 0; i < a.n; ++i)
            dx[i] = mask && !mask[i] ? T(0) : T(dy * T(T(exp(T(x[i] - largest))) / sum));
    }
}

}  // namespace molten::reference

// A row at a time: maximum, exponentials with their sum, scale. The row stays in the first-level cache between the passes, so
// memory sees one read and one write. Rows are shared among the threads in chunks of about 16k elements.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_math.h"
#include "kernels/common/workspace.h"
#include "kernels/softmax/softmax.h"

namespace molten::cpu {
namespace {

namespace v = vector_math;

std::int64_t rows_a_chunk(std::int64_t n) { return std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(n, 1)); }

template <class T>
accumulate_t<T> largest_of(const T* x, const std::uint8_t* mask, std::int64_t n) {
    using A = accumulate_t<T>;
    constexpr A kLowest = -std::numeric_limits<A>::infinity();
    A largest = kLowest;
    if (mask) {
#pragma omp simd reduction(max : largest)
        for (std::int64_t i = 0; i < n; ++i) {
            const A value = mask[i] ? A(x[i]) : kLowest;
            largest = value > largest ? value : largest;
        }
    } else {
#pragma omp simd reduction(max : largest)
        for (std::int64_t i = 0; i < n; ++i) largest = A(x[i]) > largest ? A(x[i]) : largest;
    }
    return largest;
}

// e[i] = e^(x[i] - largest), 0 where masked; returns their sum.
template <class T, class A>
A exponentials(const T* x, const std::uint8_t* mask, std::int64_t n, A largest, A* e) {
    A sum = 0;
    if (mask) {
#pragma omp simd reduction(+ : sum)
        for (std::int64_t i = 0; i < n; ++i) {
            const A value = v::exp(A(x[i]) - largest);
            e[i] = mask[i] ? value : A(0);
            sum += e[i];
        }
    } else {
#pragma omp simd reduction(+ : sum)
        for (std::int64_t i = 0; i < n; ++i) {
            e[i] = v::exp(A(x[i]) - largest);
            sum += e[i];
        }
    }
    return sum;
}

template <class T>
void softmax_row(const T* x, const std::uint8_t* mask, T* y, std::int64_t n, bool logarithm, accumulate_t<T>* e) {
    using A = accumulate_t<T>;
    constexpr A kLowest = -std::numeric_limits<A>::infinity();
    const A largest = largest_of(x, mask, n);
    if (largest == kLowest) {
        std::fill_n(y, n, T(logarithm ? kLowest : A(0)));
        return;
    }
    const A sum = exponentials(x, mask, n, largest, e);
    if (!logarithm) {
        const A scale = 1 / sum;
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) y[i] = T(e[i] * scale);
        return;
    }
    const A log_sum = std::log(sum);
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) y[i] = T((A(x[i]) - largest) - log_sum);
    if (!mask) return;
    for (std::int64_t i = 0; i < n; ++i) y[i] = mask[i] ? y[i] : T(kLowest);
}

template <class T>
void softmax_backward_row(const T* y, const T* dy, T* dx, std::int64_t n) {
    using A = accumulate_t<T>;
    A sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < n; ++i) sum += A(dy[i]) * A(y[i]);
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) dx[i] = T(A(y[i]) * (A(dy[i]) - sum));
}

template <class T>
void log_softmax_backward_row(const T* y, const T* dy, T* dx, std::int64_t n) {
    using A = accumulate_t<T>;
    constexpr A kLowest = -std::numeric_limits<A>::infinity();
    A sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < n; ++i) sum += A(y[i]) == kLowest ? A(0) : A(dy[i]);
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) {
        const A value = A(dy[i]) - v::exp(A(y[i])) * sum;
        dx[i] = T(A(y[i]) == kLowest ? A(0) : value);
    }
}

// Calls row(r, e) for every row with n numbers of scratch memory of the running thread.
template <class A, class Row>
void for_each_row(std::int64_t rows, std::int64_t n, Row&& row) {
    parallel_for(rows, rows_a_chunk(n), [&](std::int64_t begin, std::int64_t end) {
        Scratch<A> e(Launch{}, "softmax row", static_cast<std::size_t>(n));
        for (std::int64_t r = begin; r < end; ++r) row(r, e.data());
    });
}

}  // namespace

void softmax_forward(const Launch&, const SoftmaxArgs& a) {
    dispatch(a.dtype, [&]<class T>() {
        const T* x = static_cast<const T*>(a.x);
        T* y = static_cast<T*>(a.y);
        for_each_row<accumulate_t<T>>(a.rows, a.n, [&](std::int64_t r, accumulate_t<T>* e) {
            softmax_row(x + r * a.n, a.mask ? a.mask + r * a.n : nullptr, y + r * a.n, a.n, a.logarithm, e);
        });
    });
}

void softmax_backward(const Launch&, const SoftmaxGradArgs& a) {
    dispatch(a.dtype, [&]<class T>() {
        const T *y = static_cast<const T*>(a.y), *dy = static_cast<const T*>(a.dy);
        T* dx = static_cast<T*>(a.dx);
        parallel_for(a.rows, rows_a_chunk(a.n), [=](std::int64_t begin, std::int64_t end) {
            for (std::int64_t at = begin * a.n; at < end * a.n; at += a.n)
                a.logarithm ? log_softmax_backward_row(y + at, dy + at, dx + at, a.n) : softmax_backward_row(y + at, dy + at, dx + at, a.n);
        });
    });
}

void logsumexp_forward(const Launch&, const LogsumexpArgs& a) {
    dispatch(a.dtype, [&]<class T>() {
        using A = accumulate_t<T>;
        for_each_row<A>(a.rows, a.n, [&](std::int64_t r, A* e) {
            const T* x = static_cast<const T*>(a.x) + r * a.n;
            const std::uint8_t* mask = a.mask ? a.mask + r * a.n : nullptr;
            const A largest = largest_of(x, mask, a.n);
            const bool any = largest != -std::numeric_limits<A>::infinity();
            static_cast<T*>(a.y)[r] = T(any ? largest + std::log(exponentials(x, mask, a.n, largest, e)) : largest);
        });
    });
}

void logsumexp_backward(const Launch&, const LogsumexpGradArgs& a) {
    dispatch(a.dtype, [&]<class T>() {
        using A = accumulate_t<T>;
        for_each_row<A>(a.rows, a.n, [&](std::int64_t r, A* e) {
            const T* x = static_cast<const T*>(a.x) + r * a.n;
            const std::uint8_t* mask = a.mask ? a.mask + r * a.n : nullptr;
            T* dx = static_cast<T*>(a.dx) + r * a.n;
            const A largest = largest_of(x, mask, a.n);
            if (largest == -std::numeric_limits<A>::infinity()) {
                std::fill_n(dx, a.n, T(0));
                return;
            }
            const A scale = A(static_cast<const T*>(a.dy)[r]) / exponentials(x, mask, a.n, largest, e);
#pragma omp simd
            for (std::int64_t i = 0; i < a.n; ++i) dx[i] = T(e[i] * scale);
        });
    });
}

}  // namespace molten::cpu

#pragma once
#include <cmath>

#include "kernels/segment_softmax/segment_softmax.h"

namespace molten::reference {

template <class T>
void segment_softmax_forward(const SegmentSoftmaxArgs& a) {
    using std::exp;
    using Sum = accumulate_t<T>;
    const auto* x = static_cast<const T*>(a.x);
    auto* y = static_cast<T*>(a.y);
    for (std::int64_t s = 0; s < a.segments; ++s)
        for (std::int64_t h = 0; h < a.heads; ++h) {
            const std::int64_t begin = a.offset[s], end = a.offset[s + 1];
            if (begin == end) continue;
            Sum largest(x[begin * a.heads + h]), sum(0);
            for (std::int64_t r = begin; r < end; ++r)
                if (Sum(x[r * a.heads + h]) > largest) largest = Sum(x[r * a.heads + h]);
            for (std::int64_t r = begin; r < end; ++r) sum = sum + exp(Sum(Sum(x[r * a.heads + h]) - largest));
            for (std::int64_t r = begin; r < end; ++r) y[r * a.heads + h] = T(exp(Sum(Sum(x[r * a.heads + h]) - largest)) / sum);
        }
}

template <class T>
void segment_softmax_backward(const SegmentSoftmaxGradArgs& a) {
    if (!a.dx) return;
    using Sum = accumulate_t<T>;
    const auto *dy = static_cast<const T*>(a.dy), *y = static_cast<const T*>(a.y);
    auto* dx = static_cast<T*>(a.dx);
    for (std::int64_t s = 0; s < a.segments; ++s)
        for (std::int64_t h = 0; h < a.heads; ++h) {
            Sum dot(0);
            for (std::int64_t r = a.offset[s]; r < a.offset[s + 1]; ++r) dot = dot + Sum(y[r * a.heads + h]) * Sum(dy[r * a.heads + h]);
            for (std::int64_t r = a.offset[s]; r < a.offset[s + 1]; ++r)
                dx[r * a.heads + h] = T(Sum(y[r * a.heads + h]) * (Sum(dy[r * a.heads + h]) - dot));
        }
}

}  // namespace molten::reference

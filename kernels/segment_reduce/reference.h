#pragma once
#include "kernels/segment_reduce/segment_reduce.h"

namespace molten::reference {

template <class T>
void segment_reduce_forward(const SegmentReduceArgs& a) {
    using Sum = accumulate_t<T>;
    const auto *x = static_cast<const T*>(a.x), *weight = static_cast<const T*>(a.weight);
    auto* y = static_cast<T*>(a.y);
    for (std::int64_t s = 0; s < a.segments; ++s)
        for (std::int64_t i = 0; i < a.width; ++i) {
            const std::int64_t begin = a.offset[s], end = a.offset[s + 1];
            Sum result(0);
            std::int64_t best = -1;
            for (std::int64_t r = begin; r < end; ++r) {
                const Sum value(x[r * a.width + i]);
                if (a.reduction == SegmentReduction::max) {
                    if (best < 0 || value > result) result = value, best = r;
                } else {
                    result = result + (weight ? Sum(Sum(weight[r]) * value) : value);
                }
            }
            if (a.reduction == SegmentReduction::mean && end > begin) result = result / Sum(static_cast<double>(end - begin));
            y[s * a.width + i] = T(result);
            if (a.argmax) a.argmax[s * a.width + i] = static_cast<std::int32_t>(best);
        }
}

template <class T>
void segment_reduce_backward(const SegmentReduceGradArgs& a) {
    using Sum = accumulate_t<T>;
    const auto *dy = static_cast<const T*>(a.dy), *x = static_cast<const T*>(a.x), *weight = static_cast<const T*>(a.weight);
    auto *dx = static_cast<T*>(a.dx), *dweight = static_cast<T*>(a.dweight);
    for (std::int64_t s = 0; s < a.segments; ++s)
        for (std::int64_t r = a.offset[s]; r < a.offset[s + 1]; ++r) {
            const Sum scale =
                a.reduction == SegmentReduction::mean ? Sum(1) / Sum(static_cast<double>(a.offset[s + 1] - a.offset[s])) : Sum(1);
            Sum dot(0);
            for (std::int64_t i = 0; i < a.width; ++i) {
                const Sum g(dy[s * a.width + i]);
                if (a.reduction == SegmentReduction::max) {
                    if (dx) dx[r * a.width + i] = a.argmax[s * a.width + i] == r ? T(g) : T(0);
                } else {
                    if (dx) dx[r * a.width + i] = T(weight ? Sum(Sum(scale * Sum(weight[r])) * g) : Sum(scale * g));
                    if (dweight) dot = dot + Sum(x[r * a.width + i]) * g;
                }
            }
            if (dweight) dweight[r] = T(scale * dot);
        }
}

}  // namespace molten::reference

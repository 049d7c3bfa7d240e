#pragma once
#include "kernels/reduce/reduce.h"

// The definition. Sums in accumulate_t<T>.

namespace molten::reference {

template <class T>
void reduce_forward(const ReduceArgs& a) {
    using A = accumulate_t<T>;
    const T* x = static_cast<const T*>(a.x);
    for (std::int64_t o = 0; o < a.outer; ++o)
        for (std::int64_t i = 0; i < a.inner; ++i) {
            const auto at = [&](std::int64_t k) { return x[(o * a.n + k) * a.inner + i]; };
            T& y = static_cast<T*>(a.y)[o * a.inner + i];
            if (a.op == Reduce::sum || a.op == Reduce::mean) {
                A sum(0);
                for (std::int64_t k = 0; k < a.n; ++k) sum += A(at(k));
                y = T(a.op == Reduce::mean ? sum / A(static_cast<double>(a.n)) : sum);
                continue;
            }
            std::int64_t best = 0;
            for (std::int64_t k = 1; k < a.n; ++k)
                if (a.op == Reduce::max ? at(k) > at(best) : at(k) < at(best)) best = k;
            y = at(best);
            if (a.index) a.index[o * a.inner + i] = static_cast<std::int32_t>(best);
        }
}

template <class T>
void reduce_backward(const ReduceGradArgs& a) {
    for (std::int64_t o = 0; o < a.outer; ++o)
        for (std::int64_t k = 0; k < a.n; ++k)
            for (std::int64_t i = 0; i < a.inner; ++i) {
                const T dy = static_cast<const T*>(a.dy)[o * a.inner + i];
                T& dx = static_cast<T*>(a.dx)[(o * a.n + k) * a.inner + i];
                if (a.op == Reduce::sum) dx = dy;
                else if (a.op == Reduce::mean) dx = T(dy / T(static_cast<double>(a.n)));
                else dx = a.index[o * a.inner + i] == k ? dy : T(0);
            }
}

}  // namespace molten::reference

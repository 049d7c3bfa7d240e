#pragma once
#include <algorithm>
#include <vector>

#include "kernels/gather/gather.h"

namespace molten::reference {

template <class T>
void gather_forward(const GatherArgs& a) {
    const auto* x = static_cast<const T*>(a.x);
    auto* y = static_cast<T*>(a.y);
    for (std::int64_t r = 0; r < a.rows; ++r)
        for (std::int64_t i = 0; i < a.width; ++i) y[r * a.width + i] = a.index[r] < 0 ? T(0) : x[a.index[r] * a.width + i];
}

template <class T>
void gather_backward(const GatherGradArgs& a) {
    if (!a.dx) return;
    const auto* dy = static_cast<const T*>(a.dy);
    auto* dx = static_cast<T*>(a.dx);
    for (std::int64_t t = 0; t < a.table_rows; ++t)
        for (std::int64_t i = 0; i < a.width; ++i) {
            accumulate_t<T> sum(0);
            for (std::int64_t r = 0; r < a.rows; ++r)
                if (a.index[r] == t) sum = sum + accumulate_t<T>(dy[r * a.width + i]);
            dx[t * a.width + i] = T(sum);
        }
}

}  // namespace molten::reference

#pragma once
#include <algorithm>

#include "kernels/copy/copy.h"

// The definition.

namespace molten::reference {

template <class From, class To>
void copy(const CopyArgs& a) {
    for (std::int64_t i = 0, count = element_count(a.rank, a.shape); i < count; ++i) {
        const From& x = static_cast<const From*>(a.x)[strided_offset(i, a.rank, a.shape, a.x_strides)];
        To& y = static_cast<To*>(a.y)[strided_offset(i, a.rank, a.shape, a.y_strides)];
        if constexpr (std::is_same_v<From, To>) y = x;
        else if constexpr (std::is_same_v<To, bf16>) y = bf16(static_cast<float>(x));
        else y = static_cast<To>(x);
    }
}

template <class T>
void fill(const FillArgs& a) {
    std::fill_n(static_cast<T*>(a.y), a.count, T(a.value));
}

}  // namespace molten::reference

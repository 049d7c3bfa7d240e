#pragma once
#include "kernels/dropout/dropout.h"

// The definition.

namespace molten::reference {

template <class T>
T dropped(T x, std::int64_t i, double p, PhiloxKey key) {
    return philox_word(key, static_cast<std::uint64_t>(i)) >= dropout_threshold(p) ? T(x * T(T(1) / T(1 - p))) : T(0);
}

template <class T>
void dropout_forward(const DropoutArgs& a) {
    for (std::int64_t i = 0; i < a.count; ++i) static_cast<T*>(a.y)[i] = dropped(static_cast<const T*>(a.x)[i], i, a.p, a.key);
}

template <class T>
void dropout_backward(const DropoutGradArgs& a) {
    for (std::int64_t i = 0; i < a.count; ++i) static_cast<T*>(a.dx)[i] = dropped(static_cast<const T*>(a.dy)[i], i, a.p, a.key);
}

}  // namespace molten::reference

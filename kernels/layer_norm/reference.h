#pragma once
#include <algorithm>
#include <cmath>

#include "kernels/layer_norm/layer_norm.h"

// The definition. Sums and statistics in accumulate_t<T>; everything else rounds to T.

namespace molten::reference {

template <class T>
void layer_norm_forward(const LayerNormArgs& a) {
    using std::sqrt;
    using A = accumulate_t<T>;
    const auto *x = static_cast<const T*>(a.x), *residual = static_cast<const T*>(a.residual);
    const auto *weight = static_cast<const T*>(a.weight), *bias = static_cast<const T*>(a.bias);
    for (std::int64_t row = 0; row < a.rows; ++row) {
        const auto h = [&](std::int64_t i) { return residual ? T(x[row * a.n + i] + residual[row * a.n + i]) : x[row * a.n + i]; };
        A sum(0), squares(0);
        for (std::int64_t i = 0; i < a.n; ++i) sum += A(h(i));
        const A mean = sum / A(static_cast<double>(a.n));
        for (std::int64_t i = 0; i < a.n; ++i) squares += (A(h(i)) - mean) * (A(h(i)) - mean);
        const A rstd = A(1) / A(sqrt(squares / A(static_cast<double>(a.n)) + A(a.eps)));
        for (std::int64_t i = 0; i < a.n; ++i) {
            const T z = T((A(h(i)) - mean) * rstd), scaled = weight ? T(z * weight[i]) : z;
            if (a.h) static_cast<T*>(a.h)[row * a.n + i] = h(i);
            static_cast<T*>(a.y)[row * a.n + i] = bias ? T(scaled + bias[i]) : scaled;
        }
        static_cast<A*>(a.mean)[row] = mean;
        static_cast<A*>(a.rstd)[row] = rstd;
    }
}

template <class T>
void layer_norm_backward(const LayerNormGradArgs& a) {
    using A = accumulate_t<T>;
    const auto *dy = static_cast<const T*>(a.dy), *dh = static_cast<const T*>(a.dh), *h = static_cast<const T*>(a.h);
    const auto* weight = static_cast<const T*>(a.weight);
    const auto *mean = static_cast<const A*>(a.mean), *rstd = static_cast<const A*>(a.rstd);
    const A n(static_cast<double>(a.n));
    const auto z = [&](std::int64_t row, std::int64_t i) { return T((A(h[row * a.n + i]) - mean[row]) * rstd[row]); };
    const auto g = [&](std::int64_t row, std::int64_t i) { return weight ? T(dy[row * a.n + i] * weight[i]) : dy[row * a.n + i]; };
    for (std::int64_t row = 0; a.dx && row < a.rows; ++row) {
        A sum(0), dot(0);
        for (std::int64_t i = 0; i < a.n; ++i) {
            sum += A(g(row, i));
            dot += A(T(g(row, i) * z(row, i)));
        }
        for (std::int64_t i = 0; i < a.n; ++i) {
            const T through = T(rstd[row] * (A(g(row, i)) - sum / n - A(z(row, i)) * dot / n));
            static_cast<T*>(a.dx)[row * a.n + i] = dh ? T(dh[row * a.n + i] + through) : through;
        }
    }
    for (std::int64_t i = 0; i < a.n; ++i) {
        A dweight(0), dbias(0);
        for (std::int64_t row = 0; row < a.rows; ++row) {
            dweight += A(T(dy[row * a.n + i] * z(row, i)));
            dbias += A(dy[row * a.n + i]);
        }
        if (a.dweight) static_cast<T*>(a.dweight)[i] = T(dweight);
        if (a.dbias) static_cast<T*>(a.dbias)[i] = T(dbias);
    }
}

}  // namespace molten::reference

#pragma once
#include <cmath>

#include "kernels/matmul/matmul.h"

namespace molten::reference {

template <class S>
S matmul_sigmoid(const S& x) {
    using std::exp;
    if (x < S(0)) {  // exp of the negative side only: it cannot overflow
        const S e = exp(x);
        return e / (S(1) + e);
    }
    return S(1) / (S(1) + S(exp(-x)));
}

template <class S>
S matmul_activate(MatMulActivation activation, const S& x) {
    using std::erf, std::tanh;
    switch (activation) {
        case MatMulActivation::none:
            return x;
        case MatMulActivation::relu:
            return x < S(0) ? S(0) : x;
        case MatMulActivation::gelu:
            return S(0.5) * x * (S(1) + S(erf(x * S(0.7071067811865476))));
        case MatMulActivation::gelu_tanh:
            return S(0.5) * x * (S(1) + S(tanh(S(0.7978845608028654) * (x + S(0.044715) * x * x * x))));
        case MatMulActivation::silu:
            return x * matmul_sigmoid(x);
    }
    return x;
}

// d matmul_activate(x) / dx
template <class S>
S matmul_activate_slope(MatMulActivation activation, const S& x) {
    using std::erf, std::exp, std::tanh;
    switch (activation) {
        case MatMulActivation::none:
            return S(1);
        case MatMulActivation::relu:
            return x > S(0) ? S(1) : S(0);
        case MatMulActivation::gelu: {
            const S density = S(0.3989422804014327) * S(exp(S(-0.5) * x * x));
            return S(0.5) * (S(1) + S(erf(x * S(0.7071067811865476)))) + x * density;
        }
        case MatMulActivation::gelu_tanh: {
            const S t = tanh(S(0.7978845608028654) * (x + S(0.044715) * x * x * x));
            const S inner = S(0.7978845608028654) * (S(1) + S(0.134145) * x * x);
            return S(0.5) * (S(1) + t) + S(0.5) * x * (S(1) - t * t) * inner;
        }
        case MatMulActivation::silu: {
            const S s = matmul_sigmoid(x);
            return s * (S(1) + x * (S(1) - s));
        }
    }
    return S(1);
}

template <class T>
void matmul_forward(const MatMulArgs& p) {
    using S = accumulate_t<T>;
    const auto lda = p.lda ? p.lda : p.transpose_a ? p.m : p.k, ldb = p.ldb ? p.ldb : p.transpose_b ? p.k : p.n, ldc = p.ldc ? p.ldc : p.n;
    for (std::int64_t item = 0; item < p.batch; ++item) {
        const auto *a = static_cast<const T*>(p.a) + item * p.stride_a, *b = static_cast<const T*>(p.b) + item * p.stride_b;
        for (std::int64_t i = 0; i < p.m; ++i) {
            for (std::int64_t j = 0; j < p.n; ++j) {
                S sum(0);
                for (std::int64_t q = 0; q < p.k; ++q)
                    sum += S(p.transpose_a ? a[q * lda + i] : a[i * lda + q]) * S(p.transpose_b ? b[j * ldb + q] : b[q * ldb + j]);
                S y = S(p.alpha) * sum;
                if (p.bias) y += S(static_cast<const T*>(p.bias)[j]);
                const auto at = item * p.stride_c + i * ldc + j;
                if (p.pre_activation) static_cast<T*>(p.pre_activation)[at] = T(y);
                y = matmul_activate(p.activation, y);
                if (p.residual) y += S(p.beta) * S(static_cast<const T*>(p.residual)[at]);
                static_cast<T*>(p.c)[at] = T(y);
            }
        }
    }
}

// Element by element of dA, dB and dbias, so that each is one plain sum.
template <class T>
void matmul_backward(const MatMulGradArgs& g) {
    using S = accumulate_t<T>;
    const MatMulArgs& p = g.forward;
    const auto lda = p.lda ? p.lda : p.transpose_a ? p.m : p.k, ldb = p.ldb ? p.ldb : p.transpose_b ? p.k : p.n, ldc = p.ldc ? p.ldc : p.n;
    const auto dp = [&](std::int64_t item, std::int64_t i, std::int64_t j) {
        const auto at = item * p.stride_c + i * ldc + j;
        const S dc(static_cast<const T*>(g.dc)[at]);
        if (p.activation == MatMulActivation::none) return dc;
        return S(T(dc * matmul_activate_slope(p.activation, S(static_cast<const T*>(p.pre_activation)[at]))));
    };
    const auto at_a = [&](std::int64_t item, std::int64_t i, std::int64_t q) {
        return item * p.stride_a + (p.transpose_a ? q * lda + i : i * lda + q);
    };
    const auto at_b = [&](std::int64_t item, std::int64_t q, std::int64_t j) {
        return item * p.stride_b + (p.transpose_b ? j * ldb + q : q * ldb + j);
    };
    const auto items = [&](std::int64_t stride) { return stride == 0 ? std::int64_t{1} : p.batch; };
    const auto last = [&](std::int64_t stride, std::int64_t item) { return stride == 0 ? p.batch : item + 1; };
    for (std::int64_t first = 0; g.da && first < items(p.stride_a); ++first)
        for (std::int64_t i = 0; i < p.m; ++i)
            for (std::int64_t q = 0; q < p.k; ++q) {
                S sum(0);
                for (auto item = first; item < last(p.stride_a, first); ++item)
                    for (std::int64_t j = 0; j < p.n; ++j) sum += dp(item, i, j) * S(static_cast<const T*>(p.b)[at_b(item, q, j)]);
                static_cast<T*>(g.da)[at_a(first, i, q)] = T(S(p.alpha) * sum);
            }
    for (std::int64_t first = 0; g.db && first < items(p.stride_b); ++first)
        for (std::int64_t q = 0; q < p.k; ++q)
            for (std::int64_t j = 0; j < p.n; ++j) {
                S sum(0);
                for (auto item = first; item < last(p.stride_b, first); ++item)
                    for (std::int64_t i = 0; i < p.m; ++i) sum += S(static_cast<const T*>(p.a)[at_a(item, i, q)]) * dp(item, i, j);
                static_cast<T*>(g.db)[at_b(first, q, j)] = T(S(p.alpha) * sum);
            }
    for (std::int64_t j = 0; g.dbias && j < p.n; ++j) {
        S sum(0);
        for (std::int64_t item = 0; item < p.batch; ++item)
            for (std::int64_t i = 0; i < p.m; ++i) sum += dp(item, i, j);
        static_cast<T*>(g.dbias)[j] = T(sum);
    }
    for (std::int64_t item = 0; g.dresidual && item < p.batch; ++item)
        for (std::int64_t i = 0; i < p.m; ++i)
            for (std::int64_t j = 0; j < p.n; ++j) {
                const auto at = item * p.stride_c + i * ldc + j;
                static_cast<T*>(g.dresidual)[at] = T(S(p.beta) * S(static_cast<const T*>(g.dc)[at]));
            }
}

}  // namespace molten::reference

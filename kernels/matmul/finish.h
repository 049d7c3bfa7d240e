#pragma once
#include <algorithm>

#include "kernels/common/dtype.h"
#include "kernels/common/vector_math.h"
#include "kernels/matmul/matmul.h"

// What follows the product, for what the micro-kernel does not do itself: other types, other activations, a stored P.

namespace molten::cpu::gemm {

// Calls f(function) with the activation as a function object, or with its slope, for loops that vectorise.
template <class S, class F>
void with_activation(MatMulActivation activation, F&& f) {
    namespace m = vector_math;
    switch (activation) {
        case MatMulActivation::none:
            return f([](S x) { return x; });
        case MatMulActivation::relu:
            return f([](S x) { return x < S(0) ? S(0) : x; });  // NaN stays NaN
        case MatMulActivation::gelu:
            return f([](S x) { return S(0.5) * x * (1 + m::erf(x * S(0.7071067811865476))); });
        case MatMulActivation::gelu_tanh:
            return f([](S x) { return S(0.5) * x * (1 + m::tanh(S(0.7978845608028654) * (x + S(0.044715) * x * x * x))); });
        case MatMulActivation::silu:
            return f([](S x) { return x * m::sigmoid(x); });
    }
}

template <class S, class F>
void with_slope(MatMulActivation activation, F&& f) {
    namespace m = vector_math;
    switch (activation) {
        case MatMulActivation::none:
            return f([](S) { return S(1); });
        case MatMulActivation::relu:
            return f([](S x) { return x > S(0) ? S(1) : S(0); });
        case MatMulActivation::gelu:
            return f([](S x) {
                return S(0.5) * (1 + m::erf(x * S(0.7071067811865476))) + x * (S(0.3989422804014327) * m::exp(S(-0.5) * x * x));
            });
        case MatMulActivation::gelu_tanh:
            return f([](S x) {
                const S t = m::tanh(S(0.7978845608028654) * (x + S(0.044715) * x * x * x));
                return S(0.5) * (1 + t) + S(0.5) * x * (1 - t * t) * (S(0.7978845608028654) * (1 + S(0.134145) * x * x));
            });
        case MatMulActivation::silu:
            return f([](S x) {
                const S s = m::sigmoid(x);
                return s * (1 + x * (1 - s));
            });
    }
}

template <class S, class Out>
struct Finish {
    S alpha = 1, beta = 1;
    const S* bias = nullptr;
    const Out* residual = nullptr;  // laid out as c
    Out* pre_activation = nullptr;  // laid out as c
    MatMulActivation activation = MatMulActivation::none;

    bool fits_tile() const { return !pre_activation && (activation == MatMulActivation::none || activation == MatMulActivation::relu); }
};

// c = activation(sums + bias) + beta residual; sums are alpha A B and may be c. Loops without branches, so that they vectorise.
template <class S, class Out>
void finish_rows(const Finish<S, Out>& finish, const S* sums, std::int64_t lds, Out* c, std::int64_t ldc, std::int64_t row0,
                 std::int64_t rows, std::int64_t column0, std::int64_t columns) {
    constexpr std::int64_t kPiece = 256;
    S x[kPiece];
    for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j0 = 0; j0 < columns; j0 += kPiece) {
            const std::int64_t count = std::min(kPiece, columns - j0), at = (row0 + i) * ldc + column0 + j0;
            std::copy_n(sums + i * lds + j0, count, x);
            if (const S* bias = finish.bias ? finish.bias + column0 + j0 : nullptr)
#pragma omp simd
                for (std::int64_t j = 0; j < count; ++j) x[j] += bias[j];
            if (Out* pre = finish.pre_activation ? finish.pre_activation + at : nullptr)
#pragma omp simd
                for (std::int64_t j = 0; j < count; ++j) pre[j] = Out(x[j]);
            with_activation<S>(finish.activation, [&](auto activation) {
#pragma omp simd
                for (std::int64_t j = 0; j < count; ++j) x[j] = activation(x[j]);
            });
            if (const Out* residual = finish.residual ? finish.residual + at : nullptr)
#pragma omp simd
                for (std::int64_t j = 0; j < count; ++j) x[j] += finish.beta * S(residual[j]);
#pragma omp simd
            for (std::int64_t j = 0; j < count; ++j) c[at + j] = Out(x[j]);
        }
}

}  // namespace molten::cpu::gemm

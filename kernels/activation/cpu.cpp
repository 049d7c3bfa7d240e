// One pass, bound by memory: each loop body is branch-free, so it becomes vector code; 16k elements are one chunk of work.
#include <cmath>

#include "kernels/activation/activation.h"
#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/vector_math.h"

namespace molten::cpu {
namespace {

namespace v = vector_math;
constexpr std::int64_t kGrain = 16384;
constexpr double kSqrtHalf = 0.7071067811865476, kInverseSqrtTwoPi = 0.3989422804014327, kSqrtTwoOverPi = 0.7978845608028654, kCubic = 0.044715;

template <Activation F, class A>
MOLTEN_ALWAYS_INLINE A value(A x) {
    if constexpr (F == Activation::relu) return x < 0 ? A(0) : x;  // NaN stays NaN
    if constexpr (F == Activation::gelu) return A(0.5) * x * (1 + v::erf(x * A(kSqrtHalf)));
    if constexpr (F == Activation::gelu_tanh) return A(0.5) * x * (1 + v::tanh(A(kSqrtTwoOverPi) * (x + A(kCubic) * (x * x * x))));
    if constexpr (F == Activation::silu) return x * v::sigmoid(x);
    if constexpr (F == Activation::sigmoid) return v::sigmoid(x);
    if constexpr (F == Activation::tanh) return v::tanh(x);
    if constexpr (F == Activation::softplus) return (x > 0 ? x : A(0)) + v::log1p(v::exp(x > 0 ? -x : x));
    if constexpr (F == Activation::exp) return v::exp(x);
    if constexpr (F == Activation::log) return v::log(x);
    if constexpr (F == Activation::sqrt) return std::sqrt(x);
    if constexpr (F == Activation::square) return x * x;
    if constexpr (F == Activation::abs) return std::abs(x);
}

// `s` is y where backward_reads_output(F), else x.
template <Activation F, class A>
MOLTEN_ALWAYS_INLINE A slope(A s) {
    if constexpr (F == Activation::relu) return s > 0 ? A(1) : A(0);
    if constexpr (F == Activation::gelu)
        return A(0.5) * (1 + v::erf(s * A(kSqrtHalf))) + s * (v::exp(A(-0.5) * s * s) * A(kInverseSqrtTwoPi));
    if constexpr (F == Activation::gelu_tanh) {
        const A t = v::tanh(A(kSqrtTwoOverPi) * (s + A(kCubic) * (s * s * s)));
        return A(0.5) * (1 + t) + A(0.5) * s * ((1 - t * t) * (A(kSqrtTwoOverPi) * (1 + A(3 * kCubic) * (s * s))));
    }
    if constexpr (F == Activation::silu) {
        const A sigma = v::sigmoid(s);
        return sigma * (1 + s * (1 - sigma));
    }
    if constexpr (F == Activation::sigmoid) return s * (1 - s);
    if constexpr (F == Activation::tanh) return 1 - s * s;
    if constexpr (F == Activation::softplus) return v::sigmoid(s);
    if constexpr (F == Activation::exp) return s;
    if constexpr (F == Activation::log) return 1 / s;
    if constexpr (F == Activation::sqrt) return A(0.5) / s;
    if constexpr (F == Activation::square) return 2 * s;
    if constexpr (F == Activation::abs) return (s > 0 ? A(1) : A(0)) - (s < 0 ? A(1) : A(0));
}

// Calls f.template operator()<F>() with the function as a constant.
template <class Body>
void dispatch_function(Activation function, Body&& body) {
    switch (function) {
#define MOLTEN_CASE(name) \
    case Activation::name: return body.template operator()<Activation::name>()
        MOLTEN_CASE(relu);
        MOLTEN_CASE(gelu);
        MOLTEN_CASE(gelu_tanh);
        MOLTEN_CASE(silu);
        MOLTEN_CASE(sigmoid);
        MOLTEN_CASE(tanh);
        MOLTEN_CASE(softplus);
        MOLTEN_CASE(exp);
        MOLTEN_CASE(log);
        MOLTEN_CASE(sqrt);
        MOLTEN_CASE(square);
        MOLTEN_CASE(abs);
#undef MOLTEN_CASE
    }
    kernel_check(false, "activation", "no such function");
}

template <class T, Activation F>
void forward(const T* x, T* y, std::int64_t count) {
    using A = accumulate_t<T>;
    parallel_for(count, kGrain, [=](std::int64_t begin, std::int64_t end) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) y[i] = T(value<F>(A(x[i])));
    });
}

template <class T, Activation F>
void backward(const T* source, const T* dy, T* dx, std::int64_t count) {
    using A = accumulate_t<T>;
    parallel_for(count, kGrain, [=](std::int64_t begin, std::int64_t end) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) dx[i] = T(A(dy[i]) * slope<F>(A(source[i])));
    });
}

}  // namespace

void activation_forward(const Launch&, const ActivationArgs& a) {
    dispatch(a.dtype, [&]<class T>() {
        dispatch_function(a.function, [&]<Activation F>() { forward<T, F>(static_cast<const T*>(a.x), static_cast<T*>(a.y), a.count); });
    });
}

void activation_backward(const Launch&, const ActivationGradArgs& a) {
    const void* source = backward_reads_output(a.function) ? a.y : a.x;
    kernel_check(source || a.count == 0, "activation", "the backward pass was not given the x or y that it reads");
    dispatch(a.dtype, [&]<class T>() {
        dispatch_function(a.function, [&]<Activation F>() {
            backward<T, F>(static_cast<const T*>(source), static_cast<const T*>(a.dy), static_cast<T*>(a.dx), a.count);
        });
    });
}

}  // namespace molten::cpu

#pragma once
#include "kernels/common/launch.h"

// Functions of one number, y = f(x), and dx = dy f'(x). All tensors contiguous, [count].
//
//   relu       max(x, 0)                                        1 for x > 0, else 0
//   gelu       x Phi(x), Phi(x) = (1 + erf(x / sqrt 2)) / 2     Phi(x) + x phi(x)             Hendrycks and Gimpel 2016
//   gelu_tanh  x (1 + tanh u) / 2, u = sqrt(2/pi) (x + 0.044715 x^3)
//   silu       x s, s = sigmoid(x)                              s (1 + x (1 - s))
//   sigmoid    1 / (1 + e^-x)                                   y (1 - y)
//   tanh       tanh x                                           1 - y^2
//   softplus   log(1 + e^x)                                     sigmoid(x)
//   exp        e^x                                              y
//   log        ln x                                             1 / x
//   sqrt       sqrt x                                           1 / (2 y)
//   square     x^2                                              2 x
//   abs        |x|                                              sign x, 0 at 0

namespace molten {

enum class Activation : std::uint8_t { relu, gelu, gelu_tanh, silu, sigmoid, tanh, softplus, exp, log, sqrt, square, abs };
constexpr int kActivations = 12;

// Whether the backward pass reads y (and not x).
constexpr bool backward_reads_output(Activation f) {
    return f == Activation::sigmoid || f == Activation::tanh || f == Activation::exp || f == Activation::sqrt;
}

struct ActivationArgs {
    const void* x;
    void* y;  // may be x
    std::int64_t count;
    Activation function;
    DType dtype;
};

struct ActivationGradArgs {
    const void* x;  // may be null where backward_reads_output(function)
    const void* y;  // may be null elsewhere
    const void* dy;
    void* dx;  // may be dy
    std::int64_t count;
    Activation function;
    DType dtype;
};

namespace cpu {
void activation_forward(const Launch&, const ActivationArgs&);
void activation_backward(const Launch&, const ActivationGradArgs&);
}  // namespace cpu

namespace cuda {
void activation_forward(const Launch&, const ActivationArgs&);
void activation_backward(const Launch&, const ActivationGradArgs&);
}  // namespace cuda

}  // namespace molten

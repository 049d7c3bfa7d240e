#pragma once
#include <cmath>
#include <stdexcept>

#include "kernels/activation/activation.h"

// The definition. Every step rounds to T.

namespace molten::reference {

template <class T>
T sigmoid(T x) {
    using std::exp;
    return T(T(1) / T(T(1) + T(exp(T(-x)))));
}

// sqrt(2/pi) (x + 0.044715 x^3)
template <class T>
T gelu_tanh_argument(T x) {
    using std::sqrt;
    const T scale = T(sqrt(T(T(2) / T(3.141592653589793)))), cubic = T(T(44715) / T(1000000));
    return T(scale * T(x + T(cubic * T(T(x * x) * x))));
}

template <class T>
T activation(Activation f, T x) {
    using std::erf, std::exp, std::log, std::log1p, std::sqrt, std::tanh;
    switch (f) {
        case Activation::relu: return x < T(0) ? T(0) : x;
        case Activation::gelu: return T(T(T(0.5) * x) * T(T(1) + T(erf(T(x * T(sqrt(T(0.5))))))));
        case Activation::gelu_tanh: return T(T(T(0.5) * x) * T(T(1) + T(tanh(gelu_tanh_argument(x)))));
        case Activation::silu: return T(x * sigmoid(x));
        case Activation::sigmoid: return sigmoid(x);
        case Activation::tanh: return T(tanh(x));
        case Activation::softplus: return T((x > T(0) ? x : T(0)) + T(log1p(T(exp(x > T(0) ? T(-x) : x)))));
        case Activation::exp: return T(exp(x));
        case Activation::log: return T(log(x));
        case Activation::sqrt: return T(sqrt(x));
        case Activation::square: return T(x * x);
        case Activation::abs: return x < T(0) ? T(-x) : x;
    }
    throw std::invalid_argument("no such activation");
}

// f'(x), from y = f(x) where backward_reads_output(f).
template <class T>
T activation_slope(Activation f, T x, T y) {
    using std::erf, std::exp, std::sqrt, std::tanh;
    switch (f) {
        case Activation::relu: return T(x > T(0) ? 1 : 0);
        case Activation::gelu: {
            const T cdf = T(T(0.5) * T(T(1) + T(erf(T(x * T(sqrt(T(0.5))))))));
            const T density = T(T(exp(T(T(-0.5) * T(x * x)))) / T(sqrt(T(T(2) * T(3.141592653589793)))));
            return T(cdf + T(x * density));
        }
        case Activation::gelu_tanh: {
            const T t = T(tanh(gelu_tanh_argument(x))), cubic = T(T(3 * 44715) / T(1000000));
            const T inner = T(T(sqrt(T(T(2) / T(3.141592653589793)))) * T(T(1) + T(cubic * T(x * x))));
            return T(T(T(0.5) * T(T(1) + t)) + T(T(T(0.5) * x) * T(T(T(1) - T(t * t)) * inner)));
        }
        case Activation::silu: {
            const T s = sigmoid(x);
            return T(s * T(T(1) + T(x * T(T(1) - s))));
        }
        case Activation::sigmoid: return T(y * T(T(1) - y));
        case Activation::tanh: return T(T(1) - T(y * y));
        case Activation::softplus: return sigmoid(x);
        case Activation::exp: return y;
        case Activation::log: return T(T(1) / x);
        case Activation::sqrt: return T(T(0.5) / y);
        case Activation::square: return T(T(2) * x);
        case Activation::abs: return T(x > T(0) ? 1 : x < T(0) ? -1 : 0);
    }
    throw std::invalid_argument("no such activation");
}

template <class T>
void activation_forward(const ActivationArgs& a) {
    for (std::int64_t i = 0; i < a.count; ++i) static_cast<T*>(a.y)[i] = activation(a.function, static_cast<const T*>(a.x)[i]);
}

template <class T>
void activation_backward(const ActivationGradArgs& a) {
    const auto *x = static_cast<const T*>(a.x), *y = static_cast<const T*>(a.y), *dy = static_cast<const T*>(a.dy);
    for (std::int64_t i = 0; i < a.count; ++i) {
        const T slope = backward_reads_output(a.function) ? activation_slope(a.function, T(0), y[i]) : activation_slope(a.function, x[i], T(0));
        static_cast<T*>(a.dx)[i] = T(dy[i] * slope);
    }
}

}  // namespace molten::reference

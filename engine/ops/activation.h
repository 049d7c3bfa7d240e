#pragma once
#include "engine/autograd/op.h"
#include "kernels/activation/activation.h"

namespace molten {

// y = f(x), element by element; the functions and their derivatives are listed in kernels/activation/activation.h.
Tensor activation(const Tensor& x, Activation function);
inline Tensor relu(const Tensor& x) { return activation(x, Activation::relu); }
inline Tensor gelu(const Tensor& x) { return activation(x, Activation::gelu); }
inline Tensor silu(const Tensor& x) { return activation(x, Activation::silu); }
inline Tensor sigmoid(const Tensor& x) { return activation(x, Activation::sigmoid); }
inline Tensor tanh(const Tensor& x) { return activation(x, Activation::tanh); }
inline Tensor softplus(const Tensor& x) { return activation(x, Activation::softplus); }
inline Tensor exp(const Tensor& x) { return activation(x, Activation::exp); }
inline Tensor log(const Tensor& x) { return activation(x, Activation::log); }
inline Tensor sqrt(const Tensor& x) { return activation(x, Activation::sqrt); }
inline Tensor square(const Tensor& x) { return activation(x, Activation::square); }
inline Tensor abs(const Tensor& x) { return activation(x, Activation::abs); }

extern const OpDef activation_op;

}  // namespace molten

#pragma once
#include "engine/autograd/op.h"

namespace molten {

// Arithmetic with broadcasting as in NumPy: axes are aligned at the end, an axis of size 1 stretches.
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, const Tensor& b);  // equal operands share the gradient
Tensor minimum(const Tensor& a, const Tensor& b);

// alpha x + gamma, and alpha a + beta b of equal shapes.
Tensor scale(const Tensor& x, double alpha, double gamma = 0);
Tensor scale_add(const Tensor& a, double alpha, const Tensor& b, double beta);

extern const OpDef binary_op, scale_add_op;

}  // namespace molten

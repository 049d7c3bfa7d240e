#pragma once
#include "engine/autograd/op.h"

namespace molten {

// Layer normalisation of x over its last axis; weight and bias [n] may be absent.
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps = 1e-5);

struct ResidualNorm {
    Tensor normed, sum;
};
// h = x + residual in the same pass: returns layer_norm(h) and h.
ResidualNorm residual_layer_norm(const Tensor& x, const Tensor& residual, const Tensor& weight, const Tensor& bias, double eps = 1e-5);

extern const OpDef layer_norm_op;

}  // namespace molten

#pragma once
#include "engine/autograd/op.h"
#include "kernels/matmul/matmul.h"

namespace molten {

struct MatMulOptions {
    bool transpose_a = false, transpose_b = false;
    double alpha = 1;
    MatMulActivation activation = MatMulActivation::none;
};

// activation(alpha op(a) op(b) + bias): a [batch..., m, k], b [batch..., k, n] (or rank 2: shared by the batch), bias [n] or absent.
Tensor matmul(const Tensor& a, const Tensor& b, const MatMulOptions& = {}, const Tensor& bias = {});

// activation(x weight^T + bias): x [..., in], weight [out, in] as checkpoints hold it, bias [out] or absent. A frozen weight
// costs no gradient product.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, MatMulActivation = MatMulActivation::none);

extern const OpDef matmul_op;

}  // namespace molten

#pragma once
#include "engine/autograd/op.h"

namespace molten {

// Over the last axis. mask (u8, x's shape, or absent): 1 = takes part; a fully masked row gives zeros (-infinity).
Tensor softmax(const Tensor& x, const Tensor& mask = {});
Tensor log_softmax(const Tensor& x, const Tensor& mask = {});
Tensor logsumexp(const Tensor& x, const Tensor& mask = {});  // the last axis disappears

extern const OpDef softmax_op, logsumexp_op;

}  // namespace molten

#pragma once
#include "engine/autograd/op.h"

namespace molten {

// Drops each element with probability p and scales the others by 1 / (1 - p). The bits are element i of the next key of this
// thread's generator; nothing is stored for the backward pass but the key. p = 0 returns x and draws no key.
Tensor dropout(const Tensor& x, double p);

extern const OpDef dropout_op;

}  // namespace molten

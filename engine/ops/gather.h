#pragma once
#include "engine/autograd/op.h"

namespace molten {

// y[r] = x[index[r]]: rows of x [table_rows, width] by i32 indices [rows]; a negative index gives zeros and no gradient.
Tensor gather(const Tensor& x, const Tensor& index);

// The embedding lookup: weight [vocabulary, width], ids of any shape (i32); result ids.shape + [width]. Negative ids are padding.
Tensor embedding(const Tensor& weight, const Tensor& ids);

extern const OpDef gather_op;

}  // namespace molten

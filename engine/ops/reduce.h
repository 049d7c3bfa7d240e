#pragma once
#include "engine/autograd/op.h"
#include "kernels/reduce/reduce.h"

namespace molten {

// Over one axis, which disappears. max and min pass the gradient to the first extreme element.
Tensor reduce(const Tensor& x, int axis, Reduce op);
inline Tensor sum(const Tensor& x, int axis) { return reduce(x, axis, Reduce::sum); }
inline Tensor mean(const Tensor& x, int axis) { return reduce(x, axis, Reduce::mean); }
inline Tensor max(const Tensor& x, int axis) { return reduce(x, axis, Reduce::max); }
inline Tensor min(const Tensor& x, int axis) { return reduce(x, axis, Reduce::min); }
Tensor sum(const Tensor& x);   // of all elements, rank 0
Tensor mean(const Tensor& x);

extern const OpDef reduce_op;

}  // namespace molten

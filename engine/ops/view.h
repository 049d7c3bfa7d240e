#pragma once
#include "engine/autograd/op.h"

namespace molten {

// Views share the numbers of x. reshape wants a contiguous x; permute and slice give windows that most kernels refuse until
// contiguous() copies them.
Tensor reshape(const Tensor& x, Shape shape);
Tensor permute(const Tensor& x, const std::vector<int>& axes);                         // y.shape[i] = x.shape[axes[i]]
Tensor transpose(const Tensor& x, int first, int second);                              // exchanges two axes
Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end);         // begin <= i < end along an axis

// x itself if it is contiguous, else a row-major copy. Copies are counted: a model's step should need few.
Tensor contiguous(const Tensor& x);
std::uint64_t contiguous_copies();

Tensor concat(const Tensors& parts, int axis);                                         // all other axes equal
Tensor cast(const Tensor& x, DType dtype);                                             // f64, f32, bf16; rounds to nearest even

extern const OpDef reshape_op, permute_op, slice_op, contiguous_op, concat_op, cast_op;

}  // namespace molten

#pragma once
#include "engine/autograd/op.h"
#include "kernels/segment_reduce/segment_reduce.h"

namespace molten {

// Consecutive rows belong together: offset [segments + 1] (i32) rises from 0 to the number of rows, as the atoms of a batch of
// molecules. x [rows, width] -> [segments, width]; weight [rows] or absent (sum and mean). Empty segments give zeros.
Tensor segment_reduce(const Tensor& x, const Tensor& offset, SegmentReduction, const Tensor& weight = {});

// Softmax over the rows of each segment, column by column: x [rows, heads].
Tensor segment_softmax(const Tensor& x, const Tensor& offset);

extern const OpDef segment_reduce_op, segment_softmax_op;

}  // namespace molten

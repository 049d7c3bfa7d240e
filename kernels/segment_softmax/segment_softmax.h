#pragma once
#include "kernels/common/launch.h"

// Softmax over the rows of each segment, for each column alone: the attention readout of a molecule's atoms.
//
//   y[r, h] = exp(x[r, h] - max_s) / sum over rows q of the segment of exp(x[q, h] - max_s)   [rows, heads]
//
// Backward: dx[r] = y[r] * (dy[r] - sum over the segment of y * dy).

namespace molten {

struct SegmentSoftmaxArgs {
    const void* x;               // [rows, heads]
    const std::int32_t* offset;  // [segments + 1], rising from 0 to rows
    void* y;                     // [rows, heads]
    std::int64_t rows, segments, heads;
    DType dtype;
};

struct SegmentSoftmaxGradArgs {
    const void* dy;              // [rows, heads]
    const void* y;               // [rows, heads]
    const std::int32_t* offset;  // [segments + 1]
    void* dx;                    // [rows, heads]
    std::int64_t rows, segments, heads;
    DType dtype;
};

namespace cpu {
void segment_softmax_forward(const Launch&, const SegmentSoftmaxArgs&);
void segment_softmax_backward(const Launch&, const SegmentSoftmaxGradArgs&);
}  // namespace cpu

namespace cuda {
void segment_softmax_forward(const Launch&, const SegmentSoftmaxArgs&);
void segment_softmax_backward(const Launch&, const SegmentSoftmaxGradArgs&);
}  // namespace cuda

}  // namespace molten

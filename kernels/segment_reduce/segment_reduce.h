#pragma once
#include "kernels/common/launch.h"

// Reduction of consecutive rows: the atoms of each molecule, the tokens of each text.
//
//   y[s] = reduce of weight[r] * x[r] over offset[s] <= r < offset[s+1]   [segments, width]
//
// sum and mean take optional weights (one a row; the mean still divides by the number of rows); max takes none and keeps the
// row where each maximum stands, the first of equals. An empty segment gives zeros and passes no gradient.

namespace molten {

enum class SegmentReduction : std::uint8_t { sum, mean, max };

struct SegmentReduceArgs {
    const void* x;               // [rows, width]
    const void* weight;          // [rows] or null
    const std::int32_t* offset;  // [segments + 1], rising from 0 to rows
    void* y;                     // [segments, width]
    std::int32_t* argmax;        // [segments, width] for max (-1 in an empty segment), else null
    std::int64_t rows, segments, width;
    SegmentReduction reduction;
    DType dtype;
};

//   dx[r]      = scale * weight[r] * dy[s]           scale = 1, or 1 / rows of the segment for the mean
//   dweight[r] = scale * dot(x[r], dy[s])
//   max: dx[argmax[s, i], i] = dy[s, i], zero elsewhere
struct SegmentReduceGradArgs {
    const void* dy;              // [segments, width]
    const void* x;               // [rows, width], needed for dweight
    const void* weight;          // [rows] or null
    const std::int32_t* offset;  // [segments + 1]
    const std::int32_t* argmax;  // [segments, width] for max
    void* dx;                    // [rows, width] or null
    void* dweight;               // [rows] or null
    std::int64_t rows, segments, width;
    SegmentReduction reduction;
    DType dtype;
};

namespace cpu {
void segment_reduce_forward(const Launch&, const SegmentReduceArgs&);
void segment_reduce_backward(const Launch&, const SegmentReduceGradArgs&);
}  // namespace cpu

namespace cuda {
void segment_reduce_forward(const Launch&, const SegmentReduceArgs&);
void segment_reduce_backward(const Launch&, const SegmentReduceGradArgs&);
}  // namespace cuda

}  // namespace molten

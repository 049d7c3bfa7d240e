#pragma once
#include "kernels/common/launch.h"

// Sum, mean, maximum or minimum over the middle axis of a contiguous [outer, n, inner]: any one axis of any tensor.
//
//   y [outer, inner] = reduce over k of x[o, k, i]
//
//   sum   dx = dy          mean   dx = dy / n          max, min   dx = dy at the first extreme element, 0 elsewhere
//
// A NaN makes max and min NaN. The sum of nothing is 0; mean, max and min of nothing are refused.

namespace molten {

enum class Reduce : std::uint8_t { sum, mean, max, min };

struct ReduceArgs {
    const void* x;        // [outer, n, inner]
    void* y;              // [outer, inner]
    std::int32_t* index;  // [outer, inner], of max and min: k of the first extreme element; may be null
    std::int64_t outer, n, inner;
    Reduce op;
    DType dtype;
};

struct ReduceGradArgs {
    const void* dy;             // [outer, inner]
    const std::int32_t* index;  // [outer, inner], needed by max and min
    void* dx;                   // [outer, n, inner]
    std::int64_t outer, n, inner;
    Reduce op;
    DType dtype;
};

namespace cpu {
void reduce_forward(const Launch&, const ReduceArgs&);
void reduce_backward(const Launch&, const ReduceGradArgs&);
}  // namespace cpu

namespace cuda {
void reduce_forward(const Launch&, const ReduceArgs&);
void reduce_backward(const Launch&, const ReduceGradArgs&);
}  // namespace cuda

}  // namespace molten

#pragma once
#include "kernels/common/launch.h"

// Rows of a table by index: embedding lookup, and the reading of node rows along edges.
//
//   y[r] = x[index[r]]   [rows, width]      a negative index gives a row of zeros (padding) and no gradient
//
// x [table_rows, width] row-major. Indices are checked: one beyond the table is an error, not a read.

namespace molten {

struct GatherArgs {
    const void* x;              // [table_rows, width]
    const std::int32_t* index;  // [rows]
    void* y;                    // [rows, width]
    std::int64_t rows, table_rows, width;
    DType dtype;
};

// dx[t] = sum over r with index[r] == t of dy[r], added in the order of r, so that the result never depends on threads.
struct GatherGradArgs {
    const void* dy;             // [rows, width]
    const std::int32_t* index;  // [rows]
    void* dx;                   // [table_rows, width], overwritten; null when not wanted
    std::int64_t rows, table_rows, width;
    DType dtype;
};

namespace cpu {
void gather_forward(const Launch&, const GatherArgs&);
void gather_backward(const Launch&, const GatherGradArgs&);
}  // namespace cpu

namespace cuda {
void gather_forward(const Launch&, const GatherArgs&);
void gather_backward(const Launch&, const GatherGradArgs&);
}  // namespace cuda

}  // namespace molten

#pragma once
#include "kernels/common/launch.h"
#include "kernels/common/strides.h"

// Strided copy with a change of dtype: transposes, permutations, slices, concatenations, casts, broadcasts.
//
//   y[sum_k i_k y_strides_k] = cast(x[sum_k i_k x_strides_k])     for all i in shape
//
// Strides are in elements and may be 0 (x only) or negative; elements of y must not coincide. x and y must not overlap. Values convert among
// f64, f32 and bf16, each rounding to nearest even (f64 to bf16 goes through f32); i32 and u8 are copied as they are.
// The gradient of a copy is the copy with x and y exchanged (after fill with 0 where y did not cover its tensor).

namespace molten {

struct CopyArgs {
    const void* x;
    void* y;
    int rank;  // 0 to 6
    std::int64_t shape[kMaxRank];
    std::int64_t x_strides[kMaxRank], y_strides[kMaxRank];
    DType from, to;
};

// y[i] = value for i < count, contiguous, any dtype (values are rounded, indices and masks truncated).
struct FillArgs {
    void* y;
    double value;
    std::int64_t count;
    DType dtype;
};

namespace cpu {
void copy(const Launch&, const CopyArgs&);
void fill(const Launch&, const FillArgs&);
}  // namespace cpu

namespace cuda {
void copy(const Launch&, const CopyArgs&);
void fill(const Launch&, const FillArgs&);
}  // namespace cuda

}  // namespace molten

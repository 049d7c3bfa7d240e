#pragma once
#include "kernels/common/launch.h"

// Layer normalisation over the last axis (Ba, Kiros and Hinton 2016, eq. 4), with the residual addition that often precedes it:
//
//   h    = x + residual                         [rows, n]   h = x where there is no residual
//   mean = sum(h) / n                           [rows]
//   rstd = 1 / sqrt(sum((h - mean)^2) / n + eps)  [rows]
//   y    = (h - mean) rstd weight + bias        [rows, n]
//
// All tensors contiguous. Sums and statistics in float (double for f64).

namespace molten {

struct LayerNormArgs {
    const void* x;         // [rows, n]
    const void* residual;  // [rows, n] or null
    const void* weight;    // [n] or null: 1
    const void* bias;      // [n] or null: 0
    void* h;               // [rows, n]; null when residual is null
    void* y;               // [rows, n]
    void* mean;            // [rows], statistic_dtype(dtype)
    void* rstd;            // [rows], statistic_dtype(dtype)
    std::int64_t rows, n;
    double eps;
    DType dtype;
};

// With z = (h - mean) rstd and g = dy weight:
//
//   dx      = dh + rstd (g - sum(g) / n - z sum(g z) / n)   [rows, n]   this is also the residual's gradient
//   dweight = sum over rows of dy z                         [n]         summed in a fixed order
//   dbias   = sum over rows of dy                           [n]
struct LayerNormGradArgs {
    const void* dy;      // [rows, n]
    const void* dh;      // [rows, n], the gradient that reaches h by another way; or null
    const void* h;       // [rows, n]; x where there was no residual
    const void* weight;  // [n] or null
    const void* mean;    // [rows]
    const void* rstd;    // [rows]
    void* dx;            // [rows, n] or null
    void* dweight;       // [n] or null
    void* dbias;         // [n] or null
    std::int64_t rows, n;
    DType dtype;
};

namespace cpu {
void layer_norm_forward(const Launch&, const LayerNormArgs&);
void layer_norm_backward(const Launch&, const LayerNormGradArgs&);
}  // namespace cpu

namespace cuda {
void layer_norm_forward(const Launch&, const LayerNormArgs&);
void layer_norm_backward(const Launch&, const LayerNormGradArgs&);
}  // namespace cuda

}  // namespace molten

#pragma once
#include "kernels/common/launch.h"

// Softmax, its logarithm and its normaliser over the last axis, of contiguous [rows, n]. A masked element takes no part: its
// probability is 0, its log-probability -infinity, its gradient 0. A fully masked row is all 0 (-infinity).
//
//   softmax      y = e^(x - m) / s, m = max x, s = sum e^(x - m)    dx = y (dy - sum(dy y))
//   log_softmax  y = x - m - ln s                                   dx = dy - e^y sum(dy)
//   logsumexp    y = m + ln s            [rows]                     dx = dy e^(x - m) / s

namespace molten {

struct SoftmaxArgs {
    const void* x;             // [rows, n]
    const std::uint8_t* mask;  // [rows, n], 1 = takes part; null: all do
    void* y;                   // [rows, n], may be x
    std::int64_t rows, n;
    bool logarithm;  // log_softmax
    DType dtype;
};

struct SoftmaxGradArgs {
    const void* y;  // [rows, n]
    const void* dy;
    void* dx;  // [rows, n], may be dy
    std::int64_t rows, n;
    bool logarithm;
    DType dtype;
};

struct LogsumexpArgs {
    const void* x;             // [rows, n]
    const std::uint8_t* mask;  // [rows, n] or null
    void* y;                   // [rows]
    std::int64_t rows, n;
    DType dtype;
};

struct LogsumexpGradArgs {
    const void* x;             // [rows, n]
    const std::uint8_t* mask;  // [rows, n] or null
    const void* dy;            // [rows]
    void* dx;                  // [rows, n]
    std::int64_t rows, n;
    DType dtype;
};

namespace cpu {
void softmax_forward(const Launch&, const SoftmaxArgs&);
void softmax_backward(const Launch&, const SoftmaxGradArgs&);
void logsumexp_forward(const Launch&, const LogsumexpArgs&);
void logsumexp_backward(const Launch&, const LogsumexpGradArgs&);
}  // namespace cpu

namespace cuda {
void softmax_forward(const Launch&, const SoftmaxArgs&);
void softmax_backward(const Launch&, const SoftmaxGradArgs&);
void logsumexp_forward(const Launch&, const LogsumexpArgs&);
void logsumexp_backward(const Launch&, const LogsumexpGradArgs&);
}  // namespace cuda

}  // namespace molten

#pragma once
#include "kernels/common/launch.h"
#include "kernels/common/strides.h"

// Arithmetic of two tensors, with broadcasting.
//
//   y = a op b      y [shape] contiguous; a and b are read at sum_k i_k strides_k (in elements), stride 0 broadcasts an axis
//
//   op           da           db
//   add          dy           dy
//   sub          dy           -dy
//   mul          dy b         dy a
//   div          dy / b       -dy a / b^2
//   maximum      dy [a > b]   dy [b > a]       equal operands share: dy / 2 each
//   minimum      dy [a < b]   dy [b < a]       likewise

namespace molten {

enum class Binary : std::uint8_t { add, sub, mul, div, maximum, minimum };

struct BinaryArgs {
    const void* a;
    const void* b;
    void* y;   // [shape], may be a or b where that one is contiguous and not broadcast
    int rank;  // 0 to 6
    std::int64_t shape[kMaxRank];
    std::int64_t a_strides[kMaxRank], b_strides[kMaxRank];
    Binary op;
    DType dtype;
};

// da and db are contiguous in the operands' own shapes: `shape` with extent 1 on every axis of stride 0. What broadcasting had
// spread is summed in float (double for f64), in an order that depends on the shape alone.
struct BinaryGradArgs {
    const void* a;   // may be null for add and sub
    const void* b;   // likewise
    const void* dy;  // [shape], contiguous
    void* da;        // null when not wanted
    void* db;        // null when not wanted
    int rank;
    std::int64_t shape[kMaxRank];
    std::int64_t a_strides[kMaxRank], b_strides[kMaxRank];
    Binary op;
    DType dtype;
};

// y = alpha a + beta b + gamma, all contiguous, [count]; b may be null (its term is absent); y may be a or b. The gradients are
// da = alpha dy and db = beta dy: the same op with b null and gamma 0.
struct AxpbyArgs {
    const void* a;
    const void* b;
    void* y;
    std::int64_t count;
    double alpha, beta, gamma;
    DType dtype;
};

namespace cpu {
void binary_forward(const Launch&, const BinaryArgs&);
void binary_backward(const Launch&, const BinaryGradArgs&);
void axpby(const Launch&, const AxpbyArgs&);
}  // namespace cpu

namespace cuda {
void binary_forward(const Launch&, const BinaryArgs&);
void binary_backward(const Launch&, const BinaryGradArgs&);
void axpby(const Launch&, const AxpbyArgs&);
}  // namespace cuda

}  // namespace molten

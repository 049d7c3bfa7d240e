#pragma once
#include "kernels/common/launch.h"

// Matrix product with the work that usually follows it:
//
//   P = alpha * op(A) op(B) + bias          [batch, m, n]   the pre-activation
//   C = activation(P) + beta * residual     [batch, m, n]
//
// op is the identity or the transpose. Matrices are row-major with a row stride each (lda, ldb, ldc: elements from one row to
// the next, at least the row's length) and a stride between batch items; a batch stride of 0 shares one matrix among all items.
// Sums are accumulated in float for f32 and bf16 and in double for f64, in an order that depends on the shape alone.
// k = 0 gives P = bias. residual may be C itself (C = A B + C); no other output may overlap an input.

namespace molten {

enum class MatMulActivation : std::uint8_t {
    none,
    relu,
    gelu,       // x (1 + erf(x / sqrt 2)) / 2
    gelu_tanh,  // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
    silu,       // x / (1 + exp(-x))
};

struct MatMulArgs {
    const void* a = nullptr;  // [batch, m, k], stored [k, m] with transpose_a
    const void* b = nullptr;  // [batch, k, n], stored [n, k] with transpose_b
    void* c = nullptr;        // [batch, m, n]
    std::int64_t batch = 1, m = 0, n = 0, k = 0;
    std::int64_t lda = 0, ldb = 0, ldc = 0;                 // 0: contiguous rows
    std::int64_t stride_a = 0, stride_b = 0, stride_c = 0;  // between batch items; stride_c may not be 0 if batch > 1
    bool transpose_a = false, transpose_b = false;
    double alpha = 1, beta = 1;
    const void* bias = nullptr;      // [n] or null
    const void* residual = nullptr;  // laid out as c, or null
    void* pre_activation = nullptr;  // laid out as c, or null: P, which backward needs unless activation is none
    MatMulActivation activation = MatMulActivation::none;
    DType dtype = DType::f32;  // of every pointer
};

// With dP = dC * activation'(P):
//
//   dA = alpha dP op(B)^T,  dB = alpha op(A)^T dP   laid out as A and B; summed over the batch where they are shared
//   dbias = sum over batch and rows of dP           [n], rows added in a fixed order
//   dresidual = beta dC                             laid out as C
//
// Every gradient may be null (not wanted); those that are not are assigned.
struct MatMulGradArgs {
    MatMulArgs forward;  // a, b, sizes, strides, alpha, beta, activation and pre_activation as in the forward pass
    const void* dc = nullptr;
    void *da = nullptr, *db = nullptr, *dbias = nullptr, *dresidual = nullptr;
};

namespace cpu {
// Variants: v1, v2 (default), lib (OpenBLAS; f32 and f64, where it was found at build time).
void matmul_forward(const Launch&, const MatMulArgs&);
void matmul_backward(const Launch&, const MatMulGradArgs&);
bool matmul_has_lib();  // whether the variant lib was built in
}  // namespace cpu

namespace cuda {
void matmul_forward(const Launch&, const MatMulArgs&);
void matmul_backward(const Launch&, const MatMulGradArgs&);
}  // namespace cuda

}  // namespace molten

// The backward pass is products again: dA and dB by matmul_forward in the launch's variant, dbias as a column sum whose
// chunks of rows are fixed and added in order.
#include <algorithm>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"
#include "kernels/matmul/cpu.h"
#include "kernels/matmul/finish.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kElementsAChunk = 32768;

// dP = dC * activation'(P), stored densely.
template <class T>
void through_activation(const MatMulArgs& p, const T* dc, T* dp) {
    using S = accumulate_t<T>;
    const T* pre = static_cast<const T*>(p.pre_activation);
    parallel_for(p.batch * p.m, std::max<std::int64_t>(1, kElementsAChunk / p.n), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t at = row / p.m * p.stride_c + row % p.m * p.ldc;
            gemm::with_slope<S>(p.activation, [&](auto slope) {
#pragma omp simd
                for (std::int64_t j = 0; j < p.n; ++j) dp[row * p.n + j] = T(S(dc[at + j]) * slope(S(pre[at + j])));
            });
        }
    });
}

template <class T>
void sum_columns(const Launch& launch, const MatMulArgs& p, const T* dp, T* dbias) {
    using S = accumulate_t<T>;
    const std::int64_t rows = p.batch * p.m, grain = std::max<std::int64_t>(16, kElementsAChunk / p.n), chunks = (rows + grain - 1) / grain;
    Scratch<S> sums(launch, "matmul dbias", std::max<std::int64_t>(chunks, 1) * p.n);
    std::fill_n(sums.data(), std::max<std::int64_t>(chunks, 1) * p.n, S(0));
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
        S* sum = sums.data() + begin / grain * p.n;
        for (std::int64_t row = begin; row < end; ++row) {
            const T* line = dp + row / p.m * p.stride_c + row % p.m * p.ldc;
#pragma omp simd
            for (std::int64_t j = 0; j < p.n; ++j) sum[j] += S(line[j]);
        }
    });
    for (std::int64_t chunk = 1; chunk < chunks; ++chunk)
        for (std::int64_t j = 0; j < p.n; ++j) sums[j] += sums[chunk * p.n + j];
    for (std::int64_t j = 0; j < p.n; ++j) dbias[j] = T(sums[j]);
}

// C += op(A) op(B) over the batch where it is shared, one item after the other.
template <class T>
void product(const Launch& launch, MatMulArgs p, bool summed) {
    if (!summed || p.batch == 1) return matmul_forward(launch, p);
    const std::int64_t items = p.batch;
    p.batch = 1;
    for (std::int64_t item = 0; item < items; ++item) {
        matmul_forward(launch, p);
        p.residual = p.c;
        p.a = static_cast<const T*>(p.a) + p.stride_a, p.b = static_cast<const T*>(p.b) + p.stride_b;
    }
}

struct Matrix {
    const void* data;
    std::int64_t ld, stride;
    bool transposed;
};

// The gradient `out` of an operand that is stored transposed or not: out = x y, or out^T = y^T x^T.
template <class T>
void gradient(const Launch& launch, const MatMulArgs& p, Matrix x, Matrix y, std::int64_t m, std::int64_t n, std::int64_t k, void* out,
              std::int64_t ldo, std::int64_t stride_out, bool out_transposed) {
    MatMulArgs q;
    if (out_transposed) {
        std::swap(x, y), std::swap(m, n);
        x.transposed = !x.transposed, y.transposed = !y.transposed;
    }
    q.a = x.data, q.lda = x.ld, q.stride_a = x.stride, q.transpose_a = x.transposed;
    q.b = y.data, q.ldb = y.ld, q.stride_b = y.stride, q.transpose_b = y.transposed;
    q.c = out, q.ldc = ldo, q.stride_c = stride_out;
    q.batch = p.batch, q.m = m, q.n = n, q.k = k, q.alpha = p.alpha, q.dtype = p.dtype;
    if (p.batch == 0) q.batch = 1, q.k = 0;
    // bf16 sums over the batch would be rounded after every item: keep them in float.
    const bool summed = p.batch > 1 && stride_out == 0;
    if constexpr (std::is_same_v<T, bf16>) {
        if (summed) {
            const std::int64_t rows = p.batch * q.k;
            Scratch<bf16> left(launch, "matmul shared gradient", rows * q.m), right(launch, "matmul shared gradient", rows * q.n);
            for (std::int64_t r = 0; r < rows; ++r) {
                const std::int64_t item = r / q.k, i = r % q.k;
                const bf16 *u = static_cast<const bf16*>(q.a) + item * q.stride_a, *v = static_cast<const bf16*>(q.b) + item * q.stride_b;
                for (std::int64_t j = 0; j < q.m; ++j) left[r * q.m + j] = q.transpose_a ? u[i * q.lda + j] : u[j * q.lda + i];
                for (std::int64_t j = 0; j < q.n; ++j) right[r * q.n + j] = q.transpose_b ? v[j * q.ldb + i] : v[i * q.ldb + j];
            }
            q.a = left.data(), q.lda = q.m, q.transpose_a = true, q.b = right.data(), q.ldb = q.n, q.transpose_b = false;
            q.batch = 1, q.k = rows;
            return matmul_forward(launch, q);
        }
    }
    product<T>(launch, q, summed);
}

template <class T>
void backward(const Launch& launch, const MatMulGradArgs& g, MatMulArgs p) {
    const bool shared_a = p.batch > 1 && p.stride_a == 0, shared_b = p.batch > 1 && p.stride_b == 0;
    const auto* dp = static_cast<const T*>(g.dc);
    const bool active = p.activation != MatMulActivation::none;
    Scratch<T> slopes(launch, "matmul dP", active ? p.batch * p.m * p.n : 0);
    if (g.dresidual)
        parallel_for(p.batch * p.m, std::max<std::int64_t>(1, kElementsAChunk / std::max<std::int64_t>(p.n, 1)), [&](auto begin, auto end) {
            using S = accumulate_t<T>;
            for (std::int64_t row = begin; row < end; ++row)
                for (std::int64_t j = 0, at = row / p.m * p.stride_c + row % p.m * p.ldc; j < p.n; ++j)
                    static_cast<T*>(g.dresidual)[at + j] = T(S(p.beta) * S(dp[at + j]));
        });
    if (active && p.batch * p.m * p.n > 0) {
        through_activation(p, dp, slopes.data());
        dp = slopes.data(), p.ldc = p.n, p.stride_c = p.m * p.n;
    }
    if (g.dbias && p.n > 0) sum_columns(launch, p, dp, static_cast<T*>(g.dbias));
    const Matrix dpm{dp, p.ldc, p.stride_c, false};
    const Matrix at{p.a, p.lda, p.stride_a, !p.transpose_a}, bt{p.b, p.ldb, p.stride_b, !p.transpose_b};
    if (g.da) gradient<T>(launch, p, dpm, bt, p.m, p.k, p.n, g.da, p.lda, shared_a ? 0 : p.stride_a, p.transpose_a);
    if (g.db) gradient<T>(launch, p, at, dpm, p.k, p.n, p.m, g.db, p.ldb, shared_b ? 0 : p.stride_b, p.transpose_b);
}

}  // namespace

void matmul_backward(const Launch& launch, const MatMulGradArgs& g) {
    const MatMulArgs p = normalised(g.forward);
    kernel_check(p.activation == MatMulActivation::none || p.pre_activation, "matmul",
                 "backward through an activation needs pre_activation");
    dispatch(p.dtype, [&]<class T>() { backward<T>(launch, g, p); });
}

}  // namespace molten::cpu

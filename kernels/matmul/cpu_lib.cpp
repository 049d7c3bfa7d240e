// Variant lib: OpenBLAS multiplies, finish_rows does the rest.
#include <algorithm>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"
#include "kernels/matmul/cpu.h"
#include "kernels/matmul/finish.h"

#ifdef MOLTEN_OPENBLAS
#include <cblas.h>

#include <cstring>
#endif

namespace molten::cpu {

#ifdef MOLTEN_OPENBLAS
namespace {

void gemm_lib(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, const MatMulArgs& p, const float* a, const float* b, float beta, float* c, int ldc) {
    cblas_sgemm(CblasRowMajor, ta, tb, static_cast<int>(p.m), static_cast<int>(p.n), static_cast<int>(p.k), static_cast<float>(p.alpha), a,
                static_cast<int>(p.lda), b, static_cast<int>(p.ldb), beta, c, ldc);
}
void gemm_lib(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, const MatMulArgs& p, const double* a, const double* b, double beta, double* c,
              int ldc) {
    cblas_dgemm(CblasRowMajor, ta, tb, static_cast<int>(p.m), static_cast<int>(p.n), static_cast<int>(p.k), p.alpha, a,
                static_cast<int>(p.lda), b, static_cast<int>(p.ldb), beta, c, ldc);
}

template <class T>
void multiply_typed(const Launch& launch, const MatMulArgs& p) {
    const T *a = static_cast<const T*>(p.a), *b = static_cast<const T*>(p.b);
    auto* c = static_cast<T*>(p.c);
    gemm::Finish<T, T> finish;
    finish.beta = static_cast<T>(p.beta), finish.bias = static_cast<const T*>(p.bias), finish.residual = static_cast<const T*>(p.residual);
    finish.pre_activation = static_cast<T*>(p.pre_activation), finish.activation = p.activation;
    const bool plain = finish.fits_tile() && p.activation == MatMulActivation::none && !p.bias;
    const bool residual_is_c = p.residual == p.c;
    const bool detour = residual_is_c && !plain;
    Scratch<T> sums(launch, "matmul lib sums", detour ? p.m * p.n : 0);
    T* out = detour ? sums.data() : c;
    const std::int64_t ldo = detour ? p.n : p.ldc;
    const bool beta_in_blas = plain && residual_is_c;
    if (p.k == 0) {
        for (std::int64_t i = 0; i < p.m; ++i)
            for (std::int64_t j = 0; j < p.n; ++j) out[i * ldo + j] = beta_in_blas ? finish.beta * out[i * ldo + j] : T(0);
    } else {
        openblas_set_num_threads(thread_count());
        gemm_lib(p.transpose_a ? CblasTrans : CblasNoTrans, p.transpose_b ? CblasTrans : CblasNoTrans, p, a, b,
                 beta_in_blas ? finish.beta : T(0), out, static_cast<int>(ldo));
    }
    if (beta_in_blas || (plain && !p.residual)) return;
    parallel_for(p.m, std::max<std::int64_t>(1, 32768 / p.n), [&](std::int64_t begin, std::int64_t end) {
        gemm::finish_rows(finish, out + begin * ldo, ldo, c, p.ldc, begin, end - begin, 0, p.n);
    });
}

}  // namespace

bool matmul_has_lib() { return true; }

void multiply_lib(const Launch& launch, const MatMulArgs& p) {
    constexpr std::int64_t kLimit = 2147483647;
    kernel_check(std::max({p.m, p.n, p.k, p.lda, p.ldb, p.ldc}) <= kLimit, "matmul", "OpenBLAS counts in 32 bits; v2 does larger sizes");
    p.dtype == DType::f64 ? multiply_typed<double>(launch, p) : multiply_typed<float>(launch, p);
}
#else
bool matmul_has_lib() { return false; }
void multiply_lib(const Launch&, const MatMulArgs&) { kernel_check(false, "matmul", "built without OpenBLAS"); }
#endif

}  // namespace molten::cpu

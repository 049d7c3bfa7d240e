// Forward: mean, then squared deviations, then the result: three passes over a row that stays in the first-level cache. Two
// passes for the variance, since sum(h^2) - n mean^2 loses everything where the mean is large.
// Backward: one chunk of rows a task; each chunk keeps its own dweight and dbias, which are added in the order of the chunks.
#include <algorithm>
#include <cmath>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"
#include "kernels/layer_norm/layer_norm.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kChunkElements = 16384;
constexpr std::int64_t kMostChunks = 64;  // of the column sums: bounds their scratch memory

template <class T>
void forward_row(const LayerNormArgs& a, std::int64_t row) {
    using A = accumulate_t<T>;
    const std::int64_t n = a.n;
    const T* h = static_cast<const T*>(a.x) + row * n;
    if (a.residual) {
        const T *x = h, *residual = static_cast<const T*>(a.residual) + row * n;
        T* sum = static_cast<T*>(a.h) + row * n;
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) sum[i] = T(A(x[i]) + A(residual[i]));
        h = sum;
    }
    A total = 0, squares = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < n; ++i) total += A(h[i]);
    const A mean = total / static_cast<A>(n);
#pragma omp simd reduction(+ : squares)
    for (std::int64_t i = 0; i < n; ++i) squares += (A(h[i]) - mean) * (A(h[i]) - mean);
    const A rstd = 1 / std::sqrt(squares / static_cast<A>(n) + static_cast<A>(a.eps));
    static_cast<A*>(a.mean)[row] = mean;
    static_cast<A*>(a.rstd)[row] = rstd;

    const auto *weight = static_cast<const T*>(a.weight), *bias = static_cast<const T*>(a.bias);
    T* y = static_cast<T*>(a.y) + row * n;
    if (weight && bias) {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) y[i] = T((A(h[i]) - mean) * rstd * A(weight[i]) + A(bias[i]));
    } else {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) {
            const A z = (A(h[i]) - mean) * rstd;
            y[i] = T(z * (weight ? A(weight[i]) : A(1)) + (bias ? A(bias[i]) : A(0)));
        }
    }
}

template <class T>
void backward_row(const LayerNormGradArgs& a, std::int64_t row, accumulate_t<T>* g) {
    using A = accumulate_t<T>;
    const std::int64_t n = a.n;
    const auto *dy = static_cast<const T*>(a.dy) + row * n, *h = static_cast<const T*>(a.h) + row * n;
    const auto *weight = static_cast<const T*>(a.weight), *dh = static_cast<const T*>(a.dh);
    const A mean = static_cast<const A*>(a.mean)[row], rstd = static_cast<const A*>(a.rstd)[row];
    T* dx = static_cast<T*>(a.dx) + row * n;
    if (weight) {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) g[i] = A(dy[i]) * A(weight[i]);
    } else {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) g[i] = A(dy[i]);
    }
    A sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
    for (std::int64_t i = 0; i < n; ++i) {
        sum += g[i];
        dot += g[i] * ((A(h[i]) - mean) * rstd);
    }
    const A mean_g = sum / static_cast<A>(n), mean_gz = dot / static_cast<A>(n);
    if (dh) {
        dh += row * n;
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) dx[i] = T(A(dh[i]) + rstd * (g[i] - mean_g - (A(h[i]) - mean) * rstd * mean_gz));
    } else {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) dx[i] = T(rstd * (g[i] - mean_g - (A(h[i]) - mean) * rstd * mean_gz));
    }
}

// Adds this row's terms to the chunk's dweight and dbias.
template <class T>
void column_terms(const LayerNormGradArgs& a, std::int64_t row, accumulate_t<T>* dweight, accumulate_t<T>* dbias) {
    using A = accumulate_t<T>;
    const auto *dy = static_cast<const T*>(a.dy) + row * a.n, *h = static_cast<const T*>(a.h) + row * a.n;
    const A mean = static_cast<const A*>(a.mean)[row], rstd = static_cast<const A*>(a.rstd)[row];
#pragma omp simd
    for (std::int64_t i = 0; i < a.n; ++i) {
        dweight[i] += A(dy[i]) * ((A(h[i]) - mean) * rstd);
        dbias[i] += A(dy[i]);
    }
}

template <class T>
void add_chunks(const accumulate_t<T>* partial, std::int64_t chunks, std::int64_t stride, std::int64_t n, T* sums) {
    using A = accumulate_t<T>;
    parallel_for(n, std::max<std::int64_t>(64, kChunkElements / chunks), [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            A sum = 0;
            for (std::int64_t c = 0; c < chunks; ++c) sum += partial[c * stride + i];
            sums[i] = T(sum);
        }
    });
}

template <class T>
void backward(const Launch& launch, const LayerNormGradArgs& a) {
    using A = accumulate_t<T>;
    const std::int64_t n = a.n;
    const bool columns = a.dweight || a.dbias;
    std::int64_t grain = std::max<std::int64_t>(1, kChunkElements / n);
    if (columns) grain = std::max(grain, (a.rows + kMostChunks - 1) / kMostChunks);
    const std::int64_t chunks = std::max<std::int64_t>(1, (a.rows + grain - 1) / grain), stride = columns ? 3 * n : n;
    Scratch<A> scratch(launch, "layer_norm backward", static_cast<std::size_t>(chunks * stride));  // a chunk: g, dweight, dbias
    A* memory = scratch.data();
    if (columns) std::fill_n(memory, chunks * stride, A(0));
    parallel_for(a.rows, grain, [&, memory](std::int64_t begin, std::int64_t end) {
        A* mine = memory + begin / grain * stride;
        for (std::int64_t row = begin; row < end; ++row) {
            if (a.dx) backward_row<T>(a, row, mine);
            if (columns) column_terms<T>(a, row, mine + n, mine + 2 * n);
        }
    });
    if (a.dweight) add_chunks(memory + n, chunks, stride, n, static_cast<T*>(a.dweight));
    if (a.dbias) add_chunks(memory + 2 * n, chunks, stride, n, static_cast<T*>(a.dbias));
}

}  // namespace

void layer_norm_forward(const Launch&, const LayerNormArgs& a) {
    kernel_check(!a.residual || a.h || a.rows * a.n == 0, "layer_norm", "a residual needs a place for h");
    if (a.n == 0) return;
    dispatch(a.dtype, [&]<class T>() {
        parallel_for(a.rows, std::max<std::int64_t>(1, kChunkElements / a.n), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row) forward_row<T>(a, row);
        });
    });
}

void layer_norm_backward(const Launch& launch, const LayerNormGradArgs& a) {
    if (a.n == 0) return;
    dispatch(a.dtype, [&]<class T>() { backward<T>(launch, a); });
}

}  // namespace molten::cpu

#include "train/baselines/cholesky.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "train/baselines/parallel.h"

namespace molten::baselines {
namespace {

constexpr std::size_t block = 64;
constexpr std::size_t tile = 3;  // tile x tile dot products at a time, each in four lanes

using Lanes = double __attribute__((vector_size(32)));

// sum += a[0..4) * b[0..4)
inline __attribute__((always_inline)) void add_products(Lanes& sum, const double* a, const double* b) {
    Lanes va, vb;
    std::memcpy(&va, a, sizeof va);
    std::memcpy(&vb, b, sizeof vb);
    sum += va * vb;
}

// out[i, j] -= sum_k a[i, k] b[j, k] for i < rows, j < columns, k < depth; every matrix with the same row stride.
inline __attribute__((always_inline)) void subtract_products(const double* a, const double* b, double* out, std::size_t rows,
                                                             std::size_t columns, std::size_t depth, std::size_t stride) {
    for (std::size_t i = 0; i < rows; i += tile)
        for (std::size_t j = 0; j < columns; j += tile) {
            // A tile over the edge repeats the last row or column and does not store it.
            const double *pa[tile], *pb[tile];
            for (std::size_t t = 0; t < tile; ++t) {
                pa[t] = a + std::min(i + t, rows - 1) * stride;
                pb[t] = b + std::min(j + t, columns - 1) * stride;
            }
            Lanes sum[tile][tile] = {};
            std::size_t k = 0;
            for (; k + 4 <= depth; k += 4)
                for (std::size_t s = 0; s < tile; ++s)
                    for (std::size_t t = 0; t < tile; ++t) add_products(sum[s][t], pa[s] + k, pb[t] + k);
            for (std::size_t s = 0; s < std::min(tile, rows - i); ++s)
                for (std::size_t t = 0; t < std::min(tile, columns - j); ++t) {
                    const Lanes v = sum[s][t];
                    double total = (v[0] + v[1]) + (v[2] + v[3]);
                    for (std::size_t rest = k; rest < depth; ++rest) total += pa[s][rest] * pb[t][rest];
                    out[(i + s) * stride + j + t] -= total;
                }
        }
}

using SubtractProducts = void (*)(const double*, const double*, double*, std::size_t, std::size_t, std::size_t, std::size_t);

void subtract_products_portable(const double* a, const double* b, double* out, std::size_t rows, std::size_t columns, std::size_t depth,
                                std::size_t stride) {
    subtract_products(a, b, out, rows, columns, depth, stride);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void subtract_products_avx2(const double* a, const double* b, double* out, std::size_t rows,
                                                                std::size_t columns, std::size_t depth, std::size_t stride) {
    subtract_products(a, b, out, rows, columns, depth, stride);
}
#endif

SubtractProducts best_subtract_products() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return subtract_products_avx2;
#endif
    return subtract_products_portable;
}

// Row i of L inside the panel of columns [first, last), whose own rows before i are done: forward substitution.
bool finish_row(double* a, std::size_t n, std::size_t i, std::size_t first, std::size_t last) {
    for (std::size_t j = first; j < std::min(i + 1, last); ++j) {
        double value = a[i * n + j];
        for (std::size_t k = first; k < j; ++k) value -= a[i * n + k] * a[j * n + k];
        if (i == j) {
            if (!(value > 0) || !std::isfinite(value)) return false;
            a[i * n + i] = std::sqrt(value);
        } else {
            a[i * n + j] = value / a[j * n + j];
        }
    }
    return true;
}

}  // namespace

// Panel by panel of `block` columns: take off what the columns before contribute (nearly all the work), then finish the panel's rows.
bool cholesky(std::span<double> matrix, std::size_t n, int threads) {
    const auto subtract = best_subtract_products();
    double* a = matrix.data();
    for (std::size_t first = 0; first < n; first += block) {
        const std::size_t last = std::min(first + block, n);
        parallel_for(n - first, block, threads, [&](std::size_t begin, std::size_t end) {
            subtract(a + (first + begin) * n, a + first * n, a + (first + begin) * n + first, end - begin, last - first, first, n);
        });
        for (std::size_t i = first; i < last; ++i)
            if (!finish_row(a, n, i, first, last)) return false;
        parallel_for(n - last, block, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = last + begin; i < last + end; ++i) finish_row(a, n, i, first, last);
        });
    }
    return true;
}

void cholesky_solve(std::span<const double> l, std::size_t n, std::span<double> b) {
    for (std::size_t i = 0; i < n; ++i) {
        double value = b[i];
        for (std::size_t k = 0; k < i; ++k) value -= l[i * n + k] * b[k];
        b[i] = value / l[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
        b[i] /= l[i * n + i];
        for (std::size_t k = 0; k < i; ++k) b[k] -= l[i * n + k] * b[i];
    }
}

}  // namespace molten::baselines

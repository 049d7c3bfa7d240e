#pragma once
#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "kernels/common/dtype.h"
#include "kernels/matmul/tile.h"

// Copies of A and B in the order in which the micro-kernel reads them, converted to the accumulation type S on the way.

namespace molten::cpu::gemm {

template <class T, class S>
inline void convert(const T* in, std::int64_t count, S* out) {
    if constexpr (std::is_same_v<T, S>) {
        std::memcpy(out, in, static_cast<std::size_t>(count) * sizeof(T));
    } else {
#pragma omp simd
        for (std::int64_t i = 0; i < count; ++i) out[i] = S(in[i]);
    }
}

template <class V, int kL, int... kI>
inline void interleave(V& low, V& high, const V& a, const V& b, std::integer_sequence<int, kI...>) {
    low = __builtin_shufflevector(a, b, (kI / 2 + (kI % 2) * kL)...);
    high = __builtin_shufflevector(a, b, (kL / 2 + kI / 2 + (kI % 2) * kL)...);
}

// out[c * ldo + r] = in[r * ldi + c] for a square of one vector's width: log2(width) perfect shuffles of the rows.
template <class T, class S>
inline void transpose_square(const T* in, std::int64_t ldi, S* out, std::int64_t ldo) {
    using V = Vector<S>;
    constexpr int kL = kLanes<S>;
    V rows[kL], next[kL];
#pragma GCC unroll 16
    for (int r = 0; r < kL; ++r) {
        if constexpr (std::is_same_v<T, S>) {
            rows[r] = load<V>(in + r * ldi);
        } else {
            S line[kL];
            convert(in + r * ldi, kL, line);
            rows[r] = load<V>(line);
        }
    }
#pragma GCC unroll 4
    for (int width = kL; width > 1; width /= 2) {
#pragma GCC unroll 8
        for (int r = 0; r < kL / 2; ++r)
            interleave<V, kL>(next[2 * r], next[2 * r + 1], rows[r], rows[r + kL / 2], std::make_integer_sequence<int, kL>());
#pragma GCC unroll 16
        for (int r = 0; r < kL; ++r) rows[r] = next[r];
    }
#pragma GCC unroll 16
    for (int r = 0; r < kL; ++r) store(out + r * ldo, rows[r]);
}

// One panel of op(B): out[p * kPanel + j] for p in [0, k), zeros beyond `columns`.
template <class T, class S>
void pack_b_panel(const T* b, std::int64_t ldb, bool transposed, std::int64_t k, std::int64_t columns, S* out) {
    constexpr std::int64_t kP = kPanel<S>, kL = kLanes<S>;
    if (!transposed) {
        for (std::int64_t p = 0; p < k; ++p, out += kP) {
            if (columns == kP) {
                convert(b + p * ldb, kP, out);
            } else {
                convert(b + p * ldb, columns, out);
                std::fill(out + columns, out + kP, S(0));
            }
        }
        return;
    }
    std::int64_t j = 0, k_squares = k / kL * kL;
    for (; j + kL <= columns; j += kL) {
        for (std::int64_t p = 0; p < k_squares; p += kL) transpose_square(b + j * ldb + p, ldb, out + p * kP + j, kP);
        for (std::int64_t p = k_squares; p < k; ++p)
            for (std::int64_t i = j; i < j + kL; ++i) out[p * kP + i] = S(b[i * ldb + p]);
    }
    for (; j < kP; ++j)
        for (std::int64_t p = 0; p < k; ++p) out[p * kP + j] = j < columns ? S(b[j * ldb + p]) : S(0);
}

template <class T, class S, int kRows>
void copy_columns(const T* a, std::int64_t lda, std::int64_t k, S* out) {
    for (std::int64_t p = 0; p < k; ++p, a += lda, out += kTileRows) convert(a, kRows, out);
}

// Rows of op(A) that one tile reads: [rows][k] with stride k where A is stored [m, k], [k][kTileRows] where it is stored [k, m].
template <class T, class S>
void pack_a_tile(const T* a, std::int64_t lda, bool transposed, std::int64_t rows, std::int64_t k, S* out) {
    if (!transposed) {
        for (std::int64_t i = 0; i < rows; ++i) convert(a + i * lda, k, out + i * k);
    } else if (rows == kTileRows) {
        copy_columns<T, S, kTileRows>(a, lda, k, out);
    } else if (rows == kTileRows - 1) {
        copy_columns<T, S, kTileRows - 1>(a, lda, k, out);
    } else if (rows == kTileRows - 2) {
        copy_columns<T, S, kTileRows - 2>(a, lda, k, out);
    } else {
        for (std::int64_t p = 0; p < k; ++p) convert(a + p * lda, rows, out + p * kTileRows);
    }
}

}  // namespace molten::cpu::gemm

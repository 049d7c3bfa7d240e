// Axes are brought into the order in which they lie in y, and those that are walked as one are merged. What is left is one of
// three: lines (x and y both run along the last axis), a transpose (x runs along another axis: 32 x 32 tiles), or single elements.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/copy/copy.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kGrain = 32768, kLine = 32768, kTile = 32;

template <class From, class To>
To converted(From x) {
    if constexpr (std::is_same_v<To, bf16> && !std::is_same_v<From, bf16>) return bf16(static_cast<float>(x));
    else return static_cast<To>(x);
}

struct Walk {
    int rank;
    std::int64_t shape[kMaxRank], strides[2][kMaxRank];  // x's, y's

    std::int64_t x_offset(std::int64_t index, int axes) const { return strided_offset(index, axes, shape, strides[0]); }
    std::int64_t y_offset(std::int64_t index, int axes) const { return strided_offset(index, axes, shape, strides[1]); }
};

template <class From, class To>
void copy_line(const From* x, To* y, std::int64_t n) {
    if constexpr (std::is_same_v<From, To>) {
        std::memcpy(static_cast<void*>(y), x, static_cast<std::size_t>(n) * sizeof(To));
    } else {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) y[i] = converted<From, To>(x[i]);
    }
}

// The last axis in pieces of kLine elements.
template <class From, class To>
void copy_lines(const From* x, To* y, const Walk& w) {
    const int last = w.rank - 1;
    const std::int64_t n = w.shape[last], sx = w.strides[0][last], sy = w.strides[1][last];
    const std::int64_t pieces = (n + kLine - 1) / kLine, lines = element_count(last, w.shape);
    parallel_for(lines * pieces, std::max<std::int64_t>(1, kGrain / n), [=, &w](std::int64_t begin, std::int64_t end) {
        for (std::int64_t item = begin; item < end; ++item) {
            const std::int64_t line = item / pieces, first = item % pieces * kLine, count = std::min(kLine, n - first);
            const From* from = x + w.x_offset(line, last) + first * sx;
            To* to = y + w.y_offset(line, last) + first * sy;
            if (sx == 1 && sy == 1) {
                copy_line(from, to, count);
            } else {
                for (std::int64_t i = 0; i < count; ++i) to[i * sy] = converted<From, To>(from[i * sx]);
            }
        }
    });
}

// x runs along axis w.rank - 2, y along the last one. A tile goes through a buffer: x and y are then touched only in runs of a
// tile's length, which a cache of few ways bears even where the strides are powers of two.
template <class From, class To>
void copy_transposed(const From* x, To* y, const Walk& w) {
    const int outer = w.rank - 2;
    const std::int64_t rows = w.shape[outer], columns = w.shape[outer + 1], row_tiles = (rows + kTile - 1) / kTile;
    const std::int64_t sx = w.strides[0][outer + 1], sy = w.strides[1][outer];
    const std::int64_t items = element_count(outer, w.shape) * row_tiles;
    parallel_for(items, std::max<std::int64_t>(1, kGrain / (kTile * columns)), [=, &w](std::int64_t begin, std::int64_t end) {
        To tile[kTile][kTile + 1];
        for (std::int64_t item = begin; item < end; ++item) {
            const std::int64_t r0 = item % row_tiles * kTile, height = std::min(kTile, rows - r0);
            const From* from = x + w.x_offset(item / row_tiles, outer) + r0;
            To* to = y + w.y_offset(item / row_tiles, outer) + r0 * sy;
            for (std::int64_t c0 = 0; c0 < columns; c0 += kTile) {
                const std::int64_t width = std::min(kTile, columns - c0);
                for (std::int64_t c = 0; c < width; ++c)
                    for (std::int64_t r = 0; r < height; ++r) tile[r][c] = converted<From, To>(from[r + (c0 + c) * sx]);
                for (std::int64_t r = 0; r < height; ++r) std::copy_n(tile[r], width, to + r * sy + c0);
            }
        }
    });
}

void swap_axes(Walk& w, int i, int k) {
    std::swap(w.shape[i], w.shape[k]);
    std::swap(w.strides[0][i], w.strides[0][k]);
    std::swap(w.strides[1][i], w.strides[1][k]);
}

// Axes in the order in which they lie in y, so that y runs along the last one.
void sort_axes(Walk& w) {
    for (int i = 0; i < w.rank; ++i)
        for (int k = i + 1; k < w.rank; ++k)
            if (std::abs(w.strides[1][i]) < std::abs(w.strides[1][k])) swap_axes(w, i, k);
}

template <class From, class To>
void copy_as(const CopyArgs& a) {
    if (element_count(a.rank, a.shape) == 0) return;
    Walk w{a.rank, {}, {}};
    std::copy_n(a.shape, a.rank, w.shape);
    std::copy_n(a.x_strides, a.rank, w.strides[0]);
    std::copy_n(a.y_strides, a.rank, w.strides[1]);
    sort_axes(w);
    w.rank = collapse_axes<2>(a.rank, w.shape, w.strides);
    const int last = w.rank - 1;
    const auto *x = static_cast<const From*>(a.x);
    auto* y = static_cast<To*>(a.y);
    if (w.strides[1][last] == 1 && w.strides[0][last] != 1) {
        for (int axis = 0; axis < last; ++axis) {
            if (w.strides[0][axis] != 1) continue;
            swap_axes(w, axis, last - 1);  // beside the last axis; the order of the others does not matter
            return copy_transposed(x, y, w);
        }
    }
    copy_lines(x, y, w);
}

template <class T>
void fill_as(const FillArgs& a) {
    const T value = T(a.value);
    parallel_for(a.count, kGrain, [=](std::int64_t begin, std::int64_t end) {
        std::fill(static_cast<T*>(a.y) + begin, static_cast<T*>(a.y) + end, value);
    });
}

}  // namespace

void copy(const Launch&, const CopyArgs& a) {
    kernel_check(a.rank >= 0 && a.rank <= kMaxRank, "copy", "rank " + std::to_string(a.rank) + " is not 0 to 6");
    const bool bits = a.from == DType::i32 || a.from == DType::u8;
    kernel_check(a.from == a.to || !(bits || a.to == DType::i32 || a.to == DType::u8), "copy",
                 "no conversion from " + std::string(name_of(a.from)) + " to " + std::string(name_of(a.to)));
    if (a.from == DType::i32) return copy_as<std::int32_t, std::int32_t>(a);
    if (a.from == DType::u8) return copy_as<std::uint8_t, std::uint8_t>(a);
    dispatch(a.from, [&]<class From>() { dispatch(a.to, [&]<class To>() { copy_as<From, To>(a); }); });
}

void fill(const Launch&, const FillArgs& a) {
    if (a.dtype == DType::i32) return fill_as<std::int32_t>(a);
    if (a.dtype == DType::u8) return fill_as<std::uint8_t>(a);
    dispatch(a.dtype, [&]<class T>() { fill_as<T>(a); });
}

}  // namespace molten::cpu

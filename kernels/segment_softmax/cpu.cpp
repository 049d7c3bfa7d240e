#include <algorithm>
#include <cmath>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/segment_softmax/segment_softmax.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kElementsPerChunk = 1 << 12;

std::int64_t segments_per_chunk(std::int64_t rows, std::int64_t segments, std::int64_t heads) {
    return std::max<std::int64_t>(1, kElementsPerChunk * segments / std::max<std::int64_t>(1, rows * heads));
}

void check_offsets(const std::int32_t* offset, std::int64_t segments, std::int64_t rows) {
    kernel_check(offset[0] == 0 && offset[segments] == rows, "segment_softmax", "the offsets must run from 0 to the number of rows");
    for (std::int64_t s = 0; s < segments; ++s)
        kernel_check(offset[s] <= offset[s + 1], "segment_softmax", "the offsets fall at segment " + std::to_string(s));
}

template <class T>
void forward_column(const T* x, T* y, std::int64_t rows, std::int64_t stride) {
    using Sum = accumulate_t<T>;
    Sum largest = static_cast<Sum>(x[0]), sum = 0;
    for (std::int64_t r = 1; r < rows; ++r) largest = std::max(largest, static_cast<Sum>(x[r * stride]));
    for (std::int64_t r = 0; r < rows; ++r) sum += std::exp(static_cast<Sum>(x[r * stride]) - largest);
    for (std::int64_t r = 0; r < rows; ++r) y[r * stride] = static_cast<T>(std::exp(static_cast<Sum>(x[r * stride]) - largest) / sum);
}

template <class T>
void backward_column(const T* dy, const T* y, T* dx, std::int64_t rows, std::int64_t stride) {
    using Sum = accumulate_t<T>;
    Sum dot = 0;
    for (std::int64_t r = 0; r < rows; ++r) dot += static_cast<Sum>(y[r * stride]) * static_cast<Sum>(dy[r * stride]);
    for (std::int64_t r = 0; r < rows; ++r)
        dx[r * stride] = static_cast<T>(static_cast<Sum>(y[r * stride]) * (static_cast<Sum>(dy[r * stride]) - dot));
}

// Calls column(first element, rows) for each head of each segment that has rows.
template <class Column>
void for_each_column(const std::int32_t* offset, std::int64_t rows, std::int64_t segments, std::int64_t heads, Column&& column) {
    check_offsets(offset, segments, rows);
    parallel_for(segments, segments_per_chunk(rows, segments, heads), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t s = begin; s < end; ++s)
            for (std::int64_t h = 0; h < heads && offset[s + 1] > offset[s]; ++h) column(offset[s] * heads + h, offset[s + 1] - offset[s]);
    });
}

}  // namespace

void segment_softmax_forward(const Launch&, const SegmentSoftmaxArgs& a) {
    dispatch(a.dtype, [&]<class T>() {
        for_each_column(a.offset, a.rows, a.segments, a.heads, [&](std::int64_t first, std::int64_t rows) {
            forward_column(static_cast<const T*>(a.x) + first, static_cast<T*>(a.y) + first, rows, a.heads);
        });
    });
}

void segment_softmax_backward(const Launch&, const SegmentSoftmaxGradArgs& a) {
    if (!a.dx) return;
    dispatch(a.dtype, [&]<class T>() {
        for_each_column(a.offset, a.rows, a.segments, a.heads, [&](std::int64_t first, std::int64_t rows) {
            backward_column(static_cast<const T*>(a.dy) + first, static_cast<const T*>(a.y) + first, static_cast<T*>(a.dx) + first, rows,
                            a.heads);
        });
    });
}

}  // namespace molten::cpu

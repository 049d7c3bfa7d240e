#include <algorithm>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"
#include "kernels/segment_reduce/segment_reduce.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kElementsPerChunk = 1 << 15;

// Segments in a chunk: by the mean work of a segment, so that the cut depends on the sizes alone.
std::int64_t segments_per_chunk(std::int64_t rows, std::int64_t segments, std::int64_t width) {
    const std::int64_t work = std::max<std::int64_t>(1, (rows + segments) * width / std::max<std::int64_t>(segments, 1));
    return std::max<std::int64_t>(1, kElementsPerChunk / work);
}

void check_offsets(const std::int32_t* offset, std::int64_t segments, std::int64_t rows) {
    kernel_check(offset[0] == 0 && offset[segments] == rows, "segment_reduce", "the offsets must run from 0 to the number of rows");
    for (std::int64_t s = 0; s < segments; ++s)
        kernel_check(offset[s] <= offset[s + 1], "segment_reduce", "the offsets fall at segment " + std::to_string(s));
}

template <class T>
void forward_sum(const SegmentReduceArgs& a, std::int64_t s, accumulate_t<T>* sum) {
    using Sum = accumulate_t<T>;
    const auto *x = static_cast<const T*>(a.x), *weight = static_cast<const T*>(a.weight);
    T* y = static_cast<T*>(a.y) + s * a.width;
    std::fill_n(sum, a.width, Sum(0));
    for (std::int64_t r = a.offset[s]; r < a.offset[s + 1]; ++r) {
        const T* row = x + r * a.width;
        const Sum w = weight ? static_cast<Sum>(weight[r]) : Sum(1);
#pragma omp simd
        for (std::int64_t i = 0; i < a.width; ++i) sum[i] += w * static_cast<Sum>(row[i]);
    }
    const Sum count = static_cast<Sum>(a.offset[s + 1] - a.offset[s]);
    const bool mean = a.reduction == SegmentReduction::mean && count > 0;
#pragma omp simd
    for (std::int64_t i = 0; i < a.width; ++i) y[i] = static_cast<T>(mean ? sum[i] / count : sum[i]);
}

template <class T>
void forward_max(const SegmentReduceArgs& a, std::int64_t s) {
    const auto* x = static_cast<const T*>(a.x);
    for (std::int64_t i = 0; i < a.width; ++i) {
        std::int64_t best = -1;
        for (std::int64_t r = a.offset[s]; r < a.offset[s + 1]; ++r)
            if (best < 0 || x[r * a.width + i] > x[best * a.width + i]) best = r;
        static_cast<T*>(a.y)[s * a.width + i] = best < 0 ? T(0) : x[best * a.width + i];
        if (a.argmax) a.argmax[s * a.width + i] = static_cast<std::int32_t>(best);
    }
}

template <class T>
void backward_segment(const SegmentReduceGradArgs& a, std::int64_t s) {
    using Sum = accumulate_t<T>;
    const auto *x = static_cast<const T*>(a.x), *weight = static_cast<const T*>(a.weight);
    const T* dy = static_cast<const T*>(a.dy) + s * a.width;
    const Sum scale =
        a.reduction == SegmentReduction::mean ? Sum(1) / static_cast<Sum>(std::max(1, a.offset[s + 1] - a.offset[s])) : Sum(1);
    for (std::int64_t r = a.offset[s]; r < a.offset[s + 1]; ++r) {
        if (a.dx) {
            T* dx = static_cast<T*>(a.dx) + r * a.width;
            if (a.reduction == SegmentReduction::max) {
                for (std::int64_t i = 0; i < a.width; ++i) dx[i] = a.argmax[s * a.width + i] == r ? dy[i] : T(0);
            } else {
                const Sum w = weight ? scale * static_cast<Sum>(weight[r]) : scale;
#pragma omp simd
                for (std::int64_t i = 0; i < a.width; ++i) dx[i] = static_cast<T>(w * static_cast<Sum>(dy[i]));
            }
        }
        if (a.dweight) {
            const T* row = x + r * a.width;
            Sum dot = 0;
#pragma omp simd reduction(+ : dot)
            for (std::int64_t i = 0; i < a.width; ++i) dot += static_cast<Sum>(row[i]) * static_cast<Sum>(dy[i]);
            static_cast<T*>(a.dweight)[r] = static_cast<T>(scale * dot);
        }
    }
}

}  // namespace

void segment_reduce_forward(const Launch&, const SegmentReduceArgs& a) {
    check_offsets(a.offset, a.segments, a.rows);
    kernel_check(!(a.weight && a.reduction == SegmentReduction::max), "segment_reduce", "max takes no weights");
    dispatch(a.dtype, [&]<class T>() {
        parallel_for(a.segments, segments_per_chunk(a.rows, a.segments, a.width), [&](std::int64_t begin, std::int64_t end) {
            Scratch<accumulate_t<T>> sum(Launch{}, "segment_reduce sum", static_cast<std::size_t>(a.width));
            for (std::int64_t s = begin; s < end; ++s)
                a.reduction == SegmentReduction::max ? forward_max<T>(a, s) : forward_sum<T>(a, s, sum.data());
        });
    });
}

void segment_reduce_backward(const Launch&, const SegmentReduceGradArgs& a) {
    check_offsets(a.offset, a.segments, a.rows);
    dispatch(a.dtype, [&]<class T>() {
        parallel_for(a.segments, segments_per_chunk(a.rows, a.segments, a.width), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t s = begin; s < end; ++s) backward_segment<T>(a, s);
        });
    });
}

}  // namespace molten::cpu

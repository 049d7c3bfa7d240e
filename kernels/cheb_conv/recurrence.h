#pragma once
#include "kernels/cheb_conv/cheb_conv.h"
#include "kernels/matmul/tile.h"

// One step of the recurrence on rows of a block of nodes, a few vectors of features at a time.

namespace molten::cpu::cheb {

// Lh or its transpose, for nodes [first, ...) whose features lie in rows 0, 1, ... of a block.
template <class S>
struct ScaledLaplacian {
    const ChebGraph* graph;
    const S *coefficient, *diagonal;
    bool transposed;
    std::int64_t first;

    S at(std::int64_t e) const { return coefficient[transposed ? graph->reverse[e] : e]; }
};

// out = factor * (Lh in) + sign * other for node i, `width` features from `column`. Rows are ld apart in all three.
template <class S>
struct Step {
    const S* in;
    const S* other;  // null: nothing is added
    S* out;
    std::int64_t ld;
    S factor, sign;
};

template <class S, class V, int kVectors>
inline void step_columns(const ScaledLaplacian<S>& lh, const Step<S>& step, std::int64_t i, std::int64_t column) {
    constexpr std::int64_t kLanesOfV = sizeof(V) / sizeof(S);
    const std::int64_t at = (i - lh.first) * step.ld + column;
    V sum[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[v] = lh.diagonal[i] * gemm::load<V>(step.in + at + v * kLanesOfV);
    for (auto e = lh.graph->row_offset[i]; e < lh.graph->row_offset[i + 1]; ++e) {
        const S c = lh.at(e);
        const S* from = step.in + (lh.graph->column[e] - lh.first) * step.ld + column;
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sum[v] += c * gemm::load<V>(from + v * kLanesOfV);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
        V y = step.factor * sum[v];
        if (step.other) y += step.sign * gemm::load<V>(step.other + at + v * kLanesOfV);
        gemm::store(step.out + at + v * kLanesOfV, y);
    }
}

template <class S>
void step_rows(const ScaledLaplacian<S>& lh, const Step<S>& step, std::int64_t begin, std::int64_t end, std::int64_t width) {
    using V = gemm::Vector<S>;
    constexpr std::int64_t kL = gemm::kLanes<S>;
    for (std::int64_t i = begin; i < end; ++i) {
        std::int64_t column = 0;
        for (; column + 4 * kL <= width; column += 4 * kL) step_columns<S, V, 4>(lh, step, i, column);
        for (; column + kL <= width; column += kL) step_columns<S, V, 1>(lh, step, i, column);
        for (; column < width; ++column) step_columns<S, S, 1>(lh, step, i, column);
    }
}

// dLh at the entries of rows [begin, end): dc_e += factor <g_i, t_j>.
template <class S>
void gather_entries(const ScaledLaplacian<S>& lh, const S* g, const S* t, std::int64_t ld, std::int64_t width, S factor, std::int64_t begin,
                    std::int64_t end, bool first_level, S* dc) {
    for (std::int64_t i = begin; i < end; ++i)
        for (auto e = lh.graph->row_offset[i]; e < lh.graph->row_offset[i + 1]; ++e) {
            const S *left = g + (i - lh.first) * ld, *right = t + (lh.graph->column[e] - lh.first) * ld;
            S sum = 0;
#pragma omp simd reduction(+ : sum)
            for (std::int64_t f = 0; f < width; ++f) sum += left[f] * right[f];
            dc[e] = (first_level ? S(0) : dc[e]) + factor * sum;
        }
}

}  // namespace molten::cpu::cheb

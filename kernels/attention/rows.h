#pragma once
#include <limits>

#include "kernels/attention/layout.h"
#include "kernels/common/dtype.h"
#include "kernels/common/vector_math.h"

// What both variants do with one row of scores.

namespace molten::cpu::attention {

template <class S>
constexpr S kMinusInfinity = -std::numeric_limits<S>::infinity();

// Keys [first, first + count) that row i may see by causality.
inline std::int64_t visible_keys(const AttentionArgs& p, std::int64_t i, std::int64_t first, std::int64_t count) {
    if (!p.causal) return count;
    const std::int64_t visible = i + p.causal_offset + 1 - first;
    return visible < 0 ? 0 : visible < count ? visible : count;
}

// Adds the bias and puts -infinity where a key takes no part. `mask` is the batch item's key mask at `first`, or null.
template <class T, class S>
void mask_scores(const AttentionArgs& p, const T* bias, const std::uint8_t* mask, std::int64_t i, std::int64_t first, std::int64_t count,
                 S* score) {
    if (bias)
#pragma omp simd
        for (std::int64_t j = 0; j < count; ++j) score[j] += S(bias[j]);
    if (mask)
#pragma omp simd
        for (std::int64_t j = 0; j < count; ++j) score[j] = mask[j] ? score[j] : kMinusInfinity<S>;
    for (std::int64_t j = visible_keys(p, i, first, count); j < count; ++j) score[j] = kMinusInfinity<S>;
}

// score = exp(score - shift), exactly 0 for -infinity; returns the sum. The shift is finite.
template <class S>
S exponentials(S* score, std::int64_t count, S shift) {
    S sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t j = 0; j < count; ++j) {
        const S e = vector_math::exp(score[j] - shift);
        score[j] = score[j] == kMinusInfinity<S> ? S(0) : e;
        sum += score[j];
    }
    return sum;
}

template <class S>
S largest_of(const S* score, std::int64_t count, S largest) {
#pragma omp simd reduction(max : largest)
    for (std::int64_t j = 0; j < count; ++j) largest = score[j] > largest ? score[j] : largest;
    return largest;
}

template <class A, class B>
accumulate_t<A> dot(const A* a, const B* b, std::int64_t count) {
    using S = accumulate_t<A>;
    S sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t d = 0; d < count; ++d) sum += S(a[d]) * S(b[d]);
    return sum;
}

// y += weight * x
template <class T, class S>
void add_scaled(S weight, const T* x, std::int64_t count, S* y) {
#pragma omp simd
    for (std::int64_t d = 0; d < count; ++d) y[d] += weight * S(x[d]);
}

// Typed views of the arguments.
template <class T>
struct Heads {
    using S = accumulate_t<T>;
    const AttentionArgs& p;
    std::int64_t group = p.heads / p.key_heads;

    const T* query(std::int64_t b, std::int64_t h, std::int64_t i) const {
        return static_cast<const T*>(p.q) + row_at(p.q_strides, b, h, i);
    }
    const T* key(std::int64_t b, std::int64_t kh, std::int64_t j) const {
        return static_cast<const T*>(p.k) + row_at(p.k_strides, b, kh, j);
    }
    const T* value(std::int64_t b, std::int64_t kh, std::int64_t j) const {
        return static_cast<const T*>(p.v) + row_at(p.v_strides, b, kh, j);
    }
    T* out(std::int64_t b, std::int64_t h, std::int64_t i) const { return static_cast<T*>(p.out) + row_at(p.out_strides, b, h, i); }
    const T* bias(std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) const {
        return p.bias ? static_cast<const T*>(p.bias) + row_at(p.bias_strides, b, h, i) + j : nullptr;
    }
    const std::uint8_t* mask(std::int64_t b, std::int64_t j) const { return p.key_mask ? p.key_mask + b * p.keys + j : nullptr; }
    S* logsumexp(std::int64_t b, std::int64_t h, std::int64_t i) const {
        return static_cast<S*>(p.logsumexp) + (b * p.heads + h) * p.queries + i;
    }
};

constexpr std::int64_t kQueryBlock = 84, kKeyBlock = 128;  // v2
constexpr std::int64_t kTaskWork = 1'000'000;              // multiply-adds worth a task

// The variant by name or by size: blocks pay once a row of keys fills vectors.
bool uses_blocks(const Launch&, const AttentionArgs&);

}  // namespace molten::cpu::attention

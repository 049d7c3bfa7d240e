// Attention on the CPU, forward.
//
//   v1  a row of scores at a time, plain loops over the width                                      few tokens
//   v2  84 queries x 128 keys at a time, both products by matmul's micro-kernel, running maximum and sum    sequences
//
// Figures stand in README.md; the backward pass is cpu_backward.cpp.
#include <algorithm>
#include <string>
#include <string_view>

#include "kernels/attention/rows.h"
#include "kernels/common/check.h"
#include "kernels/matmul/product.h"

namespace molten::cpu {
namespace attention {
namespace {

template <class T>
void forward_rows(const AttentionArgs& p) {
    using S = accumulate_t<T>;
    const Heads<T> heads{p};
    const std::int64_t grain = std::max<std::int64_t>(1, kTaskWork / (2 * p.keys * p.width + 64));
    parallel_for(p.batch * p.heads * p.queries, grain, [&](std::int64_t begin, std::int64_t end) {
        Scratch<S> score(Launch{}, "attention scores", p.keys), sums(Launch{}, "attention sums", p.width);
        for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t i = row % p.queries, h = row / p.queries % p.heads, b = row / p.queries / p.heads, kh = h / heads.group;
            const T* q = heads.query(b, h, i);
            for (std::int64_t j = 0; j < p.keys; ++j) score[j] = S(p.scale) * dot(q, heads.key(b, kh, j), p.width);
            mask_scores(p, heads.bias(b, h, i, 0), heads.mask(b, 0), i, 0, p.keys, score.data());
            const S largest = largest_of(score.data(), p.keys, kMinusInfinity<S>);
            const bool any = largest > kMinusInfinity<S>;
            const S sum = any ? exponentials(score.data(), p.keys, largest) : S(1);
            std::fill_n(sums.data(), p.width, S(0));
            for (std::int64_t j = 0; any && j < p.keys; ++j)
                if (score[j] != 0) add_scaled(score[j], heads.value(b, kh, j), p.width, sums.data());
            T* out = heads.out(b, h, i);
            for (std::int64_t d = 0; d < p.width; ++d) out[d] = T(sums[d] / sum);
            if (p.logsumexp) *heads.logsumexp(b, h, i) = any ? largest + std::log(sum) : largest;
        }
    });
}

// Queries [first, first + rows) of one head against all keys.
template <class T>
void forward_block(const Heads<T>& heads, std::int64_t b, std::int64_t h, std::int64_t first, std::int64_t rows) {
    using S = accumulate_t<T>;
    const AttentionArgs& p = heads.p;
    const Launch here;
    const std::int64_t kh = h / heads.group;
    Scratch<S> key_panels(here, "attention K", gemm::packed_size<S>(p.width, kKeyBlock));
    Scratch<S> value_panels(here, "attention V", gemm::packed_size<S>(kKeyBlock, p.width));
    Scratch<S> score(here, "attention scores", rows * kKeyBlock), out(here, "attention sums", rows * p.width);
    Scratch<S> largest(here, "attention maxima", rows), sum(here, "attention row sums", rows);
    std::fill_n(out.data(), rows * p.width, S(0));
    std::fill_n(largest.data(), rows, kMinusInfinity<S>);
    std::fill_n(sum.data(), rows, S(0));
    const std::int64_t last_key = visible_keys(p, first + rows - 1, 0, p.keys);
    for (std::int64_t key = 0; key < last_key; key += kKeyBlock) {
        const std::int64_t count = std::min(kKeyBlock, last_key - key);
        gemm::pack_b(heads.key(b, kh, key), p.k_strides.row, true, p.width, count, key_panels.data());
        gemm::pack_b(heads.value(b, kh, key), p.v_strides.row, false, count, p.width, value_panels.data());
        gemm::multiply_block(heads.query(b, h, first), p.q_strides.row, false, key_panels.data(), score.data(), count, rows, count, p.width,
                             S(p.scale), false);
        for (std::int64_t i = 0; i < rows; ++i) {
            S* row = score.data() + i * count;
            mask_scores(p, heads.bias(b, h, first + i, key), heads.mask(b, key), first + i, key, count, row);
            const S before = largest[i], now = largest_of(row, count, before);
            if (now == kMinusInfinity<S>) {  // no key yet
                std::fill_n(row, count, S(0));
                continue;
            }
            const S shrink = vector_math::exp(before - now);
            sum[i] = sum[i] * shrink + exponentials(row, count, now);
            largest[i] = now;
            S* o = out.data() + i * p.width;
#pragma omp simd
            for (std::int64_t d = 0; d < p.width; ++d) o[d] *= shrink;
        }
        gemm::multiply_block(score.data(), count, false, value_panels.data(), out.data(), p.width, rows, p.width, count, S(1), true);
    }
    for (std::int64_t i = 0; i < rows; ++i) {
        const bool any = largest[i] > kMinusInfinity<S>;
        T* to = heads.out(b, h, first + i);
        const S scale = any ? S(1) / sum[i] : S(0);
        for (std::int64_t d = 0; d < p.width; ++d) to[d] = T(out[i * p.width + d] * scale);
        if (p.logsumexp) *heads.logsumexp(b, h, first + i) = any ? largest[i] + std::log(sum[i]) : kMinusInfinity<S>;
    }
}

template <class T>
void forward(bool blocks, const AttentionArgs& p) {
    if (!blocks) return forward_rows<T>(p);
    const Heads<T> heads{p};
    const std::int64_t query_blocks = gemm::divide_up(p.queries, kQueryBlock);
    const std::int64_t grain = std::max<std::int64_t>(1, kTaskWork / (2 * std::min(p.queries, kQueryBlock) * p.keys * p.width + 1));
    parallel_for(p.batch * p.heads * query_blocks, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t task = begin; task < end; ++task) {
            const std::int64_t first = task % query_blocks * kQueryBlock, head = task / query_blocks;
            forward_block(heads, head / p.heads, head % p.heads, first, std::min(kQueryBlock, p.queries - first));
        }
    });
}

}  // namespace

bool uses_blocks(const Launch& launch, const AttentionArgs& p) {
    const std::string_view variant = launch.variant ? launch.variant : "";
    kernel_check(variant.empty() || variant == "v1" || variant == "v2", "attention",
                 "no variant " + std::string(variant) + "; v1 and v2 exist");
    kernel_check(p.key_heads > 0 && p.heads % p.key_heads == 0, "attention",
                 std::to_string(p.heads) + " query heads cannot share " + std::to_string(p.key_heads) + " key heads evenly");
    if (p.keys == 0 || p.width == 0) return false;
    return variant.empty() ? p.queries >= 12 && p.keys >= 24 : variant == "v2";
}

}  // namespace attention

void attention_forward(const Launch& launch, const AttentionArgs& args) {
    if (args.batch * args.heads * args.queries == 0) return;
    const AttentionArgs p = with_default_strides(args);
    const bool blocks = attention::uses_blocks(launch, p);
    dispatch(p.dtype, [&]<class T>() { attention::forward<T>(blocks, p); });
}

}  // namespace molten::cpu

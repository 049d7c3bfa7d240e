// Attention on the CPU, backward: one task a batch item and key head, which owns its dk and dv. v1 and v2 as in cpu.cpp; both
// compute the weights again from the stored logsumexp.
#include <algorithm>

#include "kernels/attention/rows.h"
#include "kernels/matmul/product.h"

namespace molten::cpu {
namespace attention {
namespace {

template <class T>
class Backward {
  public:
    using S = accumulate_t<T>;

    explicit Backward(const AttentionGradArgs& grad) : g(grad), p(grad.forward), heads{grad.forward} {}

    bool shares_bias() const { return g.dbias && ((!p.bias_strides.batch && p.batch > 1) || (!p.bias_strides.head && p.heads > 1)); }
    std::int64_t bias_rows() const { return (p.bias_strides.batch ? p.batch : 1) * (p.bias_strides.head ? p.heads : 1) * p.queries; }

    // Sums of a shared bias gradient, [bias_rows, keys]; null where every ds goes straight to dbias.
    void sum_bias_into(S* sums) { bias_sums_ = sums; }
    void store_bias() const {
        const std::int64_t bias_heads = p.bias_strides.head ? p.heads : 1;
        for (std::int64_t row = 0; row < bias_rows(); ++row) {
            T* to = static_cast<T*>(g.dbias) +
                    row_at(p.bias_strides, row / p.queries / bias_heads, row / p.queries % bias_heads, row % p.queries);
            for (std::int64_t j = 0; j < p.keys; ++j) to[j] = T(bias_sums_[row * p.keys + j]);
        }
    }

    void rows(std::int64_t b, std::int64_t kh) const {
        const Launch here;
        Scratch<S> dk(here, "attention dk", p.keys * p.width), dv(here, "attention dv", p.keys * p.width);
        Scratch<S> weight(here, "attention weights", p.keys), ds(here, "attention ds", p.keys), dq(here, "attention dq", p.width);
        std::fill_n(dk.data(), p.keys * p.width, S(0));
        std::fill_n(dv.data(), p.keys * p.width, S(0));
        for (std::int64_t h = kh * heads.group; h < (kh + 1) * heads.group; ++h)
            for (std::int64_t i = 0; i < p.queries; ++i) {
                const T *q = heads.query(b, h, i), *dout = this->dout(b, h, i);
                const S delta = dot(dout, static_cast<const T*>(heads.out(b, h, i)), p.width);
                for (std::int64_t j = 0; j < p.keys; ++j) weight[j] = S(p.scale) * dot(q, heads.key(b, kh, j), p.width);
                weights(b, h, i, 0, p.keys, weight.data());
                std::fill_n(dq.data(), p.width, S(0));
                for (std::int64_t j = 0; j < p.keys; ++j) {
                    ds[j] = 0;
                    if (weight[j] == 0) continue;
                    ds[j] = weight[j] * (dot(dout, heads.value(b, kh, j), p.width) - delta);
                    add_scaled(ds[j], heads.key(b, kh, j), p.width, dq.data());
                    add_scaled(ds[j], q, p.width, dk.data() + j * p.width);
                    add_scaled(weight[j], dout, p.width, dv.data() + j * p.width);
                }
                store_ds(b, h, i, 0, p.keys, ds.data());
                if (g.dq) store(dq.data(), S(p.scale), static_cast<T*>(g.dq) + row_at(p.q_strides, b, h, i));
            }
        store_keys(b, kh, 0, p.keys, dk.data(), dv.data());
    }

    void blocks(std::int64_t b, std::int64_t kh) const {
        const Launch here;
        const std::int64_t query_rows = heads.group * p.queries;
        Scratch<S> dq(here, "attention dq", query_rows * p.width), delta(here, "attention delta", query_rows);
        std::fill_n(dq.data(), query_rows * p.width, S(0));
        for (std::int64_t r = 0; r < query_rows; ++r) {
            const std::int64_t h = kh * heads.group + r / p.queries, i = r % p.queries;
            delta[r] = dot(dout(b, h, i), static_cast<const T*>(heads.out(b, h, i)), p.width);
        }
        for (std::int64_t key = 0; key < p.keys; key += kKeyBlock)
            key_block(b, kh, key, std::min(kKeyBlock, p.keys - key), delta.data(), dq.data());
        for (std::int64_t r = 0; g.dq && r < query_rows; ++r)
            store(dq.data() + r * p.width, S(p.scale),
                  static_cast<T*>(g.dq) + row_at(p.q_strides, b, kh * heads.group + r / p.queries, r % p.queries));
    }

  private:
    const T* dout(std::int64_t b, std::int64_t h, std::int64_t i) const {
        return static_cast<const T*>(g.dout) + row_at(p.out_strides, b, h, i);
    }

    // Scores to weights exp(s - logsumexp), 0 where a key takes no part.
    void weights(std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t first, std::int64_t count, S* score) const {
        const S lse = *heads.logsumexp(b, h, i);
        if (lse == kMinusInfinity<S>) return std::fill_n(score, count, S(0)), void();
        mask_scores(p, heads.bias(b, h, i, first), heads.mask(b, first), i, first, count, score);
        exponentials(score, count, lse);
    }
    void store(const S* from, S scale, T* to) const {
        for (std::int64_t d = 0; d < p.width; ++d) to[d] = T(scale * from[d]);
    }
    void store_keys(std::int64_t b, std::int64_t kh, std::int64_t first, std::int64_t count, const S* dk, const S* dv) const {
        for (std::int64_t j = 0; j < count; ++j) {
            if (g.dk) store(dk + j * p.width, S(p.scale), static_cast<T*>(g.dk) + row_at(p.k_strides, b, kh, first + j));
            if (g.dv) store(dv + j * p.width, S(1), static_cast<T*>(g.dv) + row_at(p.v_strides, b, kh, first + j));
        }
    }
    void store_ds(std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t first, std::int64_t count, const S* ds) const {
        if (!g.dbias) return;
        if (!bias_sums_) {
            T* to = static_cast<T*>(g.dbias) + row_at(p.bias_strides, b, h, i) + first;
            for (std::int64_t j = 0; j < count; ++j) to[j] = T(ds[j]);
            return;
        }
        const std::int64_t batch_row = p.bias_strides.batch ? b : 0, head_row = p.bias_strides.head ? h : 0;
        S* sums = bias_sums_ + ((batch_row * (p.bias_strides.head ? p.heads : 1) + head_row) * p.queries + i) * p.keys + first;
        for (std::int64_t j = 0; j < count; ++j) sums[j] += ds[j];
    }

    // All queries of the group against keys [key, key + count).
    void key_block(std::int64_t b, std::int64_t kh, std::int64_t key, std::int64_t count, const S* delta, S* dq) const {
        const Launch here;
        Scratch<S> keys_across(here, "attention K^T", gemm::packed_size<S>(p.width, count)),
            values_across(here, "attention V^T", gemm::packed_size<S>(p.width, count));
        Scratch<S> keys(here, "attention K", gemm::packed_size<S>(count, p.width));
        Scratch<S> dk(here, "attention dk", count * p.width), dv(here, "attention dv", count * p.width);
        Scratch<S> weight(here, "attention weights", kQueryBlock * count), ds(here, "attention ds", kQueryBlock * count);
        Scratch<S> queries(here, "attention Q", gemm::packed_size<S>(kQueryBlock, p.width)),
            douts(here, "attention dout", gemm::packed_size<S>(kQueryBlock, p.width));
        gemm::pack_b(heads.key(b, kh, key), p.k_strides.row, true, p.width, count, keys_across.data());
        gemm::pack_b(heads.value(b, kh, key), p.v_strides.row, true, p.width, count, values_across.data());
        gemm::pack_b(heads.key(b, kh, key), p.k_strides.row, false, count, p.width, keys.data());
        std::fill_n(dk.data(), count * p.width, S(0));
        std::fill_n(dv.data(), count * p.width, S(0));
        for (std::int64_t h = kh * heads.group; h < (kh + 1) * heads.group; ++h)
            for (std::int64_t first = 0; first < p.queries; first += kQueryBlock) {
                const std::int64_t rows = std::min(kQueryBlock, p.queries - first), at = (h - kh * heads.group) * p.queries + first;
                const T *q = heads.query(b, h, first), *dout = this->dout(b, h, first);
                gemm::multiply_block(q, p.q_strides.row, false, keys_across.data(), weight.data(), count, rows, count, p.width, S(p.scale),
                                     false);
                gemm::multiply_block(dout, p.out_strides.row, false, values_across.data(), ds.data(), count, rows, count, p.width, S(1),
                                     false);
                for (std::int64_t i = 0; i < rows; ++i) {
                    S *w = weight.data() + i * count, *d = ds.data() + i * count;
                    weights(b, h, first + i, key, count, w);
                    const S shift = delta[at + i];
#pragma omp simd
                    for (std::int64_t j = 0; j < count; ++j) d[j] = w[j] * (d[j] - shift);
                    store_ds(b, h, first + i, key, count, d);
                }
                gemm::pack_b(q, p.q_strides.row, false, rows, p.width, queries.data());
                gemm::pack_b(dout, p.out_strides.row, false, rows, p.width, douts.data());
                gemm::multiply_block(weight.data(), count, true, douts.data(), dv.data(), p.width, count, p.width, rows, S(1), true);
                gemm::multiply_block(ds.data(), count, true, queries.data(), dk.data(), p.width, count, p.width, rows, S(1), true);
                gemm::multiply_block(ds.data(), count, false, keys.data(), dq + at * p.width, p.width, rows, p.width, count, S(1), true);
            }
        store_keys(b, kh, key, count, dk.data(), dv.data());
    }

    const AttentionGradArgs& g;
    const AttentionArgs& p;
    const Heads<T> heads;
    S* bias_sums_ = nullptr;
};

template <class T>
void backward(const Launch& launch, bool blocks, const AttentionGradArgs& g) {
    const AttentionArgs& p = g.forward;
    Backward<T> pass(g);
    // Tasks that add into one dbias run one after the other.
    const bool serial = pass.shares_bias();
    Scratch<accumulate_t<T>> sums(launch, "attention dbias", serial ? pass.bias_rows() * p.keys : 0);
    if (serial) {
        std::fill_n(sums.data(), pass.bias_rows() * p.keys, 0);
        pass.sum_bias_into(sums.data());
    }
    const std::int64_t tasks = p.batch * p.key_heads, work = 5 * p.heads / p.key_heads * p.queries * p.keys * p.width + 256;
    parallel_for(tasks, serial ? tasks : std::max<std::int64_t>(1, kTaskWork / work), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t task = begin; task < end; ++task)
            blocks ? pass.blocks(task / p.key_heads, task % p.key_heads) : pass.rows(task / p.key_heads, task % p.key_heads);
    });
    if (serial) pass.store_bias();
}

}  // namespace
}  // namespace attention

void attention_backward(const Launch& launch, const AttentionGradArgs& args) {
    AttentionGradArgs g = args;
    g.forward = with_default_strides(args.forward);
    const bool blocks = attention::uses_blocks(launch, g.forward);
    dispatch(g.forward.dtype, [&]<class T>() { attention::backward<T>(launch, blocks, g); });
}

}  // namespace molten::cpu

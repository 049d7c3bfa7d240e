#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/attention/layout.h"

namespace molten::reference {

// Scores of one row; `takes_part` says which keys count.
template <class T>
void attention_scores(const AttentionArgs& p, std::int64_t b, std::int64_t h, std::int64_t i, std::vector<accumulate_t<T>>& score,
                      std::vector<char>& takes_part) {
    using S = accumulate_t<T>;
    const auto* q = static_cast<const T*>(p.q) + row_at(p.q_strides, b, h, i);
    for (std::int64_t j = 0; j < p.keys; ++j) {
        takes_part[j] = (!p.key_mask || p.key_mask[b * p.keys + j]) && (!p.causal || j <= i + p.causal_offset);
        const auto* k = static_cast<const T*>(p.k) + row_at(p.k_strides, b, h / (p.heads / p.key_heads), j);
        S sum(0);
        for (std::int64_t d = 0; d < p.width; ++d) sum += S(q[d]) * S(k[d]);
        score[j] = S(p.scale) * sum;
        if (p.bias) score[j] += S((static_cast<const T*>(p.bias) + row_at(p.bias_strides, b, h, i))[j]);
    }
}

template <class T>
void attention_forward(AttentionArgs p) {
    using S = accumulate_t<T>;
    using std::exp, std::log;
    p = with_default_strides(p);
    std::vector<S> score(static_cast<std::size_t>(p.keys));
    std::vector<char> takes_part(score.size());
    for (std::int64_t b = 0; b < p.batch; ++b)
        for (std::int64_t h = 0; h < p.heads; ++h)
            for (std::int64_t i = 0; i < p.queries; ++i) {
                attention_scores<T>(p, b, h, i, score, takes_part);
                S largest(-std::numeric_limits<double>::infinity()), sum(0);
                for (std::int64_t j = 0; j < p.keys; ++j)
                    if (takes_part[j] && score[j] > largest) largest = score[j];
                const bool any = largest > S(-std::numeric_limits<double>::infinity());
                for (std::int64_t j = 0; j < p.keys; ++j) {
                    score[j] = any && takes_part[j] ? S(exp(score[j] - largest)) : S(0);
                    sum += score[j];
                }
                for (std::int64_t d = 0; d < p.width; ++d) {
                    S value(0);
                    for (std::int64_t j = 0; j < p.keys; ++j)
                        value += score[j] * S((static_cast<const T*>(p.v) + row_at(p.v_strides, b, h / (p.heads / p.key_heads), j))[d]);
                    (static_cast<T*>(p.out) + row_at(p.out_strides, b, h, i))[d] = any ? T(value / sum) : T(S(0));
                }
                static_cast<S*>(p.logsumexp)[(b * p.heads + h) * p.queries + i] = any ? S(largest + S(log(sum))) : largest;
            }
}

template <class T>
void attention_backward(AttentionGradArgs g) {
    using S = accumulate_t<T>;
    using std::exp;
    const AttentionArgs p = g.forward = with_default_strides(g.forward);
    const std::int64_t group = p.heads / p.key_heads, key_rows = p.batch * p.key_heads * p.keys;
    std::vector<S> dk(static_cast<std::size_t>(key_rows * p.width), S(0)), dv(dk);
    const std::int64_t bias_batch = p.bias_strides.batch ? p.batch : 1, bias_heads = p.bias_strides.head ? p.heads : 1;
    std::vector<S> dbias(static_cast<std::size_t>(g.dbias ? bias_batch * bias_heads * p.queries * p.keys : 0), S(0));
    std::vector<S> score(static_cast<std::size_t>(p.keys));
    std::vector<char> takes_part(score.size());
    for (std::int64_t b = 0; b < p.batch; ++b)
        for (std::int64_t h = 0; h < p.heads; ++h)
            for (std::int64_t i = 0; i < p.queries; ++i) {
                attention_scores<T>(p, b, h, i, score, takes_part);
                const S lse = static_cast<const S*>(p.logsumexp)[(b * p.heads + h) * p.queries + i];
                const bool any = lse > S(-std::numeric_limits<double>::infinity());
                const auto* q = static_cast<const T*>(p.q) + row_at(p.q_strides, b, h, i);
                const auto *out = static_cast<const T*>(p.out) + row_at(p.out_strides, b, h, i),
                           *dout = static_cast<const T*>(g.dout) + row_at(p.out_strides, b, h, i);
                S delta(0);
                for (std::int64_t d = 0; d < p.width; ++d) delta += S(dout[d]) * S(out[d]);
                std::vector<S> dq(static_cast<std::size_t>(p.width), S(0));
                for (std::int64_t j = 0; j < p.keys; ++j) {
                    if (!any || !takes_part[j]) continue;
                    const std::int64_t at = ((b * p.key_heads + h / group) * p.keys + j) * p.width;
                    const auto *k = static_cast<const T*>(p.k) + row_at(p.k_strides, b, h / group, j),
                               *v = static_cast<const T*>(p.v) + row_at(p.v_strides, b, h / group, j);
                    const S weight = exp(score[j] - lse);
                    S dp(0);
                    for (std::int64_t d = 0; d < p.width; ++d) dp += S(dout[d]) * S(v[d]);
                    const S ds = weight * (dp - delta);
                    for (std::int64_t d = 0; d < p.width; ++d) {
                        dq[d] += ds * S(k[d]);
                        dk[at + d] += ds * S(q[d]);
                        dv[at + d] += weight * S(dout[d]);
                    }
                    if (g.dbias) dbias[((b % bias_batch * bias_heads + h % bias_heads) * p.queries + i) * p.keys + j] += ds;
                }
                for (std::int64_t d = 0; g.dq && d < p.width; ++d)
                    (static_cast<T*>(g.dq) + row_at(p.q_strides, b, h, i))[d] = T(S(p.scale) * dq[d]);
            }
    for (std::int64_t row = 0; row < key_rows; ++row) {
        const std::int64_t b = row / p.keys / p.key_heads, h = row / p.keys % p.key_heads, j = row % p.keys;
        for (std::int64_t d = 0; d < p.width; ++d) {
            if (g.dk) (static_cast<T*>(g.dk) + row_at(p.k_strides, b, h, j))[d] = T(S(p.scale) * dk[row * p.width + d]);
            if (g.dv) (static_cast<T*>(g.dv) + row_at(p.v_strides, b, h, j))[d] = T(dv[row * p.width + d]);
        }
    }
    for (std::size_t at = 0; at < dbias.size(); ++at) {
        const std::int64_t row = static_cast<std::int64_t>(at) / p.keys, i = row % p.queries, h = row / p.queries % bias_heads,
                           b = row / p.queries / bias_heads;
        (static_cast<T*>(g.dbias) + row_at(p.bias_strides, b, h, i))[static_cast<std::int64_t>(at) % p.keys] = T(dbias[at]);
    }
}

}  // namespace molten::reference

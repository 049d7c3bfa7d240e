#pragma once
#include <cmath>
#include <vector>

#include "kernels/expert_gate/expert_gate.h"

namespace molten::reference {

template <class S>
S gate_sigmoid(const S& x) {
    using std::exp;
    if (x < S(0)) {
        const S e = exp(x);
        return e / (S(1) + e);
    }
    return S(1) / (S(1) + S(exp(-x)));
}

// Whether each expert is among the `top` largest logits of the row.
template <class T>
std::vector<bool> chosen_experts(const T* logits, std::int64_t experts, std::int64_t top) {
    std::vector<bool> chosen(static_cast<std::size_t>(experts));
    for (std::int64_t e = 0; e < experts; ++e) {
        std::int64_t better = 0;
        for (std::int64_t other = 0; other < experts; ++other)
            better += logits[other] > logits[e] || (logits[other] == logits[e] && other < e);
        chosen[e] = better < top;
    }
    return chosen;
}

template <class T>
std::vector<accumulate_t<T>> gate_probabilities(const ExpertGateArgs& p, const T* logits) {
    using S = accumulate_t<T>;
    using std::exp;
    std::vector<S> probability(static_cast<std::size_t>(p.experts));
    S largest = p.experts ? S(logits[0]) : S(0), sum(0);
    for (std::int64_t e = 1; e < p.experts; ++e)
        if (S(logits[e]) > largest) largest = S(logits[e]);
    for (std::int64_t e = 0; e < p.experts; ++e) {
        probability[e] = p.function == GateFunction::softmax ? S(exp(S(logits[e]) - largest)) : gate_sigmoid(S(logits[e]));
        sum += probability[e];
    }
    for (std::int64_t e = 0; p.function == GateFunction::softmax && e < p.experts; ++e) probability[e] = probability[e] / sum;
    return probability;
}

inline void gate_strides(const ExpertGateArgs& p, std::int64_t& row, std::int64_t& expert) {
    const bool contiguous = !p.row_stride && !p.expert_stride;
    row = contiguous ? p.experts * p.width : p.row_stride, expert = contiguous ? p.width : p.expert_stride;
}

template <class T>
void expert_gate_forward(const ExpertGateArgs& p) {
    using S = accumulate_t<T>;
    const std::int64_t top = p.top_k ? p.top_k : p.experts, choices = p.top_k ? p.top_k : 1;
    std::int64_t row_stride, expert_stride;
    gate_strides(p, row_stride, expert_stride);
    std::vector<S> mean(static_cast<std::size_t>(p.experts), S(0)), fraction(mean), importance(mean);
    for (std::int64_t i = 0; i < p.rows; ++i) {
        const T* logits = static_cast<const T*>(p.logits) + i * p.experts;
        const auto probability = gate_probabilities<T>(p, logits);
        const auto chosen = chosen_experts(logits, p.experts, top), counted = chosen_experts(logits, p.experts, choices);
        S sum(0), all(0);
        for (std::int64_t e = 0; e < p.experts; ++e) {
            if (chosen[e]) sum += probability[e];
            all += probability[e];
        }
        std::vector<S> y(static_cast<std::size_t>(p.width), S(0));
        for (std::int64_t e = 0; e < p.experts; ++e) {
            const S w = !chosen[e] ? S(0) : p.normalised ? probability[e] / sum : probability[e];
            static_cast<T*>(p.weights)[i * p.experts + e] = T(w);
            for (std::int64_t d = 0; p.values && d < p.width; ++d)
                y[d] += w * S(static_cast<const T*>(p.values)[i * row_stride + e * expert_stride + d]);
            mean[e] += w, importance[e] += probability[e] / all;
            if (counted[e]) fraction[e] += S(1);
        }
        for (std::int64_t d = 0; p.y && d < p.width; ++d) static_cast<T*>(p.y)[i * p.width + d] = T(y[d]);
    }
    const S rows(static_cast<double>(p.rows ? p.rows : 1));
    S balance(0);
    for (std::int64_t e = 0; e < p.experts; ++e) {
        fraction[e] = fraction[e] / (rows * S(static_cast<double>(choices)));
        balance += fraction[e] * (importance[e] / rows);
        if (p.mean_gate) static_cast<S*>(p.mean_gate)[e] = mean[e] / rows;
        if (p.fraction) static_cast<S*>(p.fraction)[e] = fraction[e];
    }
    if (p.balance) *static_cast<S*>(p.balance) = S(static_cast<double>(p.experts)) * balance;
}

template <class T>
void expert_gate_backward(const ExpertGateGradArgs& g) {
    using S = accumulate_t<T>;
    const ExpertGateArgs& p = g.forward;
    const auto *dy = static_cast<const T*>(g.dy), *values = static_cast<const T*>(p.values);
    const std::size_t experts = static_cast<std::size_t>(p.experts);
    std::int64_t row_stride, expert_stride;
    gate_strides(p, row_stride, expert_stride);
    for (std::int64_t i = 0; i < p.rows; ++i) {
        const T* logits = static_cast<const T*>(p.logits) + i * p.experts;
        const auto q = gate_probabilities<T>(p, logits);
        const auto chosen = chosen_experts(logits, p.experts, p.top_k ? p.top_k : p.experts);
        S sum(0), all(0), inner(0), shared(0);
        for (std::size_t e = 0; e < experts; ++e) {
            if (chosen[e]) sum += q[e];
            all += q[e];
        }
        std::vector<S> dp(experts, S(0)), dw(experts, S(0)), c(experts, S(0));
        for (std::size_t e = 0; e < experts; ++e) {
            const S w = !chosen[e] ? S(0) : p.normalised ? q[e] / sum : q[e];
            const std::int64_t at = i * row_stride + static_cast<std::int64_t>(e) * expert_stride;
            if (g.dweights) dw[e] = S(static_cast<const T*>(g.dweights)[i * p.experts + static_cast<std::int64_t>(e)]);
            for (std::int64_t d = 0; dy && values && d < p.width; ++d) dw[e] += S(dy[i * p.width + d]) * S(values[at + d]);
            for (std::int64_t d = 0; g.dvalues && d < p.width; ++d)
                static_cast<T*>(g.dvalues)[at + d] = dy ? T(w * S(dy[i * p.width + d])) : T(S(0));
            if (chosen[e]) inner += w * dw[e];
            if (g.dbalance)
                c[e] = *static_cast<const S*>(g.dbalance) * S(static_cast<double>(p.experts) / static_cast<double>(p.rows)) *
                       static_cast<const S*>(p.fraction)[e];
            shared += q[e] / all * c[e];
        }
        S total(0);
        for (std::size_t e = 0; e < experts; ++e) {
            if (chosen[e]) dp[e] = p.normalised ? (dw[e] - inner) / sum : dw[e];
            if (g.dbalance) dp[e] += (c[e] - shared) / all;
            total += q[e] * dp[e];
        }
        for (std::size_t e = 0; g.dlogits && e < experts; ++e)
            static_cast<T*>(g.dlogits)[i * p.experts + static_cast<std::int64_t>(e)] =
                T(p.function == GateFunction::softmax ? q[e] * (dp[e] - total) : q[e] * (S(1) - q[e]) * dp[e]);
    }
}

template <class T>
void vector_gate_forward(const VectorGateArgs& p) {
    using S = accumulate_t<T>;
    S sum(0);
    for (std::int64_t i = 0; i < p.count; ++i) {
        const S g = gate_sigmoid(S(static_cast<const T*>(p.z)[i]));
        static_cast<T*>(p.y)[i] = T(g * S(static_cast<const T*>(p.a)[i]) + (S(1) - g) * S(static_cast<const T*>(p.b)[i]));
        sum += g;
    }
    if (p.mean_gate) *static_cast<S*>(p.mean_gate) = sum / S(static_cast<double>(p.count ? p.count : 1));
}

template <class T>
void vector_gate_backward(const VectorGateGradArgs& a) {
    using S = accumulate_t<T>;
    for (std::int64_t i = 0; i < a.forward.count; ++i) {
        const S g = gate_sigmoid(S(static_cast<const T*>(a.forward.z)[i])), dy(static_cast<const T*>(a.dy)[i]);
        const S difference = S(static_cast<const T*>(a.forward.a)[i]) - S(static_cast<const T*>(a.forward.b)[i]);
        if (a.dz) static_cast<T*>(a.dz)[i] = T(dy * difference * (g * (S(1) - g)));
        if (a.da) static_cast<T*>(a.da)[i] = T(g * dy);
        if (a.db) static_cast<T*>(a.db)[i] = T((S(1) - g) * dy);
    }
}

}  // namespace molten::reference

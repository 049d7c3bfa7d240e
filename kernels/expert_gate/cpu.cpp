// Expert gates on the CPU: a row at a time; column statistics from fixed chunks of rows, added in order. The expert outputs are
// read once, which is the roof.
#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/vector_math.h"
#include "kernels/common/workspace.h"
#include "kernels/expert_gate/expert_gate.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kElementsATask = 32768;

// One row's probabilities and choice. Scratch of 4 x experts numbers.
template <class T>
class Gate {
  public:
    using S = accumulate_t<T>;

    explicit Gate(const ExpertGateArgs& args) : p(args), scratch_(Launch{}, "expert_gate row", 4 * args.experts) {
        probability = scratch_.data(), weight = probability + p.experts, dweight = weight + p.experts, dp = dweight + p.experts;
    }

    void load(std::int64_t row) {
        logits_ = static_cast<const T*>(p.logits) + row * p.experts;
        const bool softmax = p.function == GateFunction::softmax;
        S largest = S(logits_[0]);
        for (std::int64_t e = 1; e < p.experts; ++e) largest = std::max(largest, S(logits_[e]));
        S sum = 0;
        for (std::int64_t e = 0; e < p.experts; ++e) {
            const S z = S(logits_[e]);
            probability[e] = softmax ? std::exp(z - largest) : z < 0 ? std::exp(z) / (1 + std::exp(z)) : 1 / (1 + std::exp(-z));
            sum += probability[e];
        }
        if (softmax)
            for (std::int64_t e = 0; e < p.experts; ++e) probability[e] /= sum;
        total = softmax ? S(1) : sum;
        selected = 0;
        for (std::int64_t e = 0; e < p.experts; ++e) {
            weight[e] = is_among(e, p.top_k) ? probability[e] : S(0);
            selected += weight[e];
        }
        if (p.normalised)
            for (std::int64_t e = 0; e < p.experts; ++e) weight[e] /= selected;
    }
    // Whether expert e is one of the `top` largest logits; every expert is for top 0.
    bool is_among(std::int64_t e, std::int64_t top) const {
        if (top == 0) return true;
        std::int64_t better = 0;
        for (std::int64_t other = 0; other < p.experts; ++other)
            better += S(logits_[other]) > S(logits_[e]) || (S(logits_[other]) == S(logits_[e]) && other < e);
        return better < top;
    }

    const ExpertGateArgs& p;
    S *probability, *weight, *dweight, *dp;
    S selected = 0, total = 0;  // sums of p over the selected and over all experts

  private:
    Scratch<S> scratch_;
    const T* logits_ = nullptr;
};

template <class T>
void forward(const Launch& launch, const ExpertGateArgs& p) {
    using S = accumulate_t<T>;
    const auto* values = static_cast<const T*>(p.values);
    const std::int64_t grain = std::max<std::int64_t>(1, kElementsATask / (p.experts * (p.width + 16))),
                       chunks = (p.rows + grain - 1) / grain;
    const std::int64_t choices = std::max<std::int64_t>(p.top_k, 1);
    Scratch<S> statistics(launch, "expert_gate statistics", std::max<std::int64_t>(chunks, 1) * 3 * p.experts);
    std::fill_n(statistics.data(), std::max<std::int64_t>(chunks, 1) * 3 * p.experts, S(0));
    parallel_for(p.rows, grain, [&](std::int64_t begin, std::int64_t end) {
        Gate<T> gate(p);
        Scratch<S> mixture(Launch{}, "expert_gate mixture", p.width);
        S *mean = statistics.data() + begin / grain * 3 * p.experts, *count = mean + p.experts, *importance = count + p.experts;
        for (std::int64_t i = begin; i < end; ++i) {
            gate.load(i);
            std::fill_n(mixture.data(), p.width, S(0));
            for (std::int64_t e = 0; e < p.experts; ++e) {
                const S w = gate.weight[e];
                static_cast<T*>(p.weights)[i * p.experts + e] = T(w);
                mean[e] += w, importance[e] += gate.probability[e] / gate.total;
                if (gate.is_among(e, choices)) count[e] += 1;
                if (!values || w == 0) continue;
                const T* f = values + i * p.row_stride + e * p.expert_stride;
#pragma omp simd
                for (std::int64_t d = 0; d < p.width; ++d) mixture[d] += w * S(f[d]);
            }
            for (std::int64_t d = 0; p.y && d < p.width; ++d) static_cast<T*>(p.y)[i * p.width + d] = T(mixture[d]);
        }
    });
    for (std::int64_t chunk = 1; chunk < chunks; ++chunk)
        for (std::int64_t s = 0; s < 3 * p.experts; ++s) statistics[s] += statistics[chunk * 3 * p.experts + s];
    const S rows = static_cast<S>(std::max<std::int64_t>(p.rows, 1));
    S balance = 0;
    for (std::int64_t e = 0; e < p.experts; ++e) {
        const S fraction = statistics[p.experts + e] / (rows * static_cast<S>(choices));
        balance += fraction * (statistics[2 * p.experts + e] / rows);
        if (p.mean_gate) static_cast<S*>(p.mean_gate)[e] = statistics[e] / rows;
        if (p.fraction) static_cast<S*>(p.fraction)[e] = fraction;
    }
    if (p.balance) *static_cast<S*>(p.balance) = static_cast<S>(p.experts) * balance;
}

template <class T>
void backward(const ExpertGateGradArgs& g, const ExpertGateArgs& p) {
    using S = accumulate_t<T>;
    const auto *values = static_cast<const T*>(p.values), *dy = static_cast<const T*>(g.dy), *dweights = static_cast<const T*>(g.dweights);
    const auto* fraction = static_cast<const S*>(p.fraction);
    const S pull = g.dbalance
                       ? *static_cast<const S*>(g.dbalance) * static_cast<S>(p.experts) / static_cast<S>(std::max<std::int64_t>(p.rows, 1))
                       : S(0);
    const std::int64_t grain = std::max<std::int64_t>(1, kElementsATask / (p.experts * (p.width + 16)));
    parallel_for(p.rows, grain, [&](std::int64_t begin, std::int64_t end) {
        Gate<T> gate(p);
        for (std::int64_t i = begin; i < end; ++i) {
            gate.load(i);
            S inner = 0, shared = 0;
            for (std::int64_t e = 0; e < p.experts; ++e) {
                const std::int64_t at = i * p.row_stride + e * p.expert_stride;
                const S w = gate.weight[e];
                S dw = dweights ? S(dweights[i * p.experts + e]) : S(0), dot = 0;
                if (dy && values)
#pragma omp simd reduction(+ : dot)
                    for (std::int64_t d = 0; d < p.width; ++d) dot += S(dy[i * p.width + d]) * S(values[at + d]);
                T* df = static_cast<T*>(g.dvalues);
                for (std::int64_t d = 0; df && d < p.width; ++d) df[at + d] = dy ? T(w * S(dy[i * p.width + d])) : T(S(0));
                gate.dweight[e] = dw + dot;
                inner += w * gate.dweight[e];
                if (g.dbalance) shared += gate.probability[e] / gate.total * (pull * fraction[e]);
            }
            if (!g.dlogits) continue;
            S total = 0;
            for (std::int64_t e = 0; e < p.experts; ++e) {
                const bool chosen = gate.is_among(e, p.top_k);
                S dp = !chosen ? S(0) : p.normalised ? (gate.dweight[e] - inner) / gate.selected : gate.dweight[e];
                if (g.dbalance) dp += (pull * fraction[e] - shared) / gate.total;
                gate.dp[e] = dp;
                total += gate.probability[e] * dp;
            }
            for (std::int64_t e = 0; e < p.experts; ++e) {
                const S q = gate.probability[e];
                static_cast<T*>(g.dlogits)[i * p.experts + e] =
                    T(p.function == GateFunction::softmax ? q * (gate.dp[e] - total) : q * (1 - q) * gate.dp[e]);
            }
        }
    });
}

ExpertGateArgs checked(ExpertGateArgs p) {
    kernel_check(p.experts >= 1 && p.top_k >= 0 && p.top_k <= p.experts, "expert_gate",
                 "top_k " + std::to_string(p.top_k) + " of " + std::to_string(p.experts) + " experts");
    if (!p.row_stride && !p.expert_stride) p.row_stride = p.experts * p.width, p.expert_stride = p.width;
    return p;
}

template <class T>
void vector_forward(const Launch& launch, const VectorGateArgs& p) {
    using S = accumulate_t<T>;
    const auto *z = static_cast<const T*>(p.z), *a = static_cast<const T*>(p.a), *b = static_cast<const T*>(p.b);
    const std::int64_t chunks = std::max<std::int64_t>((p.count + kElementsATask - 1) / kElementsATask, 1);
    Scratch<S> sums(launch, "vector_gate sums", chunks);
    std::fill_n(sums.data(), chunks, S(0));
    parallel_for(p.count, kElementsATask, [&](std::int64_t begin, std::int64_t end) {
        S sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t i = begin; i < end; ++i) {
            const S g = vector_math::sigmoid(S(z[i]));
            static_cast<T*>(p.y)[i] = T(g * S(a[i]) + (1 - g) * S(b[i]));
            sum += g;
        }
        sums[begin / kElementsATask] = sum;
    });
    for (std::int64_t chunk = 1; chunk < chunks; ++chunk) sums[0] += sums[chunk];
    if (p.mean_gate) *static_cast<S*>(p.mean_gate) = sums[0] / static_cast<S>(std::max<std::int64_t>(p.count, 1));
}

template <class T>
void vector_backward(const VectorGateGradArgs& args) {
    using S = accumulate_t<T>;
    const VectorGateArgs& p = args.forward;
    const auto *z = static_cast<const T*>(p.z), *a = static_cast<const T*>(p.a), *b = static_cast<const T*>(p.b),
               *dy = static_cast<const T*>(args.dy);
    auto *dz = static_cast<T*>(args.dz), *da = static_cast<T*>(args.da), *db = static_cast<T*>(args.db);
    parallel_for(p.count, kElementsATask, [&](std::int64_t begin, std::int64_t end) {
        if (dz)
#pragma omp simd
            for (std::int64_t i = begin; i < end; ++i) {
                const S g = vector_math::sigmoid(S(z[i]));
                dz[i] = T(S(dy[i]) * (S(a[i]) - S(b[i])) * (g * (1 - g)));
            }
        if (da)
#pragma omp simd
            for (std::int64_t i = begin; i < end; ++i) da[i] = T(vector_math::sigmoid(S(z[i])) * S(dy[i]));
        if (db)
#pragma omp simd
            for (std::int64_t i = begin; i < end; ++i) db[i] = T((1 - vector_math::sigmoid(S(z[i]))) * S(dy[i]));
    });
}

}  // namespace

void expert_gate_forward(const Launch& launch, const ExpertGateArgs& args) {
    const ExpertGateArgs p = checked(args);
    dispatch(p.dtype, [&]<class T>() { forward<T>(launch, p); });
}

void expert_gate_backward(const Launch&, const ExpertGateGradArgs& g) {
    const ExpertGateArgs p = checked(g.forward);
    kernel_check(!g.dbalance || p.fraction, "expert_gate", "backward through the balance needs `fraction` of the forward pass");
    dispatch(p.dtype, [&]<class T>() { backward<T>(g, p); });
}

void vector_gate_forward(const Launch& launch, const VectorGateArgs& p) {
    dispatch(p.dtype, [&]<class T>() { vector_forward<T>(launch, p); });
}

void vector_gate_backward(const Launch&, const VectorGateGradArgs& g) {
    dispatch(g.forward.dtype, [&]<class T>() { vector_backward<T>(g); });
}

}  // namespace molten::cpu

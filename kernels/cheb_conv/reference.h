#pragma once
#include <cmath>
#include <vector>

#include "kernels/cheb_conv/cheb_conv.h"

namespace molten::reference {

// Row sums of W without self loops, and the row of every entry.
template <class T>
struct ChebDegrees {
    using S = accumulate_t<T>;
    std::vector<S> degree;
    std::vector<std::int64_t> row, graph_of_node;

    explicit ChebDegrees(const ChebLaplacianArgs& p)
        : degree(static_cast<std::size_t>(p.graph.nodes), S(0)),
          row(static_cast<std::size_t>(p.graph.entries)),
          graph_of_node(degree.size()) {
        for (std::int64_t i = 0; i < p.graph.nodes; ++i)
            for (auto e = p.graph.row_offset[i]; e < p.graph.row_offset[i + 1]; ++e) {
                row[e] = i;
                if (p.graph.column[e] != i) degree[i] += weight(p, e);
            }
        for (std::int64_t g = 0; g < p.graph.graphs; ++g)
            for (auto i = p.graph.graph_offset[g]; i < p.graph.graph_offset[g + 1]; ++i) graph_of_node[i] = g;
    }
    static S weight(const ChebLaplacianArgs& p, std::int64_t e) {
        return p.edge_weight ? S(static_cast<const T*>(p.edge_weight)[e]) : S(1);
    }
    S scale(const ChebLaplacianArgs& p, std::int64_t i) const {  // 2 / lambda_max of node i's graph
        return S(2) / (p.lambda_max ? static_cast<const S*>(p.lambda_max)[graph_of_node[i]] : S(2));
    }
    // A_e / W_e
    S normaliser(const ChebLaplacianArgs& p, std::int64_t e) const {
        using std::sqrt;
        const std::int64_t i = row[e], j = p.graph.column[e];
        if (i == j) return S(0);
        if (p.norm == LaplacianNorm::random_walk) return degree[j] == S(0) ? S(0) : S(1) / degree[j];
        return degree[i] == S(0) || degree[j] == S(0) ? S(0) : S(1) / S(sqrt(degree[i] * degree[j]));
    }
};

template <class T>
void cheb_laplacian_forward(const ChebLaplacianArgs& p) {
    using S = accumulate_t<T>;
    const ChebDegrees<T> d(p);
    for (std::int64_t e = 0; e < p.graph.entries; ++e)
        static_cast<S*>(p.coefficient)[e] = -(d.scale(p, d.row[e]) * (d.weight(p, e) * d.normaliser(p, e)));
    for (std::int64_t i = 0; i < p.graph.nodes; ++i) static_cast<S*>(p.diagonal)[i] = d.scale(p, i) - S(1);
}

template <class T>
void cheb_laplacian_backward(const ChebLaplacianGradArgs& g) {
    using S = accumulate_t<T>;
    const ChebLaplacianArgs& p = g.forward;
    const ChebDegrees<T> d(p);
    const auto h = [&](std::int64_t e) { return -(d.scale(p, d.row[e]) * static_cast<const S*>(g.dcoefficient)[e]); };
    const auto ha = [&](std::int64_t e) { return h(e) * (d.weight(p, e) * d.normaliser(p, e)); };
    const bool symmetric = p.norm == LaplacianNorm::symmetric;
    for (std::int64_t i = 0; i < p.graph.nodes; ++i) {
        S sum(0);
        for (auto e = p.graph.row_offset[i]; e < p.graph.row_offset[i + 1]; ++e) {
            if (symmetric) sum += ha(e);
            sum += ha(p.graph.reverse[e]);
        }
        const S shared = d.degree[i] == S(0) ? S(0) : sum / (symmetric ? S(2) * d.degree[i] : d.degree[i]);
        for (auto e = p.graph.row_offset[i]; e < p.graph.row_offset[i + 1]; ++e)
            static_cast<T*>(g.dedge_weight)[e] = p.graph.column[e] == i ? T(S(0)) : T(h(e) * d.normaliser(p, e) - shared);
    }
}

// T_0 .. T_{order-1}, [order][nodes * in].
template <class T>
std::vector<std::vector<T>> cheb_polynomials(const ChebConvArgs& p) {
    using S = accumulate_t<T>;
    const auto* c = static_cast<const S*>(p.coefficient);
    const auto* diagonal = static_cast<const S*>(p.diagonal);
    const auto* x = static_cast<const T*>(p.x);
    std::vector<std::vector<T>> t(static_cast<std::size_t>(p.order), std::vector<T>(x, x + p.graph.nodes * p.in));
    for (std::int64_t k = 1; k < p.order; ++k)
        for (std::int64_t i = 0; i < p.graph.nodes; ++i)
            for (std::int64_t f = 0; f < p.in; ++f) {
                S sum = diagonal[i] * S(t[k - 1][i * p.in + f]);
                for (auto e = p.graph.row_offset[i]; e < p.graph.row_offset[i + 1]; ++e)
                    sum += c[e] * S(t[k - 1][p.graph.column[e] * p.in + f]);
                t[k][i * p.in + f] = T(k == 1 ? sum : S(2) * sum - S(t[k - 2][i * p.in + f]));
            }
    return t;
}

template <class T>
void cheb_conv_forward(const ChebConvArgs& p) {
    using S = accumulate_t<T>;
    const auto t = cheb_polynomials<T>(p);
    const auto *theta = static_cast<const T*>(p.theta), *bias = static_cast<const T*>(p.bias), *x = static_cast<const T*>(p.x);
    for (std::int64_t i = 0; i < p.graph.nodes; ++i)
        for (std::int64_t o = 0; o < p.out; ++o) {
            S sum(0);
            for (std::int64_t k = 0; k < p.order; ++k)
                for (std::int64_t f = 0; f < p.in; ++f) sum += S(t[k][i * p.in + f]) * S(theta[(k * p.in + f) * p.out + o]);
            if (bias) sum += S(bias[o]);
            if (p.active) p.active[i * p.out + o] = sum > S(0);
            S y = p.relu && sum < S(0) ? S(0) : sum;
            if (p.residual) y += S(x[i * p.in + o]);
            static_cast<T*>(p.y)[i * p.out + o] = T(y);
        }
}

template <class T>
void cheb_conv_backward(const ChebConvGradArgs& a) {
    using S = accumulate_t<T>;
    const ChebConvArgs& p = a.forward;
    const ChebGraph& graph = p.graph;
    const auto t = cheb_polynomials<T>(p);
    const auto *theta = static_cast<const T*>(p.theta), *dy = static_cast<const T*>(a.dy);
    const auto *c = static_cast<const S*>(p.coefficient), *diagonal = static_cast<const S*>(p.diagonal);
    const auto masked = [&](std::int64_t i, std::int64_t o) { return p.relu && !p.active[i * p.out + o] ? S(0) : S(dy[i * p.out + o]); };
    for (std::int64_t row = 0; a.dtheta && row < p.order * p.in; ++row)
        for (std::int64_t o = 0; o < p.out; ++o) {
            S sum(0);
            for (std::int64_t i = 0; i < graph.nodes; ++i) sum += S(t[row / p.in][i * p.in + row % p.in]) * masked(i, o);
            static_cast<T*>(a.dtheta)[row * p.out + o] = T(sum);
        }
    for (std::int64_t o = 0; a.dbias && o < p.out; ++o) {
        S sum(0);
        for (std::int64_t i = 0; i < graph.nodes; ++i) sum += masked(i, o);
        static_cast<T*>(a.dbias)[o] = T(sum);
    }
    std::vector<std::vector<T>> g(static_cast<std::size_t>(p.order), std::vector<T>(static_cast<std::size_t>(graph.nodes * p.in)));
    for (std::int64_t k = 0; k < p.order; ++k)
        for (std::int64_t at = 0; at < graph.nodes * p.in; ++at) {
            S sum(0);
            for (std::int64_t o = 0; o < p.out; ++o) sum += masked(at / p.in, o) * S(theta[(k * p.in + at % p.in) * p.out + o]);
            g[k][at] = T(sum);
        }
    std::vector<S> dc(static_cast<std::size_t>(graph.entries), S(0));
    for (std::int64_t k = p.order - 1; k >= 1; --k) {
        const S factor(k == 1 ? 1. : 2.);
        for (std::int64_t i = 0; i < graph.nodes; ++i)
            for (auto e = graph.row_offset[i]; e < graph.row_offset[i + 1]; ++e)
                for (std::int64_t f = 0; f < p.in; ++f) dc[e] += factor * S(g[k][i * p.in + f]) * S(t[k - 1][graph.column[e] * p.in + f]);
        for (std::int64_t i = 0; i < graph.nodes; ++i)
            for (std::int64_t f = 0; f < p.in; ++f) {
                S sum = diagonal[i] * S(g[k][i * p.in + f]);
                for (auto e = graph.row_offset[i]; e < graph.row_offset[i + 1]; ++e)
                    sum += c[graph.reverse[e]] * S(g[k][graph.column[e] * p.in + f]);
                g[k - 1][i * p.in + f] = T(S(g[k - 1][i * p.in + f]) + factor * sum);
                if (k >= 2) g[k - 2][i * p.in + f] = T(S(g[k - 2][i * p.in + f]) - S(g[k][i * p.in + f]));
            }
    }
    for (std::int64_t e = 0; a.dcoefficient && e < graph.entries; ++e) static_cast<S*>(a.dcoefficient)[e] = dc[e];
    for (std::int64_t at = 0; a.dx && at < graph.nodes * p.in; ++at)
        static_cast<T*>(a.dx)[at] = T(p.residual ? S(g[0][at]) + S(dy[at]) : S(g[0][at]));
}

}  // namespace molten::reference

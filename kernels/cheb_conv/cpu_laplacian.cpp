// Coefficients of the scaled Laplacian: a few operations an entry, once a batch.
#include <cmath>

#include "kernels/cheb_conv/cheb_conv.h"
#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kNodesATask = 2048;

// Per node: 1 / sqrt(d) or 1 / d (0 where d is 0), and 2 / lambda_max of its graph.
template <class T>
struct Nodes {
    using S = accumulate_t<T>;
    const ChebLaplacianArgs& p;
    Scratch<S> inverse, scale;

    Nodes(const Launch& launch, const ChebLaplacianArgs& args)
        : p(args), inverse(launch, "cheb_laplacian degrees", args.graph.nodes), scale(launch, "cheb_laplacian scales", args.graph.nodes) {
        const auto* lambda = static_cast<const S*>(p.lambda_max);
        for (std::int64_t g = 0; g < p.graph.graphs; ++g)
            for (auto i = p.graph.graph_offset[g]; i < p.graph.graph_offset[g + 1]; ++i) scale[i] = S(2) / (lambda ? lambda[g] : S(2));
        parallel_for(p.graph.nodes, kNodesATask, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                S degree = 0;
                for (auto e = p.graph.row_offset[i]; e < p.graph.row_offset[i + 1]; ++e)
                    if (p.graph.column[e] != i) degree += weight(e);
                const S d = p.norm == LaplacianNorm::symmetric ? std::sqrt(degree) : degree;
                inverse[i] = degree == 0 ? S(0) : S(1) / d;
            }
        });
    }
    S weight(std::int64_t e) const { return p.edge_weight ? S(static_cast<const T*>(p.edge_weight)[e]) : S(1); }
    S normaliser(std::int64_t i, std::int64_t j) {
        if (i == j) return 0;
        return p.norm == LaplacianNorm::symmetric ? inverse[i] * inverse[j] : inverse[j];
    }
};

template <class T>
void forward(const Launch& launch, const ChebLaplacianArgs& p) {
    using S = accumulate_t<T>;
    Nodes<T> nodes(launch, p);
    parallel_for(p.graph.nodes, kNodesATask, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            static_cast<S*>(p.diagonal)[i] = nodes.scale[i] - S(1);
            for (auto e = p.graph.row_offset[i]; e < p.graph.row_offset[i + 1]; ++e)
                static_cast<S*>(p.coefficient)[e] = -(nodes.scale[i] * (nodes.weight(e) * nodes.normaliser(i, p.graph.column[e])));
        }
    });
}

template <class T>
void backward(const Launch& launch, const ChebLaplacianGradArgs& g) {
    using S = accumulate_t<T>;
    const ChebLaplacianArgs& p = g.forward;
    Nodes<T> nodes(launch, p);
    const auto* dc = static_cast<const S*>(g.dcoefficient);
    const bool symmetric = p.norm == LaplacianNorm::symmetric;
    parallel_for(p.graph.nodes, kNodesATask, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            S sum = 0;
            for (auto e = p.graph.row_offset[i]; e < p.graph.row_offset[i + 1]; ++e) {
                const auto j = p.graph.column[e], back = p.graph.reverse[e];
                const S h = -nodes.scale[i] * dc[e], h_back = -nodes.scale[i] * dc[back];
                if (symmetric) sum += h * (nodes.weight(e) * nodes.normaliser(i, j));
                sum += h_back * (nodes.weight(back) * nodes.normaliser(j, i));
            }
            const S inverse = nodes.inverse[i];
            const S shared = symmetric ? S(0.5) * sum * inverse * inverse : sum * inverse;
            for (auto e = p.graph.row_offset[i]; e < p.graph.row_offset[i + 1]; ++e) {
                const auto j = p.graph.column[e];
                static_cast<T*>(g.dedge_weight)[e] = j == i ? T(S(0)) : T(-nodes.scale[i] * dc[e] * nodes.normaliser(i, j) - shared);
            }
        }
    });
}

}  // namespace

void cheb_laplacian_forward(const Launch& launch, const ChebLaplacianArgs& p) {
    dispatch(p.dtype, [&]<class T>() { forward<T>(launch, p); });
}

void cheb_laplacian_backward(const Launch& launch, const ChebLaplacianGradArgs& g) {
    if (!g.dedge_weight) return;
    kernel_check(g.forward.graph.entries == 0 || g.forward.graph.reverse, "cheb_laplacian",
                 "backward needs the reverse entries of the graph");
    dispatch(g.forward.dtype, [&]<class T>() { backward<T>(launch, g); });
}

}  // namespace molten::cpu

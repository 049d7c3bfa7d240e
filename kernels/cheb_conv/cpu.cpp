// Chebyshev graph convolution on the CPU.
//
//   v1  each T_k for the whole batch, then one product with [order * in, out]     any graph size
//   v2  some 168 nodes of whole graphs at a time: recurrence, product, bias, ReLU, residual in the second-level cache; the
//       backward pass computes T_k again there and adds dTheta into a few partial sums         molecules
//
// Figures of each stand in README.md. v1 is one block of all nodes whose steps are threaded over rows.
#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "kernels/cheb_conv/cheb_conv.h"
#include "kernels/cheb_conv/recurrence.h"
#include "kernels/common/check.h"
#include "kernels/matmul/product.h"

namespace molten::cpu {
namespace {

using namespace cheb;

constexpr std::int64_t kBlockNodes = 168;     // of a block, unless one graph is larger
constexpr std::int64_t kLargestGraph = 1024;  // beyond it v1
constexpr std::int64_t kMostPartials = 16;    // partial sums of dTheta
constexpr std::int64_t kBlocksAPartial = 3;
constexpr std::int64_t kRowsATask = 256;

// sums[o] += the sum of column o, a few vectors of columns at a time so that the sums stay in registers.
template <class S>
void add_columns(const S* rows, std::int64_t count, std::int64_t width, S* sums) {
    using V = gemm::Vector<S>;
    constexpr std::int64_t kVectors = 4, kL = gemm::kLanes<S>;
    std::int64_t o = 0;
    for (; o + kVectors * kL <= width; o += kVectors * kL) {
        V sum[kVectors];
        for (int v = 0; v < kVectors; ++v) sum[v] = gemm::load<V>(sums + o + v * kL);
        for (std::int64_t i = 0; i < count; ++i)
            for (int v = 0; v < kVectors; ++v) sum[v] += gemm::load<V>(rows + i * width + o + v * kL);
        for (int v = 0; v < kVectors; ++v) gemm::store(sums + o + v * kL, sum[v]);
    }
    for (; o < width; ++o)
        for (std::int64_t i = 0; i < count; ++i) sums[o] += rows[i * width + o];
}

template <class T>
class Convolution {
  public:
    using S = accumulate_t<T>;

    Convolution(const ChebConvArgs& args, bool threaded) : p(args), threaded_(threaded), width_(p.order * p.in) {}

    // First graphs of the blocks, and the number of graphs at the end.
    std::int64_t cut(std::int32_t* starts) const {
        std::int64_t blocks = 0;
        for (std::int64_t g = 0, node = 0; g < p.graph.graphs; ++g) {
            const std::int64_t end = p.graph.graph_offset[g + 1];
            if (g == 0 || (!threaded_ && end - node > kBlockNodes))
                starts[blocks++] = static_cast<std::int32_t>(g), node = p.graph.graph_offset[g];
        }
        starts[blocks] = static_cast<std::int32_t>(p.graph.graphs);
        return blocks;
    }
    std::int64_t node_of(std::int32_t graph) const { return p.graph.graph_offset[graph]; }

    template <class F>
    void rows(std::int64_t first, std::int64_t last, F&& f) const {
        if (!threaded_) return f(first, last);
        parallel_for(last - first, kRowsATask, [&](std::int64_t begin, std::int64_t end) { f(first + begin, first + end); });
    }

    ScaledLaplacian<S> laplacian(std::int64_t first, bool transposed) const {
        return {&p.graph, static_cast<const S*>(p.coefficient), static_cast<const S*>(p.diagonal), transposed, first};
    }

    // t[node - first][k * in + f] = T_k
    void polynomials(std::int64_t first, std::int64_t last, S* t) const {
        rows(first, last, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) gemm::convert(static_cast<const T*>(p.x) + i * p.in, p.in, t + (i - first) * width_);
        });
        for (std::int64_t k = 1; k < p.order; ++k) {
            S* out = t + k * p.in;
            const Step<S> step{out - p.in, k == 1 ? nullptr : out - 2 * p.in, out, width_, S(k == 1 ? 1 : 2), S(-1)};
            rows(first, last, [&](std::int64_t begin, std::int64_t end) { step_rows(laplacian(first, false), step, begin, end, p.in); });
        }
    }

    // c[rows, n] = a[rows, k] * panels, or a^T with a stored [k, rows]; added to c with `add`.
    void product(const S* a, std::int64_t lda, bool transposed, const S* panels, S* c, std::int64_t m, std::int64_t n, std::int64_t k,
                 bool add) const {
        if (m == 0 || n == 0) return;
        gemm::RowProduct<S, S> rows_product{a, lda, transposed, panels, k * gemm::kPanel<S>, gemm::kPanel<S>, c, n, m, n, k, {}};
        if (add) rows_product.finish.residual = c;
        const std::int64_t tiles = gemm::tile_count(m), last_panel = gemm::divide_up(n, gemm::kPanel<S>);
        const auto range = [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t tile = begin; tile < end; tile += gemm::kBlockTiles)
                gemm::multiply_rows(rows_product, tile, std::min(tile + gemm::kBlockTiles, end), 0, last_panel);
        };
        threaded_ ? parallel_for(tiles, gemm::kBlockTiles, range) : range(0, tiles);
    }

    template <class From>
    void pack(const From* b, std::int64_t ldb, bool transposed, std::int64_t k, std::int64_t n, S* panels) const {
        constexpr std::int64_t kP = gemm::kPanel<S>;
        parallel_for(gemm::divide_up(n, kP), 4, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t j = begin; j < end; ++j)
                gemm::pack_b_panel(transposed ? b + j * kP * ldb : b + j * kP, ldb, transposed, k, std::min(kP, n - j * kP),
                                   panels + j * k * kP);
        });
    }

    // Y of nodes [first, last) from P without its bias, which is added in place. Loops without branches, so that they vectorise.
    void finish(std::int64_t first, std::int64_t last, S* sums) const {
        const auto *x = static_cast<const T*>(p.x), *bias = static_cast<const T*>(p.bias);
        rows(first, last, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                S* sum = sums + (i - first) * p.out;
                T* y = static_cast<T*>(p.y) + i * p.out;
                if (bias)
#pragma omp simd
                    for (std::int64_t o = 0; o < p.out; ++o) sum[o] += S(bias[o]);
                if (std::uint8_t* active = p.active ? p.active + i * p.out : nullptr)
#pragma omp simd
                    for (std::int64_t o = 0; o < p.out; ++o) active[o] = sum[o] > S(0) ? 1 : 0;
                const S lowest = p.relu ? S(0) : -std::numeric_limits<S>::infinity();
                if (p.residual)
#pragma omp simd
                    for (std::int64_t o = 0; o < p.out; ++o) y[o] = T((sum[o] < lowest ? lowest : sum[o]) + S(x[i * p.in + o]));
                else
#pragma omp simd
                    for (std::int64_t o = 0; o < p.out; ++o) y[o] = T(sum[o] < lowest ? lowest : sum[o]);
            }
        });
    }

    void forward(std::int64_t first, std::int64_t last, const S* panels) const {
        const Launch here;
        Scratch<S> t(here, "cheb_conv T", (last - first) * width_), sums(here, "cheb_conv P", (last - first) * p.out);
        polynomials(first, last, t.data());
        product(t.data(), width_, false, panels, sums.data(), last - first, p.out, width_, false);
        finish(first, last, sums.data());
    }

    // dY under the mask, and its column sums added to dbias.
    void masked(const ChebConvGradArgs& a, std::int64_t first, std::int64_t last, S* g, S* dbias) const {
        rows(first, last, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                const T* dy = static_cast<const T*>(a.dy) + i * p.out;
                const std::uint8_t* active = p.relu ? p.active + i * p.out : nullptr;
                S* row = g + (i - first) * p.out;
                if (active)
#pragma omp simd
                    for (std::int64_t o = 0; o < p.out; ++o) row[o] = active[o] ? S(dy[o]) : S(0);
                else
                    gemm::convert(dy, p.out, row);
            }
        });
        if (dbias) add_columns(g, last - first, p.out, dbias);
    }

    // dX and dcoefficient of nodes [first, last); g[node - first][k * in + f] = g_k, consumed.
    void descend(const ChebConvGradArgs& a, std::int64_t first, std::int64_t last, S* g, const S* t) const {
        auto* dc = static_cast<S*>(a.dcoefficient);
        for (std::int64_t k = p.order - 1; k >= 1; --k) {
            S* gk = g + k * p.in;
            const S factor(k == 1 ? 1 : 2);
            const auto lh = laplacian(first, true);
            rows(first, last, [&](std::int64_t begin, std::int64_t end) {
                if (dc) gather_entries(lh, gk, t + (k - 1) * p.in, width_, p.in, factor, begin, end, k == p.order - 1, dc);
                step_rows(lh, {gk, gk - p.in, gk - p.in, width_, factor, S(1)}, begin, end, p.in);
                for (std::int64_t i = begin; k >= 2 && i < end; ++i) {
                    S *below = gk + (i - first) * width_ - 2 * p.in, *here = gk + (i - first) * width_;
#pragma omp simd
                    for (std::int64_t f = 0; f < p.in; ++f) below[f] -= here[f];
                }
            });
        }
        if (p.order == 1 && dc) std::fill(dc + p.graph.row_offset[first], dc + p.graph.row_offset[last], S(0));
        if (!a.dx) return;
        rows(first, last, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                const S* g0 = g + (i - first) * width_;
                const T* dy = static_cast<const T*>(a.dy) + i * p.out;
                T* dx = static_cast<T*>(a.dx) + i * p.in;
                if (p.residual)
#pragma omp simd
                    for (std::int64_t f = 0; f < p.in; ++f) dx[f] = T(g0[f] + S(dy[f]));
                else
#pragma omp simd
                    for (std::int64_t f = 0; f < p.in; ++f) dx[f] = T(g0[f]);
            }
        });
    }

    // Gradients of nodes [first, last). dtheta and dbias are partial sums: dtheta is assigned by the first block of a partial.
    void backward(const ChebConvGradArgs& a, std::int64_t first, std::int64_t last, const S* panels, S* dtheta, S* dbias, bool add) const {
        const Launch here;
        const std::int64_t nodes = last - first;
        const bool needs_t = dtheta || a.dcoefficient, descends = a.dx || a.dcoefficient;
        Scratch<S> dy(here, "cheb_conv dP", nodes * p.out);
        masked(a, first, last, dy.data(), dbias);
        std::optional<Scratch<S>> t;
        if (needs_t) {
            t.emplace(here, "cheb_conv T", nodes * width_);
            polynomials(first, last, t->data());
        }
        if (dtheta) {
            Scratch<S> dy_panels(here, "cheb_conv dP panels", gemm::packed_size<S>(nodes, p.out));
            pack(dy.data(), p.out, false, nodes, p.out, dy_panels.data());
            product(t->data(), width_, true, dy_panels.data(), dtheta, width_, p.out, nodes, add);
        }
        if (!descends) return;
        if (!a.dcoefficient) t.reset();  // g takes its place in the cache
        Scratch<S> g(here, "cheb_conv g", nodes * width_);
        product(dy.data(), p.out, false, panels, g.data(), nodes, width_, p.out, false);
        descend(a, first, last, g.data(), t ? t->data() : nullptr);
    }

    const ChebConvArgs& p;

  private:
    bool threaded_;
    std::int64_t width_;
};

bool is_threaded(const Launch& launch, const ChebConvArgs& p) {
    const std::string_view variant = launch.variant ? launch.variant : "";
    kernel_check(variant.empty() || variant == "v1" || variant == "v2", "cheb_conv",
                 "no variant " + std::string(variant) + "; v1 and v2 exist");
    if (!variant.empty()) return variant == "v1";
    std::int64_t largest = 0;
    for (std::int64_t g = 0; g < p.graph.graphs; ++g)
        largest = std::max<std::int64_t>(largest, p.graph.graph_offset[g + 1] - p.graph.graph_offset[g]);
    return largest > kLargestGraph;
}

template <class T>
void forward(const Launch& launch, const ChebConvArgs& p) {
    using S = accumulate_t<T>;
    const bool threaded = is_threaded(launch, p);
    const Convolution<T> convolution(p, threaded);
    Scratch<std::int32_t> starts(launch, "cheb_conv blocks", p.graph.graphs + 1);
    Scratch<S> panels(launch, "cheb_conv Theta", gemm::packed_size<S>(p.order * p.in, p.out));
    convolution.pack(static_cast<const T*>(p.theta), p.out, false, p.order * p.in, p.out, panels.data());
    const std::int64_t blocks = convolution.cut(starts.data());
    parallel_for(blocks, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t b = begin; b < end; ++b)
            convolution.forward(convolution.node_of(starts[b]), convolution.node_of(starts[b + 1]), panels.data());
    });
}

template <class T>
void backward(const Launch& launch, const ChebConvGradArgs& a) {
    using S = accumulate_t<T>;
    const ChebConvArgs& p = a.forward;
    const std::int64_t width = p.order * p.in;
    const Convolution<T> convolution(p, is_threaded(launch, p));
    Scratch<std::int32_t> starts(launch, "cheb_conv blocks", p.graph.graphs + 1);
    Scratch<S> panels(launch, "cheb_conv Theta", gemm::packed_size<S>(p.out, width));
    convolution.pack(static_cast<const T*>(p.theta), p.out, true, p.out, width, panels.data());
    const std::int64_t blocks = convolution.cut(starts.data());
    const std::int64_t partials = std::clamp<std::int64_t>(blocks / kBlocksAPartial, 1, kMostPartials);
    Scratch<S> dtheta(launch, "cheb_conv dTheta", a.dtheta ? partials * width * p.out : 0);
    Scratch<S> dbias(launch, "cheb_conv dbias", partials * p.out);
    std::fill_n(dbias.data(), partials * p.out, S(0));
    if (a.dtheta && blocks == 0) std::fill_n(dtheta.data(), width * p.out, S(0));
    parallel_for(partials, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t part = begin; part < end; ++part) {
            const std::int64_t first = part * blocks / partials, last = (part + 1) * blocks / partials;
            for (std::int64_t b = first; b < last; ++b)
                convolution.backward(a, convolution.node_of(starts[b]), convolution.node_of(starts[b + 1]), panels.data(),
                                     a.dtheta ? dtheta.data() + part * width * p.out : nullptr,
                                     a.dbias ? dbias.data() + part * p.out : nullptr, b > first);
        }
    });
    const auto add_partials = [&](const S* sums, std::int64_t count, void* out) {
        parallel_for(count, 8192, [&](std::int64_t begin, std::int64_t end) {
#pragma omp simd
            for (std::int64_t i = begin; i < end; ++i) {
                S sum = sums[i];
                for (std::int64_t part = 1; part < partials; ++part) sum += sums[part * count + i];
                static_cast<T*>(out)[i] = T(sum);
            }
        });
    };
    if (a.dtheta) add_partials(dtheta.data(), width * p.out, a.dtheta);
    if (a.dbias) add_partials(dbias.data(), p.out, a.dbias);
}

void check(const ChebConvArgs& p) {
    kernel_check(p.order >= 1, "cheb_conv", "order must be at least 1, is " + std::to_string(p.order));
    kernel_check(!p.residual || p.in == p.out, "cheb_conv",
                 "the residual needs as many outputs as inputs: " + std::to_string(p.in) + " in, " + std::to_string(p.out) + " out");
}

}  // namespace

void cheb_conv_forward(const Launch& launch, const ChebConvArgs& p) {
    check(p);
    dispatch(p.dtype, [&]<class T>() { forward<T>(launch, p); });
}

void cheb_conv_backward(const Launch& launch, const ChebConvGradArgs& a) {
    check(a.forward);
    kernel_check(!a.forward.relu || a.forward.active, "cheb_conv", "backward through ReLU needs the mask `active` of the forward pass");
    kernel_check(a.forward.graph.entries == 0 || a.forward.graph.reverse, "cheb_conv", "backward needs the reverse entries of the graph");
    dispatch(a.forward.dtype, [&]<class T>() { backward<T>(launch, a); });
}

}  // namespace molten::cpu

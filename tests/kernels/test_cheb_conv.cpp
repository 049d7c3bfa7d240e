// Chebyshev convolution by known answers (specs: path of three, five nodes, lambda_max 1.5), recorded PyTorch Geometric results,
// and what must hold for any graph: batches, permutations, order 1, the undirected edge-weight gradient.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/cheb_conv/cheb_conv.h"
#include "kernels/common/check.h"
#include "kernels/common/philox.h"
#include "kernels/matmul/matmul.h"
#include "tests/parity.h"

namespace molten {
namespace {

using Edge = std::pair<int, int>;

// A batch of graphs with owned arrays. `edges` are undirected; edge_of says which edge an entry belongs to.
struct Batch {
    std::vector<std::int32_t> row_offset{0}, column, reverse, graph_offset, edge_of;

    Batch(std::vector<std::int32_t> offsets, const std::vector<Edge>& edges) : graph_offset(std::move(offsets)) {
        const int nodes = graph_offset.back();
        for (int i = 0; i < nodes; ++i) {
            for (std::size_t e = 0; e < edges.size(); ++e) {
                const auto [a, b] = edges[e];
                if (a == i || b == i) column.push_back(a == i ? b : a), edge_of.push_back(static_cast<int>(e));
            }
            row_offset.push_back(static_cast<int>(column.size()));
        }
        for (std::size_t e = 0; e < column.size(); ++e)
            for (std::size_t f = 0; f < column.size(); ++f)
                if (edge_of[f] == edge_of[e] && (f != e || edges[static_cast<std::size_t>(edge_of[e])].first == column[e]) &&
                    row_of(f) == column[e] && column[f] == row_of(e)) {
                    reverse.push_back(static_cast<int>(f));
                    break;
                }
    }
    int row_of(std::size_t e) const {
        return static_cast<int>(std::upper_bound(row_offset.begin(), row_offset.end(), static_cast<int>(e)) - row_offset.begin()) - 1;
    }
    ChebGraph view() const {
        return {row_offset.data(),
                column.data(),
                reverse.data(),
                graph_offset.data(),
                graph_offset.back(),
                static_cast<std::int64_t>(column.size()),
                static_cast<std::int64_t>(graph_offset.size()) - 1};
    }
};

template <class T>
constexpr DType dtype_of = std::is_same_v<T, double> ? DType::f64 : DType::f32;

template <class T>
struct Layer {
    std::vector<T> coefficient, diagonal, x, theta, bias, y;
    std::vector<std::uint8_t> active;
    ChebConvArgs args;

    Layer(const Batch& batch, std::vector<T> features, std::int64_t in, std::vector<T> weights, std::int64_t out, std::vector<T> b,
          const std::vector<T>& edge_weight = {}, std::vector<T> lambda = {}, LaplacianNorm norm = LaplacianNorm::symmetric)
        : coefficient(batch.column.size()),
          diagonal(static_cast<std::size_t>(batch.graph_offset.back())),
          x(std::move(features)),
          theta(std::move(weights)),
          bias(std::move(b)),
          y(diagonal.size() * static_cast<std::size_t>(out)),
          active(y.size()) {
        cpu::cheb_laplacian_forward({}, {batch.view(), edge_weight.empty() ? nullptr : edge_weight.data(),
                                         lambda.empty() ? nullptr : lambda.data(), coefficient.data(), diagonal.data(), norm, dtype_of<T>});
        args.graph = batch.view();
        args.x = x.data(), args.coefficient = coefficient.data(), args.diagonal = diagonal.data(), args.theta = theta.data();
        args.bias = bias.empty() ? nullptr : bias.data(), args.y = y.data(), args.active = active.data();
        args.in = in, args.out = out, args.order = static_cast<std::int64_t>(theta.size()) / (in * out), args.dtype = dtype_of<T>;
    }
    Layer(const Layer&) = delete;
};

template <class T>
std::vector<T> random_numbers(std::size_t count, std::uint64_t stream) {
    std::vector<T> numbers(count);
    for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<T>(philox_normal({33, stream}, i));
    return numbers;
}

void check_close(const std::vector<double>& is, const std::vector<double>& should, double tolerance) {
    REQUIRE(is.size() == should.size());
    for (std::size_t i = 0; i < is.size(); ++i) {
        INFO("element ", i, ": ", is[i], " should be ", should[i]);
        CHECK(std::abs(is[i] - should[i]) <= tolerance);
    }
}

std::vector<double> identity_of_order(int order, int k) {
    std::vector<double> theta(static_cast<std::size_t>(order), 0);
    theta[static_cast<std::size_t>(k)] = 1;
    return theta;
}

const std::vector<Edge> kSmallEdges = {{0, 1}, {1, 2}, {1, 3}};

}  // namespace

TEST_CASE("cheb_conv gives the Chebyshev polynomials of a path of three nodes") {
    const Batch path({0, 3}, {{0, 1}, {1, 2}});
    const std::vector<std::vector<double>> expected = {
        {1, 2, 3}, {-1.414214, -2.828427, -1.414214}, {3, 2, 1}, {-1.414214, -2.828427, -1.414214}};
    for (int k = 0; k < 4; ++k) {
        Layer<double> layer(path, {1, 2, 3}, 1, identity_of_order(4, k), 1, {});
        cpu::cheb_conv_forward({}, layer.args);
        check_close(layer.y, expected[static_cast<std::size_t>(k)], 1e-6);
    }
}

TEST_CASE("cheb_conv gives the known output and gradients of five nodes, one isolated") {
    const Batch graph({0, 5}, kSmallEdges);
    for (const char* variant : {"v1", "v2"}) {
        Launch launch;
        launch.variant = variant;
        Layer<double> layer(graph, {1, .5, 2, -1, 0, 1, -1, .25, .5, 2}, 2, {.1, -.2, .3, .4, .5, .1, -.3, .2, -.4, .6, .2, -.1}, 2,
                            {.05, -.05});
        cpu::cheb_conv_forward(launch, layer.args);
        check_close(layer.y, {.082778, -.716667, -.746891, .247927, -.367222, .333333, -.942222, .758333, .5, .55}, 1e-6);
        double loss = 0;
        for (const double y : layer.y) loss += y * y / 2;
        CHECK(std::abs(loss - 1.700546263) < 1e-9);
        std::vector<double> dx(10), dtheta(12), dbias(2);
        const std::vector<double> dy = layer.y;
        cpu::cheb_conv_backward(launch, {layer.args, dy.data(), dx.data(), dtheta.data(), dbias.data(), nullptr});
        check_close(
            dtheta,
            {-.218782, -.704145, 1.185503, 1.016656, 1.416432, -.433013, .046415, -.033990, -2.768782, 1.695855, -1.122831, -1.075011},
            1e-6);
        check_close(dbias, {-1.473557, 1.172927}, 1e-6);
        check_close(dx, {1.293128, -.696605, .655696, -.554833, .228128, -.216605, -.399372, -.061605, -.19, .325}, 1e-6);
    }
}

TEST_CASE("cheb_conv scales an isolated node by lambda_max 1.5") {
    const Batch graph({0, 1}, {});
    for (const auto& [k, expected] :
         {std::pair{1, std::vector<double>{.166667, .666667}}, std::pair{2, std::vector<double>{-.388889, -1.555556}}}) {
        std::vector<double> theta(12, 0);
        theta[static_cast<std::size_t>(4 * k)] = theta[static_cast<std::size_t>(4 * k + 3)] = 1;
        Layer<double> layer(graph, {.5, 2}, 2, theta, 2, {}, {}, {1.5});
        cpu::cheb_conv_forward({}, layer.args);
        check_close(layer.y, expected, 1e-6);
    }
}

TEST_CASE("cheb_conv of order 1 is a linear layer, bit by bit") {
    const Batch graph({0, 5}, kSmallEdges);
    Layer<float> layer(graph, random_numbers<float>(5 * 37, 1), 37, random_numbers<float>(37 * 19, 2), 19, random_numbers<float>(19, 3));
    cpu::cheb_conv_forward({}, layer.args);
    std::vector<float> linear(5 * 19);
    MatMulArgs p;
    p.a = layer.x.data(), p.b = layer.theta.data(), p.bias = layer.bias.data(), p.c = linear.data(), p.m = 5, p.n = 19, p.k = 37;
    cpu::matmul_forward({}, p);
    CHECK(layer.y == linear);
}

TEST_CASE("cheb_conv of a batch equals its graphs one by one, bit by bit, forward and for the input") {
    // 40 rings of 3 to 12 nodes and some isolated nodes: several blocks
    std::vector<std::int32_t> offset{0};
    std::vector<Edge> edges;
    for (int g = 0; g < 40; ++g) {
        const int size = 1 + (g * 7) % 12, first = offset.back();
        for (int i = 0; size > 2 && i < size; ++i) edges.emplace_back(first + i, first + (i + 1) % size);
        offset.push_back(first + size);
    }
    const Batch batch(offset, edges);
    const std::int64_t in = 20, nodes = offset.back();
    const auto x = random_numbers<float>(static_cast<std::size_t>(nodes * in), 4), theta = random_numbers<float>(3 * 20 * 20, 5),
               bias = random_numbers<float>(20, 6);
    const auto dy = random_numbers<float>(static_cast<std::size_t>(nodes * in), 7);
    Layer<float> all(batch, x, in, theta, in, bias);
    all.args.relu = all.args.residual = true;
    cpu::cheb_conv_forward({}, all.args);
    std::vector<float> dx(x.size());
    cpu::cheb_conv_backward({}, {all.args, dy.data(), dx.data(), nullptr, nullptr, nullptr});
    for (std::size_t g = 0; g + 1 < offset.size(); ++g) {
        std::vector<Edge> own;
        for (const auto& [a, b] : edges)
            if (a >= offset[g] && a < offset[g + 1]) own.emplace_back(a - offset[g], b - offset[g]);
        const auto part = [&](const std::vector<float>& v) {
            return std::vector<float>(v.begin() + offset[g] * in, v.begin() + offset[g + 1] * in);
        };
        const Batch graph({0, offset[g + 1] - offset[g]}, own);
        Layer<float> one(graph, part(x), in, theta, in, bias);
        one.args.relu = one.args.residual = true;
        cpu::cheb_conv_forward({}, one.args);
        CHECK(one.y == part(all.y));
        std::vector<float> own_dx(one.x.size());
        const auto own_dy = part(dy);
        cpu::cheb_conv_backward({}, {one.args, own_dy.data(), own_dx.data(), nullptr, nullptr, nullptr});
        CHECK(own_dx == part(dx));
    }
}

TEST_CASE("cheb_conv follows a permutation of the nodes") {
    const std::vector<Edge> edges = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 0}, {2, 6}, {6, 7}};
    const std::vector<int> to = {3, 7, 0, 5, 1, 8, 2, 6, 4};
    std::vector<Edge> moved;
    for (const auto& [a, b] : edges) moved.emplace_back(to[static_cast<std::size_t>(a)], to[static_cast<std::size_t>(b)]);
    const auto x = random_numbers<double>(9 * 5, 8), theta = random_numbers<double>(4 * 5 * 3, 9);
    std::vector<double> moved_x(x.size());
    for (std::size_t i = 0; i < 9; ++i) std::copy_n(x.begin() + static_cast<long>(5 * i), 5, moved_x.begin() + 5 * to[i]);
    const Batch graph({0, 9}, edges), moved_graph({0, 9}, moved);
    Layer<double> plain(graph, x, 5, theta, 3, {}), permuted(moved_graph, moved_x, 5, theta, 3, {});
    cpu::cheb_conv_forward({}, plain.args);
    cpu::cheb_conv_forward({}, permuted.args);
    for (std::size_t i = 0; i < 9; ++i)
        for (std::size_t o = 0; o < 3; ++o)
            CHECK(std::abs(plain.y[3 * i + o] - permuted.y[3 * static_cast<std::size_t>(to[i]) + o]) < 1e-12);
}

TEST_CASE("cheb_conv gives the gradient of undirected edge weights, through all layers and the Laplacian") {
    const Batch graph({0, 6, 9}, {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {3, 4}, {6, 7}, {7, 8}});
    const auto x = random_numbers<double>(9 * 3, 10), theta = random_numbers<double>(4 * 3 * 2, 11),
               cotangent = random_numbers<double>(9 * 2, 12);
    for (const auto norm : {LaplacianNorm::symmetric, LaplacianNorm::random_walk}) {
        const std::vector<double> lambda = {1.7, 2};
        std::vector<double> weights = {.5, 1.5, 2, .8, 1.1, 3, .4};
        const auto entries = [&] {
            std::vector<double> w;
            for (const int edge : graph.edge_of) w.push_back(weights[static_cast<std::size_t>(edge)]);
            return w;
        };
        const auto loss = [&] {
            Layer<double> layer(graph, x, 3, theta, 2, {}, entries(), lambda, norm);
            cpu::cheb_conv_forward({}, layer.args);
            return std::inner_product(layer.y.begin(), layer.y.end(), cotangent.begin(), 0.);
        };
        const auto w = entries();
        Layer<double> layer(graph, x, 3, theta, 2, {}, w, lambda, norm);
        std::vector<double> dcoefficient(w.size()), dw(w.size());
        cpu::cheb_conv_backward({}, {layer.args, cotangent.data(), nullptr, nullptr, nullptr, dcoefficient.data()});
        ChebLaplacianArgs laplacian{graph.view(), w.data(), lambda.data(), nullptr, nullptr, norm, DType::f64};
        cpu::cheb_laplacian_backward({}, {laplacian, dcoefficient.data(), dw.data()});
        for (std::size_t edge = 0; edge < weights.size(); ++edge) {
            double analytic = 0;
            for (std::size_t e = 0; e < dw.size(); ++e)
                if (graph.edge_of[e] == static_cast<int>(edge)) analytic += dw[e];
            const double kept = weights[edge];
            weights[edge] = kept + 1e-6;
            const double above = loss();
            weights[edge] = kept - 1e-6;
            const double numeric = (above - loss()) / 2e-6;
            weights[edge] = kept;
            CHECK(std::abs(numeric - analytic) <= 1e-6 * (1 + std::abs(analytic)));
        }
    }
}

TEST_CASE("cheb_conv leaves self loops out of the Laplacian") {
    const Batch plain({0, 2}, {{0, 1}}), looped({0, 2}, {{0, 1}, {0, 0}});
    Layer<double> a(plain, {1, 2}, 1, {1, 2, 3}, 1, {}), b(looped, {1, 2}, 1, {1, 2, 3}, 1, {}, {1, 9, 1});
    cpu::cheb_conv_forward({}, a.args);
    cpu::cheb_conv_forward({}, b.args);
    CHECK(a.y == b.y);
}

TEST_CASE("cheb_conv says what it does not do") {
    const Batch graph({0, 3}, {{0, 1}, {1, 2}});
    Layer<float> layer(graph, {1, 2, 3}, 1, {1, 2}, 1, {});
    layer.args.order = 0;
    CHECK_THROWS_WITH_AS(cpu::cheb_conv_forward({}, layer.args), "cheb_conv: order must be at least 1, is 0", KernelError);
    layer.args.order = 1, layer.args.out = 2, layer.args.residual = true;
    CHECK_THROWS_WITH_AS(cpu::cheb_conv_forward({}, layer.args), "cheb_conv: the residual needs as many outputs as inputs: 1 in, 2 out",
                         KernelError);
    layer.args.residual = false, layer.args.relu = true, layer.args.active = nullptr;
    CHECK_THROWS_AS(cpu::cheb_conv_backward({}, {layer.args, nullptr, nullptr, nullptr, nullptr, nullptr}), KernelError);
}

TEST_CASE("parity: cheb_conv equals PyTorch Geometric") {
    const auto recorded = read_parity("cheb_conv");
    if (!recorded) {
        MESSAGE("SKIPPED: no recorded results (set MOLTEN_PARITY)");
        return;
    }
    int cases = 0;
    for (const auto& [key, out] : *recorded) {
        if (!key.ends_with(".out")) continue;
        const std::string name = key.substr(0, key.size() - 4);
        const auto at = [&](const std::string& what) -> const Recorded& { return recorded->at(name + "." + what); };
        const Recorded &x = at("x"), &index = at("edge_index");
        const std::size_t directed = static_cast<std::size_t>(index.shape[1]);
        const bool weighted = recorded->count(name + ".edge_weight") != 0;
        std::vector<Edge> edges;
        std::vector<float> weight;
        for (std::size_t e = 0; e < directed; ++e) {
            const int a = static_cast<int>(index.i64[e]), b = static_cast<int>(index.i64[directed + e]);
            if (a > b) continue;
            edges.emplace_back(a, b);
            weight.push_back(weighted ? at("edge_weight").f32[e] : 1);
        }
        const Batch graph({0, static_cast<int>(x.shape[0])}, edges);
        REQUIRE(graph.column.size() == directed);
        std::vector<float> entry_weight;
        for (const int edge : graph.edge_of) entry_weight.push_back(weight[static_cast<std::size_t>(edge)]);
        const std::int64_t in = x.shape[1], width = out.shape[1];
        std::vector<float> theta;
        std::int64_t order = 0;
        for (; recorded->count(name + ".lin" + std::to_string(order)); ++order) {
            const Recorded& lin = at("lin" + std::to_string(order));  // [out, in]
            for (std::int64_t f = 0; f < in; ++f)
                for (std::int64_t o = 0; o < width; ++o) theta.push_back(lin.f32[static_cast<std::size_t>(o * in + f)]);
        }
        const auto norm = name.find("_rw") != std::string::npos ? LaplacianNorm::random_walk : LaplacianNorm::symmetric;
        for (const char* variant : {"v1", "v2"}) {
            INFO(name, " ", variant);
            Launch launch;
            launch.variant = variant;
            Layer<float> layer(graph, x.f32, in, theta, width, at("bias").f32, entry_weight, {}, norm);
            CHECK(layer.args.order == order);
            cpu::cheb_conv_forward(launch, layer.args);
            CHECK(relative_error(layer.y, out.f32) <= 1e-5);
            std::vector<float> dx(x.f32.size()), dtheta(theta.size());
            cpu::cheb_conv_backward(launch, {layer.args, at("grad_out").f32.data(), dx.data(), dtheta.data(), nullptr, nullptr});
            CHECK(relative_error(dx, at("grad_x").f32) <= 1e-5);
            for (std::int64_t k = 0; k < order; ++k) {
                std::vector<float> lin(static_cast<std::size_t>(in * width));
                for (std::int64_t f = 0; f < in; ++f)
                    for (std::int64_t o = 0; o < width; ++o)
                        lin[static_cast<std::size_t>(o * in + f)] = dtheta[static_cast<std::size_t>((k * in + f) * width + o)];
                CHECK(relative_error(lin, at("grad_lin" + std::to_string(k)).f32) <= 1e-5);
            }
        }
        ++cases;
    }
    CHECK(cases == 16);
}

}  // namespace molten

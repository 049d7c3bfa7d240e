#include "kernels/common/cases.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/cheb_conv/cheb_conv.h"
#include "kernels/cheb_conv/reference.h"
#include "kernels/common/tracked.h"

namespace molten {
namespace {

ChebGraph bind_graph(const Problem& p) {
    ChebGraph graph;
    graph.row_offset = p.at<std::int32_t>("row_offset"), graph.column = p.at<std::int32_t>("column");
    graph.reverse = p.at<std::int32_t>("reverse"), graph.graph_offset = p.at<std::int32_t>("graph_offset");
    graph.nodes = p.size("nodes"), graph.entries = 2 * p.size("edges") + p.size("loops"), graph.graphs = p.size("graphs");
    return graph;
}

// Random graphs of unequal size (some empty, some nodes isolated, edges may repeat) with self loops spread over them.
void generate_graph(Problem& p) {
    const std::int64_t nodes = p.size("nodes"), edges = p.size("edges"), loops = p.size("loops"), graphs = p.size("graphs");
    auto *row_offset = p.at<std::int32_t>("row_offset"), *column = p.at<std::int32_t>("column");
    auto *reverse = p.at<std::int32_t>("reverse"), *graph_offset = p.at<std::int32_t>("graph_offset");
    std::uint64_t drawn = 0;
    const auto below = [&](std::int64_t limit) {
        return static_cast<std::int32_t>(philox_word(p.random, drawn++) % static_cast<std::uint64_t>(limit));
    };
    graph_offset[0] = 0, graph_offset[graphs] = static_cast<std::int32_t>(nodes);
    for (std::int64_t g = 1; g < graphs; ++g) graph_offset[g] = below(nodes + 1);
    std::sort(graph_offset, graph_offset + graphs + 1);

    struct Entry {
        std::int32_t row, column, edge;
    };
    std::vector<Entry> entries;
    for (std::int32_t edge = 0; edge < edges;) {
        const std::int32_t i = below(nodes);
        const auto* after = std::upper_bound(graph_offset, graph_offset + graphs + 1, i);
        const std::int32_t first = after[-1], last = *after;
        if (last - first < 2) continue;
        const std::int32_t j = first + below(last - first);
        if (i == j) continue;
        entries.push_back({i, j, edge}), entries.push_back({j, i, edge}), ++edge;
    }
    for (std::int64_t loop = 0; loop < loops; ++loop) {
        const std::int32_t i = below(nodes);
        entries.push_back({i, i, static_cast<std::int32_t>(edges + loop)});
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.row < b.row; });
    std::fill(row_offset, row_offset + nodes + 1, 0);
    std::vector<std::int32_t> seen(static_cast<std::size_t>(edges + loops), -1);
    for (std::int32_t e = 0; e < static_cast<std::int32_t>(entries.size()); ++e) {
        const Entry& entry = entries[static_cast<std::size_t>(e)];
        ++row_offset[entry.row + 1];
        column[e] = entry.column;
        std::int32_t& other = seen[static_cast<std::size_t>(entry.edge)];
        reverse[e] = other < 0 ? e : other;
        if (other >= 0) reverse[other] = e;
        other = e;
    }
    for (std::int64_t i = 0; i < nodes; ++i) row_offset[i + 1] += row_offset[i];
    if (auto* lambda = p.at<double>("lambda_max"))
        for (std::int64_t g = 0; g < graphs; ++g) lambda[g] = 1.25 + 0.25 * static_cast<double>(g % 4);
}

double number(const Problem& p, const char* name) { return static_cast<double>(p.size(name)); }

ChebLaplacianArgs bind_laplacian(const Problem& p) {
    const auto norm = p.size("random_walk") ? LaplacianNorm::random_walk : LaplacianNorm::symmetric;
    return {bind_graph(p), p.at("edge_weight"), p.at("lambda_max"), p.at("coefficient"), p.at("diagonal"), norm, p.dtype};
}

void laplacian_forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const auto a = bind_laplacian(p);
    if (backend == Backend::cpu) return cpu::cheb_laplacian_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::cheb_laplacian_forward<T>(a); });
}

void laplacian_backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ChebLaplacianGradArgs a{bind_laplacian(p), p.gradient("coefficient"), p.gradient("edge_weight")};
    if (!a.dedge_weight) return;
    if (backend == Backend::cpu) return cpu::cheb_laplacian_backward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::cheb_laplacian_backward<T>(a); });
}

ChebConvArgs bind_conv(const Problem& p) {
    ChebConvArgs a;
    a.graph = bind_graph(p);
    a.x = p.at("x"), a.coefficient = p.at("coefficient"), a.diagonal = p.at("diagonal"), a.theta = p.at("theta"), a.bias = p.at("bias");
    a.y = p.at("y"), a.active = p.at<std::uint8_t>("active");
    a.in = p.size("in"), a.out = p.size("out"), a.order = p.size("order");
    a.relu = p.size("relu") != 0, a.residual = p.size("residual") != 0, a.dtype = p.dtype;
    return a;
}

void conv_forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ChebConvArgs a = bind_conv(p);
    if (backend == Backend::cpu) return cpu::cheb_conv_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::cheb_conv_forward<T>(a); });
}

void conv_backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ChebConvGradArgs a{bind_conv(p),        p.gradient("y"),    p.gradient("x"),
                             p.gradient("theta"), p.gradient("bias"), p.gradient("coefficient")};
    if (backend == Backend::cpu) return cpu::cheb_conv_backward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::cheb_conv_backward<T>(a); });
}

}  // namespace

#define MOLTEN_CHEB_GRAPH                                                                                                                \
    {"row_offset", "[nodes+1]", Kind::index}, {"column", "[2*edges+loops]", Kind::index}, {"reverse", "[2*edges+loops]", Kind::index}, { \
        "graph_offset", "[graphs+1]", Kind::index                                                                                        \
    }

extern const OpCases cheb_laplacian_cases;
const OpCases cheb_laplacian_cases{
    .op = "cheb_laplacian",
    .sizes = {"nodes", "edges", "loops", "graphs", "weighted", "lambda", "random_walk"},
    .inputs = {MOLTEN_CHEB_GRAPH,
               {"edge_weight", "[2*edges+loops]", Kind::value, Gradient::yes, "weighted"},
               {"lambda_max", "[graphs]", Kind::statistic, Gradient::no, "lambda"}},
    .outputs = {{"coefficient", "[2*edges+loops]", Kind::statistic, Gradient::yes}, {"diagonal", "[nodes]", Kind::statistic, Gradient::no}},
    .shapes = {{0, 0, 0, 1, 1, 0, 0},
               {1, 0, 0, 1, 0, 0, 0},
               {1, 0, 1, 1, 1, 1, 1},
               {2, 1, 0, 1, 1, 0, 0},
               {2, 1, 0, 1, 1, 0, 1},
               {5, 4, 1, 1, 1, 1, 0},
               {9, 10, 2, 2, 1, 1, 1},
               {31, 30, 3, 4, 1, 0, 0},
               {33, 40, 0, 5, 1, 1, 0},
               {127, 130, 5, 15, 1, 1, 1},
               {20, 22, 0, 3, 0, 0, 0},
               {20, 22, 0, 3, 0, 1, 1},
               {5000, 5300, 7, 500, 1, 1, 0},
               {64, 300, 0, 2, 1, 0, 1}},
    .values = {Values::positive},
    .forward = laplacian_forward,
    .backward = laplacian_backward,
    .generate = generate_graph,
    .bytes = [](const Problem& p) { return 20 * number(p, "edges") + 12 * number(p, "nodes"); },
    .flops = [](const Problem& p) { return 8 * number(p, "edges") + 4 * number(p, "nodes"); },
};

extern const OpCases cheb_conv_cases;
const OpCases cheb_conv_cases{
    .op = "cheb_conv",
    .sizes = {"nodes", "edges", "loops", "graphs", "in", "out", "order", "bias", "relu", "residual"},
    .inputs = {MOLTEN_CHEB_GRAPH,
               {"x", "[nodes, in]", Kind::value, Gradient::yes},
               {"coefficient", "[2*edges+loops]", Kind::statistic, Gradient::yes},
               {"diagonal", "[nodes]", Kind::statistic, Gradient::no},
               {"theta", "[order, in, out]", Kind::value, Gradient::yes},
               {"bias", "[out]", Kind::value, Gradient::yes, "bias"}},
    .outputs = {{"y", "[nodes, out]", Kind::value, Gradient::yes}, {"active", "[nodes, out]", Kind::mask, Gradient::no, "relu"}},
    .shapes = {{0, 0, 0, 1, 3, 2, 3, 1, 0, 0},
               {1, 0, 0, 1, 1, 1, 1, 0, 0, 0},
               {1, 0, 0, 1, 4, 4, 3, 1, 1, 1},
               {3, 2, 0, 1, 1, 1, 4, 0, 0, 0},
               {5, 4, 0, 2, 2, 2, 3, 1, 0, 0},
               {9, 9, 1, 2, 7, 5, 2, 1, 1, 0},
               {13, 15, 2, 3, 5, 5, 5, 1, 1, 1},
               {31, 33, 0, 4, 3, 17, 3, 1, 0, 0},
               {33, 35, 0, 6, 16, 16, 3, 0, 1, 1},
               {127, 134, 0, 16, 33, 31, 3, 1, 1, 0},
               {250, 260, 0, 30, 64, 64, 3, 1, 1, 1},
               {400, 420, 3, 40, 74, 12, 2, 1, 0, 0},
               {1300, 1350, 0, 2, 9, 8, 3, 1, 1, 0},
               {600, 640, 0, 70, 8, 8, 1, 1, 1, 1},
               {1500, 1550, 0, 170, 6, 5, 3, 1, 1, 0}},
    .values = {Values::normal, Values::tiny, Values::one_row_zero},
    .variants = {"v2", "v1"},
    .forward = conv_forward,
    .backward = conv_backward,
    .generate = generate_graph,
    .bytes =
        [](const Problem& p) {
            const double nodes = number(p, "nodes"), in = number(p, "in"), out = number(p, "out");
            return (nodes * (in + out) + number(p, "order") * in * out) * static_cast<double>(size_of(p.dtype)) + 16 * number(p, "edges");
        },
    .flops =
        [](const Problem& p) {
            const double in = number(p, "in"), order = number(p, "order");
            return 2 * number(p, "nodes") * in * number(p, "out") * order +
                   (order - 1) * in * (4 * number(p, "edges") + 4 * number(p, "nodes"));
        },
};

#undef MOLTEN_CHEB_GRAPH

}  // namespace molten

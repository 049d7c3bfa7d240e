#include "engine/ops/cheb_conv.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gather.h"
#include "engine/ops/matmul.h"
#include "engine/ops/run.h"
#include "engine/ops/segment.h"
#include "engine/ops/view.h"

namespace molten {
namespace {

struct Laplacian {
    GraphBatch graph;
    LaplacianNorm norm;
    DType dtype;
};

struct Convolution {
    GraphBatch graph;
    ChebConvOptions options;
};

ChebGraph view_of(const GraphBatch& graph) {
    return {graph.row_offset.data<std::int32_t>(),
            graph.column.data<std::int32_t>(),
            graph.reverse.data<std::int32_t>(),
            graph.graph_offset.data<std::int32_t>(),
            graph.nodes(),
            graph.entries(),
            graph.graphs()};
}

// Inputs: edge_weight or absent, lambda_max or absent. Outputs: coefficient, diagonal.
ChebLaplacianArgs laplacian_args(const Laplacian& l, const Tensor& edge_weight, const Tensor& lambda_max) {
    ChebLaplacianArgs args;
    args.graph = view_of(l.graph);
    args.edge_weight = data_or_null(edge_weight);
    args.lambda_max = data_or_null(lambda_max);
    args.norm = l.norm;
    args.dtype = l.dtype;
    return args;
}

Tensors laplacian_forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto& l = std::any_cast<const Laplacian&>(attributes);
    op_check(!in[0] || in[0].shape() == Shape{l.graph.entries()}, "cheb_laplacian", "one edge weight an entry is needed");
    op_check(!in[1] || in[1].shape() == Shape{l.graph.graphs()}, "cheb_laplacian", "one lambda_max a graph is needed");
    Tensor coefficient = Tensor::empty({l.graph.entries()}, statistic_dtype(l.dtype)),
           diagonal = Tensor::empty({l.graph.nodes()}, statistic_dtype(l.dtype));
    ChebLaplacianArgs args = laplacian_args(l, in[0], in[1]);
    args.coefficient = coefficient.mutable_data();
    args.diagonal = diagonal.mutable_data();
    run("cheb_laplacian", cpu::cheb_laplacian_forward, Device::cpu, args);
    save(in[0]);
    save(in[1]);
    save(coefficient);
    save(diagonal);
    return {coefficient, diagonal};
}

Tensors laplacian_backward(const Node& node, const Tensors& dy) {
    const auto& l = node.attributes_as<Laplacian>();
    op_check(!node.wants(1), "cheb_laplacian", "lambda_max has no gradient: it is an estimate of the graph, not a parameter");
    Tensor dedge_weight = empty_like(node.inputs[0]);
    ChebLaplacianGradArgs args;
    args.forward = laplacian_args(l, node.keep(0), node.keep(1));
    args.forward.coefficient = const_cast<void*>(node.keep(2).data());
    args.forward.diagonal = const_cast<void*>(node.keep(3).data());
    args.dcoefficient = dy[0].data();
    args.dedge_weight = dedge_weight.mutable_data();
    run("cheb_laplacian", cpu::cheb_laplacian_backward, Device::cpu, args);
    return {dedge_weight, Tensor()};
}

// Inputs: x, coefficient, diagonal, theta, bias or absent.
ChebConvArgs convolution_args(const Convolution& c, const Tensor& x, const Tensor& coefficient, const Tensor& diagonal,
                              const Tensor& theta) {
    ChebConvArgs args;
    args.graph = view_of(c.graph);
    args.x = x.data();
    args.coefficient = coefficient.data();
    args.diagonal = diagonal.data();
    args.theta = theta.data();
    args.order = theta.dim(0);
    args.in = theta.dim(1);
    args.out = theta.dim(2);
    args.relu = c.options.relu;
    args.residual = c.options.residual;
    args.dtype = x.dtype();
    return args;
}

Tensors convolution_forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto& c = std::any_cast<const Convolution&>(attributes);
    op_check(in[3].rank() == 3 && in[3].dim(0) >= 1 && in[0].shape() == Shape{c.graph.nodes(), in[3].dim(1)}, "cheb_conv",
             "x " + in[0].shape().text() + " and theta " + in[3].shape().text() + " must be [nodes, in] and [order, in, out]");
    op_check(!c.options.residual || in[3].dim(1) == in[3].dim(2), "cheb_conv", "a residual needs as many outputs as inputs");
    op_check(!in[4] || in[4].shape() == Shape{in[3].dim(2)}, "cheb_conv", "one bias an output is needed");
    Tensor y = Tensor::empty({c.graph.nodes(), in[3].dim(2)}, in[0].dtype()), active;
    if (save.wanted() && c.options.relu) active = Tensor::empty(y.shape(), DType::u8);
    ChebConvArgs args = convolution_args(c, in[0], in[1], in[2], in[3]);
    args.bias = data_or_null(in[4]);
    args.y = y.mutable_data();
    args.active = active ? active.mutable_data<std::uint8_t>() : nullptr;
    run("cheb_conv", cpu::cheb_conv_forward, Device::cpu, args);
    for (std::size_t i = 0; i < 4; ++i) save(in[i]);
    save(active);
    return {y};
}

Tensors convolution_backward(const Node& node, const Tensors& dy) {
    op_check(!node.wants(2), "cheb_conv", "the Laplacian's diagonal has no gradient");
    const Tensor& active = node.keep(4);
    Tensor dx = gradient_if(node, 0), dcoefficient = gradient_if(node, 1), dtheta = gradient_if(node, 3), dbias = gradient_if(node, 4);
    ChebConvGradArgs args;
    args.forward = convolution_args(node.attributes_as<Convolution>(), node.keep(0), node.keep(1), node.keep(2), node.keep(3));
    args.forward.active = active ? const_cast<std::uint8_t*>(active.data<std::uint8_t>()) : nullptr;
    args.dy = dy[0].data();
    args.dx = mutable_or_null(dx);
    args.dtheta = mutable_or_null(dtheta);
    args.dbias = mutable_or_null(dbias);
    args.dcoefficient = mutable_or_null(dcoefficient);
    run("cheb_conv", cpu::cheb_conv_backward, Device::cpu, args);
    return {dx, dcoefficient, Tensor(), dtheta, dbias};
}

// Lh t by gathering neighbours and summing rows.
Tensor propagate(const GraphBatch& graph, const Tensor& coefficient, const Tensor& diagonal, const Tensor& t) {
    const Tensor neighbours = segment_reduce(gather(t, graph.column), graph.row_offset, SegmentReduction::sum, coefficient);
    return add(neighbours, mul(t, reshape(diagonal, {graph.nodes(), 1})));
}

Tensors convolution_composite(const Tensors& in, const std::any& attributes) {
    const auto& c = std::any_cast<const Convolution&>(attributes);
    const std::int64_t order = in[3].dim(0), width = in[3].dim(1), out = in[3].dim(2);
    Tensor before, now = in[0], y;
    for (std::int64_t k = 0; k < order; ++k) {
        if (k > 0) {
            const Tensor next = propagate(c.graph, in[1], in[2], now);
            const Tensor t = k == 1 ? next : scale_add(next, 2, before, -1);
            before = now;
            now = t;
        }
        const Tensor term = matmul(now, reshape(slice(in[3], 0, k, k + 1), {width, out}));
        y = k == 0 ? term : add(y, term);
    }
    if (in[4]) y = add(y, in[4]);
    if (c.options.relu) y = relu(y);
    return {c.options.residual ? add(y, in[0]) : y};
}

// Two graphs: a triangle with a tail, and a single node.
GraphBatch sample_graph() {
    const auto tensor = [](std::vector<std::int32_t> values) { return Tensor::from(values, {static_cast<std::int64_t>(values.size())}); };
    return {tensor({0, 2, 4, 7, 8, 8}), tensor({1, 2, 0, 2, 0, 1, 3, 2}), tensor({2, 4, 0, 5, 1, 3, 7, 6}), tensor({0, 4, 5})};
}

Tensor sample_edge_weight() { return Tensor::from(std::vector<double>{1, 0.5, 1, 2, 0.5, 2, 1.5, 1.5}, {8}).set_requires_grad(true); }

std::vector<Sample> laplacian_samples() {
    const Tensor lambda = Tensor::from(std::vector<double>{1.7, 2}, {2});
    return {{{sample_edge_weight(), Tensor()}, Laplacian{sample_graph(), LaplacianNorm::symmetric, DType::f64}},
            {{sample_edge_weight(), lambda}, Laplacian{sample_graph(), LaplacianNorm::random_walk, DType::f64}}};
}

std::vector<Sample> convolution_samples() {
    std::vector<Sample> samples;
    const Tensor diagonal = sample_constant({5}, 90);
    for (std::int64_t order = 1; order <= 4; ++order) {
        const auto seed = static_cast<std::uint64_t>(10 * order);
        const bool square = order % 2 == 1;
        samples.push_back(
            {{sample_tensor({5, 3}, seed), order == 1 ? sample_constant({8}, seed + 1) : sample_tensor({8}, seed + 1), diagonal,
              sample_tensor({order, 3, square ? 3 : 2}, seed + 2), order == 2 ? Tensor() : sample_tensor({square ? 3 : 2}, seed + 3)},
             Convolution{sample_graph(), {order >= 3, square}}});
    }
    return samples;
}

}  // namespace

const OpDef cheb_laplacian_op("cheb_laplacian", laplacian_forward, laplacian_backward, laplacian_samples);
const OpDef cheb_conv_op("cheb_conv", convolution_forward, convolution_backward, convolution_samples, convolution_composite);

ChebLaplacian cheb_laplacian(const GraphBatch& graph, DType dtype, LaplacianNorm norm, const Tensor& edge_weight,
                             const Tensor& lambda_max) {
    const Tensors outputs = apply(cheb_laplacian_op, {edge_weight, lambda_max}, Laplacian{graph, norm, dtype});
    // The diagonal depends on lambda_max alone, so no gradient flows through it.
    return {graph, outputs[0], outputs[1].detach()};
}

Tensor cheb_conv(const Tensor& x, const ChebLaplacian& laplacian, const Tensor& theta, const Tensor& bias, const ChebConvOptions& options) {
    return apply(cheb_conv_op, {x, laplacian.coefficient, laplacian.diagonal, theta, bias}, Convolution{laplacian.graph, options})[0];
}

}  // namespace molten

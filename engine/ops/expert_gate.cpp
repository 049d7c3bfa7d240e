#include "engine/ops/expert_gate.h"

#include <algorithm>
#include <numeric>

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reduce.h"
#include "engine/ops/run.h"
#include "engine/ops/softmax.h"
#include "engine/ops/view.h"

namespace molten {
namespace {

// 1 for the k largest of each row, the first of equals.
Tensor largest_mask(const Tensor& logits, std::int64_t k) {
    const auto values = logits.to_vector();
    const auto experts = static_cast<std::size_t>(logits.dim(1));
    std::vector<std::uint8_t> mask(values.size(), 0);
    std::vector<std::size_t> order(experts);
    for (std::size_t row = 0; row < values.size(); row += experts) {
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[row + a] > values[row + b]; });
        for (std::size_t i = 0; i < std::min<std::size_t>(experts, static_cast<std::size_t>(k)); ++i) mask[row + order[i]] = 1;
    }
    return Tensor::from(mask, logits.shape());
}

void check(const Tensor& logits, const Tensor& experts) {
    op_check(logits.rank() == 2 && experts.rank() == 3 && experts.dim(0) == logits.dim(0) && experts.dim(1) == logits.dim(1), "expert_gate",
             "logits " + logits.shape().text() + " and experts " + experts.shape().text() +
                 " must be [rows, experts] and [rows, experts, width]");
}

ExpertGateArgs arguments(const ExpertGateOptions& options, const Tensor& logits, const Tensor& experts) {
    ExpertGateArgs args;
    args.logits = logits.data();
    args.values = experts.data();
    args.rows = logits.dim(0);
    args.experts = logits.dim(1);
    args.width = experts.dim(2);
    args.top_k = options.top_k;
    args.function = options.function;
    args.normalised = options.normalised;
    args.dtype = logits.dtype();
    return args;
}

// Outputs: y, weights, balance.
Tensors forward(const Tensors& in, const std::any& attributes, Save& save) {
    check(in[0], in[1]);
    const DType statistic = statistic_dtype(in[0].dtype());
    Tensor y = Tensor::empty({in[0].dim(0), in[1].dim(2)}, in[0].dtype()), weights = empty_like(in[0]),
           fraction = Tensor::empty({in[0].dim(1)}, statistic), balance = Tensor::empty({}, statistic);
    ExpertGateArgs args = arguments(std::any_cast<const ExpertGateOptions&>(attributes), in[0], in[1]);
    args.y = y.mutable_data();
    args.weights = weights.mutable_data();
    args.fraction = fraction.mutable_data();
    args.balance = balance.mutable_data();
    run("expert_gate", cpu::expert_gate_forward, y.device(), args);
    save(in[0]);
    save(in[1]);
    save(weights);
    save(fraction);
    return {y, weights, balance};
}

Tensors backward(const Node& node, const Tensors& dy) {
    ExpertGateGradArgs args;
    args.forward = arguments(node.attributes_as<ExpertGateOptions>(), node.keep(0), node.keep(1));
    args.forward.weights = const_cast<void*>(node.keep(2).data());
    args.forward.fraction = const_cast<void*>(node.keep(3).data());
    Tensor dlogits = gradient_if(node, 0), dexperts = gradient_if(node, 1);
    args.dy = dy[0].data();
    args.dweights = dy[1].data();
    args.dbalance = dy[2].data();
    args.dlogits = mutable_or_null(dlogits);
    args.dvalues = mutable_or_null(dexperts);
    run("expert_gate", cpu::expert_gate_backward, dy[0].device(), args);
    return {dlogits, dexperts};
}

// The share of the rows' choices that fell on each expert: a constant for the gradient.
Tensor chosen_share(const Tensor& logits, std::int64_t choices) {
    const auto mask = largest_mask(logits, choices).to_vector();
    const std::int64_t experts = logits.dim(1);
    std::vector<double> share(static_cast<std::size_t>(experts), 0);
    for (std::size_t i = 0; i < mask.size(); ++i) share[i % share.size()] += mask[i] / static_cast<double>(logits.dim(0) * choices);
    return Tensor::from(share, {experts});
}

Tensors composite(const Tensors& in, const std::any& attributes) {
    const auto& o = std::any_cast<const ExpertGateOptions&>(attributes);
    const std::int64_t rows = in[0].dim(0), count = in[0].dim(1), width = in[1].dim(2),
                       kept = o.top_k > 0 ? std::min(o.top_k, count) : count;
    const Tensor p = o.function == GateFunction::sigmoid ? sigmoid(in[0]) : softmax(in[0]);
    Tensor weights = mul(p, Tensor::from(largest_mask(in[0], kept).to_vector(), in[0].shape()));
    if (o.normalised) weights = div(weights, reshape(sum(weights, 1), {rows, 1}));
    const Tensor y = reshape(matmul(reshape(weights, {rows, 1, count}), in[1]), {rows, width});
    const Tensor importance = mean(div(p, reshape(sum(p, 1), {rows, 1})), 0);
    const Tensor balance = scale(sum(mul(importance, chosen_share(in[0], std::max<std::int64_t>(o.top_k, 1)))), static_cast<double>(count));
    return {y, weights, balance};
}

std::vector<Sample> samples() {
    const auto sample = [](std::uint64_t seed, ExpertGateOptions options) {
        return Sample{{sample_tensor({5, 4}, seed), sample_tensor({5, 4, 3}, seed + 1)}, options};
    };
    return {sample(1, {}), sample(3, {GateFunction::softmax, 2, true}), sample(5, {GateFunction::sigmoid, 0, false}),
            sample(7, {GateFunction::sigmoid, 3, true})};
}

}  // namespace

const OpDef expert_gate_op("expert_gate", forward, backward, samples, composite);

GatedExperts expert_gate(const Tensor& logits, const Tensor& experts, const ExpertGateOptions& options) {
    const Tensors outputs = apply(expert_gate_op, {logits, experts}, options);
    return {outputs[0], outputs[1], outputs[2]};
}

}  // namespace molten

#include "engine/autograd/checkpoint.h"

#include "engine/random/generator.h"

namespace molten {
namespace {

struct Replay {
    std::function<Tensors(const Tensors&)> fn;
    Generator generator;
};

Tensors forward(const Tensors& inputs, const std::any& attributes, Save& save) {
    const auto& replay = std::any_cast<const Replay&>(attributes);
    const NoGrad quiet;
    for (std::size_t i = 0; i + 1 < inputs.size(); ++i) save(inputs[i]);
    Tensors outputs = replay.fn({inputs.begin(), inputs.end() - 1});
    for (Tensor& output : outputs) output = output.detach();
    return outputs;
}

Tensors backward(const Node& node, const Tensors& output_gradients) {
    const auto& replay = node.attributes_as<Replay>();
    Tensors inputs;
    for (std::size_t i = 0; i + 1 < node.inputs.size(); ++i) {
        inputs.push_back(node.keep(i) ? node.keep(i).detach() : Tensor());
        if (node.wants(i)) inputs.back().set_requires_grad(true);
    }
    Tape tape;
    const Generator now = generator();
    generator() = replay.generator;
    const Tensors outputs = replay.fn(inputs);
    generator() = now;
    Tensors roots, cotangents;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!outputs[i].requires_grad()) continue;
        roots.push_back(outputs[i]);
        cotangents.push_back(output_gradients[i]);
    }
    Gradients gradients;
    if (!roots.empty()) gradients = tape.backward(roots, cotangents);
    Tensors result;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        Tensor gradient = node.wants(i) ? gradients.take(inputs[i].id()) : Tensor();
        if (node.wants(i) && !gradient) gradient = Tensor::zeros(inputs[i].shape(), inputs[i].dtype());
        result.push_back(std::move(gradient));
    }
    result.push_back(Tensor::zeros({}, DType::f32));
    for (const auto& [id, gradient] : gradients.all()) Tape::add_leaf_gradient(id, gradient);
    return result;
}

const OpDef checkpoint_op("checkpoint", forward, backward, nullptr);

}  // namespace

Tensors checkpoint(std::function<Tensors(const Tensors&)> fn, Tensors inputs) {
    // The anchor is a leaf of no meaning: with it the call is recorded even if only parameters inside fn want a gradient.
    Tensor anchor = Tensor::zeros({}, DType::f32);
    inputs.push_back(anchor.set_requires_grad(true));
    return apply(checkpoint_op, std::move(inputs), Replay{std::move(fn), generator()});
}

}  // namespace molten

#include "engine/ops/activation.h"

#include "engine/ops/run.h"

namespace molten {
namespace {

Tensors forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto function = std::any_cast<Activation>(attributes);
    Tensor y = empty_like(in[0]);
    run("activation", cpu::activation_forward, y.device(),
        ActivationArgs{in[0].data(), y.mutable_data(), y.elements(), function, y.dtype()});
    save(backward_reads_output(function) ? y : in[0]);
    return {y};
}

Tensors backward(const Node& node, const Tensors& dy) {
    const auto function = node.attributes_as<Activation>();
    const void* kept = node.keep(0).data();
    const bool output = backward_reads_output(function);
    Tensor dx = empty_like(dy[0]);
    run("activation", cpu::activation_backward, dx.device(),
        ActivationGradArgs{output ? nullptr : kept, output ? kept : nullptr, dy[0].data(), dx.mutable_data(), dx.elements(), function,
                           dx.dtype()});
    return {dx};
}

std::vector<Sample> samples() {
    std::vector<Sample> result;
    for (int f = 0; f < kActivations; ++f) {
        const auto function = static_cast<Activation>(f);
        Tensor x = Tensor::randn({4, 5}, DType::f64, 17 + static_cast<std::uint64_t>(f));
        if (function == Activation::log || function == Activation::sqrt)
            for (std::int64_t i = 0; i < x.elements(); ++i) x.mutable_data<double>()[i] = 0.1 + x.data<double>()[i] * x.data<double>()[i];
        result.push_back({{x.set_requires_grad(true)}, function});
    }
    return result;
}

}  // namespace

const OpDef activation_op("activation", forward, backward, samples);

Tensor activation(const Tensor& x, Activation function) { return apply(activation_op, {x}, function)[0]; }

}  // namespace molten

// Every op of the registry: gradient against finite differences with a random cotangent, and against its composite.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "engine/autograd/gradcheck.h"
#include "engine/autograd/op.h"
#include "engine/autograd/tape.h"

using namespace molten;

namespace {

double largest_difference(const Tensor& a, const Tensor& b) {
    REQUIRE(a.shape() == b.shape());
    const auto x = a.to_vector(), y = b.to_vector();
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x[i] - y[i]) / (1 + std::abs(y[i])));
    return worst;
}

// Outputs and the gradients of all trainable inputs for random cotangents.
Tensors outputs_and_gradients(const std::function<Tensors(const Tensors&)>& fn, const Tensors& inputs) {
    Tape tape;
    Tensors outputs = fn(inputs), roots, cotangents;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!outputs[i].requires_grad()) continue;
        roots.push_back(outputs[i]);
        cotangents.push_back(Tensor::randn(outputs[i].shape(), DType::f64, 99 + i));
    }
    const Gradients gradients = tape.backward(roots, cotangents);
    for (const Tensor& input : inputs)
        if (input && input.requires_grad()) outputs.push_back(gradients.of(input));
    return outputs;
}

}  // namespace

TEST_CASE("op gradients equal finite differences") {
    std::int64_t differentiable = 0, derivatives = 0;
    for (const OpDef* op : all_ops()) {
        if (!op->gradient.backward()) continue;
        ++differentiable;
        const auto samples = op->samples();
        REQUIRE_MESSAGE(!samples.empty(), std::string(op->name), " has no samples");
        for (std::size_t s = 0; s < samples.size(); ++s) {
            const auto report =
                gradcheck([&](const Tensors& inputs) { return apply(*op, inputs, samples[s].attributes); }, samples[s].inputs);
            CHECK_MESSAGE(report.passed, std::string(op->name), " sample ", s, ": ", report.message);
            CHECK_MESSAGE(report.checked > 0, std::string(op->name), " sample ", s, " checked nothing");
            derivatives += report.checked;
        }
    }
    MESSAGE(differentiable, " differentiable ops, ", derivatives, " derivatives");
}

TEST_CASE("ops equal their composites, forward and backward") {
    for (const OpDef* op : all_ops()) {
        if (!op->composite) continue;
        const auto samples = op->samples();
        for (std::size_t s = 0; s < samples.size(); ++s) {
            const auto fused =
                outputs_and_gradients([&](const Tensors& in) { return apply(*op, in, samples[s].attributes); }, samples[s].inputs);
            const auto composite =
                outputs_and_gradients([&](const Tensors& in) { return op->composite(in, samples[s].attributes); }, samples[s].inputs);
            REQUIRE(fused.size() == composite.size());
            for (std::size_t i = 0; i < fused.size(); ++i)
                CHECK_MESSAGE(largest_difference(fused[i], composite[i]) < 1e-12, std::string(op->name), " sample ", s, " result ", i);
        }
    }
}

TEST_CASE("gradcheck finds a wrong gradient") {
    const auto forward = [](const Tensors& in, const std::any&, Save& save) -> Tensors {
        Tensor y = in[0].clone();
        for (std::int64_t i = 0; i < y.elements(); ++i) y.mutable_data<double>()[i] *= y.data<double>()[i];
        save(in[0]);
        return {y};
    };
    const auto backward = [](const Node& node, const Tensors& dy) -> Tensors {  // 2.02 x dy instead of 2 x dy
        Tensor dx = dy[0].clone();
        for (std::int64_t i = 0; i < dx.elements(); ++i) dx.mutable_data<double>()[i] *= 2.02 * node.keep(0).data<double>()[i];
        return {dx};
    };
    static const OpDef wrong("wrong_square", forward, OpGradient(+backward), nullptr);
    const Tensor x = Tensor::randn({5}, DType::f64, 3).set_requires_grad(true);
    CHECK_FALSE(gradcheck([](const Tensors& in) { return apply(wrong, in); }, {x}).passed);
}

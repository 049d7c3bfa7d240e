#include "engine/ops/dropout.h"

#include "engine/ops/run.h"
#include "engine/random/generator.h"
#include "kernels/dropout/dropout.h"

namespace molten {
namespace {

struct Attributes {
    double p;
    PhiloxKey key;
};

Tensors forward(const Tensors& in, const std::any& attributes, Save&) {
    const auto& [p, key] = std::any_cast<const Attributes&>(attributes);
    Tensor y = empty_like(in[0]);
    run("dropout", cpu::dropout_forward, y.device(), DropoutArgs{in[0].data(), y.mutable_data(), y.elements(), p, key, y.dtype()});
    return {y};
}

Tensors backward(const Node& node, const Tensors& dy) {
    const auto& [p, key] = node.attributes_as<Attributes>();
    Tensor dx = empty_like(dy[0]);
    run("dropout", cpu::dropout_backward, dx.device(), DropoutGradArgs{dy[0].data(), dx.mutable_data(), dx.elements(), p, key, dx.dtype()});
    return {dx};
}

std::vector<Sample> samples() {
    return {{{sample_tensor({4, 9}, 1)}, Attributes{0.3, {7, 11}}}, {{sample_tensor({5}, 2)}, Attributes{0.5, {7, 12}}}};
}

}  // namespace

const OpDef dropout_op("dropout", forward, backward, samples);

Tensor dropout(const Tensor& x, double p) {
    op_check(p >= 0 && p <= 1, "dropout", "a probability of " + std::to_string(p));
    return p == 0 ? x : apply(dropout_op, {x}, Attributes{p, generator().next()})[0];
}

}  // namespace molten

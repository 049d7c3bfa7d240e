#include "models/layers/linear.h"

#include <cmath>

#include "engine/ops/dropout.h"

namespace molten {

Linear::Linear(const std::string& name, std::int64_t in, std::int64_t out, std::uint64_t seed, bool with_bias) {
    const double bound = 1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(in, 1)));
    weight = uniform_parameter(name + "weight", {out, in}, bound, seed);
    if (with_bias) bias = uniform_parameter(name + "bias", {out}, bound, seed);
}

void Linear::visit(const ParameterVisitor& f, const std::string& prefix) {
    f(prefix + "weight", weight);
    if (bias) f(prefix + "bias", bias);
}

Mlp::Mlp(const std::string& name, std::int64_t in, std::int64_t hidden, std::int64_t out, std::uint64_t seed)
    : first(name + "first.", in, hidden, seed), second(name + "second.", hidden, out, seed) {}

Tensor Mlp::forward(const Tensor& x, double dropout_p) const {
    return second.forward(dropout(first.forward(x, MatMulActivation::relu), dropout_p));
}

void Mlp::visit(const ParameterVisitor& f, const std::string& prefix) {
    first.visit(f, prefix + "first.");
    second.visit(f, prefix + "second.");
}

}  // namespace molten

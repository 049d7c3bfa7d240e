#pragma once
#include "engine/ops/layer_norm.h"
#include "models/layers/module.h"

namespace molten {

// Layer normalisation over the last axis with weight 1 and bias 0 at the start.
struct LayerNorm {
    Tensor weight, bias;
    double eps = 1e-5;

    LayerNorm() = default;
    LayerNorm(const std::string& name, std::int64_t width)
        : weight(constant_parameter(name + "weight", {width}, 1)), bias(constant_parameter(name + "bias", {width}, 0)) {}

    Tensor forward(const Tensor& x) const { return layer_norm(x, weight, bias, eps); }
    // layer_norm(x + residual)
    Tensor forward(const Tensor& x, const Tensor& residual) const { return residual_layer_norm(x, residual, weight, bias, eps).normed; }
    void visit(const ParameterVisitor& f, const std::string& prefix) {
        f(prefix + "weight", weight);
        f(prefix + "bias", bias);
    }
};

}  // namespace molten

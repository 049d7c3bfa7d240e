#pragma once
#include "engine/ops/matmul.h"
#include "models/layers/module.h"

namespace molten {

// y = activation(x weight^T + bias), weight [out, in].
struct Linear {
    Tensor weight, bias;

    Linear() = default;
    // Uniform in +-1/sqrt(in), weight and bias, as PyTorch initialises nn.Linear.
    Linear(const std::string& name, std::int64_t in, std::int64_t out, std::uint64_t seed, bool with_bias = true);

    Tensor forward(const Tensor& x, MatMulActivation activation = MatMulActivation::none) const { return linear(x, weight, bias, activation); }
    void visit(const ParameterVisitor& f, const std::string& prefix);
};

// Linear, ReLU, dropout, Linear. dropout is applied while training only: pass 0 otherwise.
struct Mlp {
    Linear first, second;

    Mlp() = default;
    Mlp(const std::string& name, std::int64_t in, std::int64_t hidden, std::int64_t out, std::uint64_t seed);

    Tensor forward(const Tensor& x, double dropout_p) const;
    void visit(const ParameterVisitor& f, const std::string& prefix);
};

}  // namespace molten

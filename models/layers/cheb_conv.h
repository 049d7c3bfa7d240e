#pragma once
#include "engine/ops/cheb_conv.h"
#include "models/layers/module.h"

namespace molten {

// Chebyshev graph convolution with theta [order, in, out] and bias. Checkpoints of PyTorch Geometric hold theta[k]^T as
// lins.<k>.weight, those of DGL concat_k theta[k]^T as linear.weight.
struct ChebConv {
    Tensor theta, bias;

    ChebConv() = default;
    // Uniform in +-1/sqrt(order * in), bias too, as a linear map of the stacked polynomials.
    ChebConv(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t order, std::uint64_t seed);

    Tensor forward(const Tensor& x, const ChebLaplacian& laplacian, const ChebConvOptions& options = {}) const {
        return cheb_conv(x, laplacian, theta, bias, options);
    }
    void visit(const ParameterVisitor& f, const std::string& prefix) {
        f(prefix + "theta", theta);
        f(prefix + "bias", bias);
    }
};

}  // namespace molten

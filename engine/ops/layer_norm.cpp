#include "engine/ops/layer_norm.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/ops/run.h"
#include "engine/ops/view.h"
#include "kernels/layer_norm/layer_norm.h"

namespace molten {
namespace {

// Inputs: x, residual or absent, weight or absent, bias or absent. Outputs: y, and h where there is a residual.
Tensors forward(const Tensors& in, const std::any& attributes, Save& save) {
    const Tensor& x = in[0];
    const std::int64_t n = x.dim(-1), rows = rows_of(x.shape());
    for (std::size_t i = 2; i < 4; ++i)
        op_check(!in[i] || in[i].shape() == Shape{n}, "layer_norm", "weight and bias must have " + std::to_string(n) + " elements");
    op_check(!in[1] || in[1].shape() == x.shape(), "layer_norm", "the residual's shape differs from " + x.shape().text());
    const DType statistic = statistic_dtype(x.dtype());
    Tensor y = empty_like(x), h = in[1] ? empty_like(x) : Tensor(), mean = Tensor::empty({rows}, statistic),
           rstd = Tensor::empty({rows}, statistic);
    run("layer_norm", cpu::layer_norm_forward, x.device(),
        LayerNormArgs{x.data(), data_or_null(in[1]), data_or_null(in[2]), data_or_null(in[3]), mutable_or_null(h), y.mutable_data(),
                      mean.mutable_data(), rstd.mutable_data(), rows, n, std::any_cast<double>(attributes), x.dtype()});
    save(h ? h : x);
    save(in[2]);
    save(mean);
    save(rstd);
    if (h) return {y, h};
    return {y};
}

Tensors backward(const Node& node, const Tensors& dy) {
    const Tensor &h = node.keep(0), &weight = node.keep(1);
    const bool residual = dy.size() == 2;
    Tensor dx = node.wants(0) || node.wants(1) ? empty_like(h) : Tensor(), dweight = gradient_if(node, 2), dbias = gradient_if(node, 3);
    run("layer_norm", cpu::layer_norm_backward, h.device(),
        LayerNormGradArgs{dy[0].data(), residual ? dy[1].data() : nullptr, h.data(), data_or_null(weight), node.keep(2).data(),
                          node.keep(3).data(), mutable_or_null(dx), mutable_or_null(dweight), mutable_or_null(dbias), rows_of(h.shape()),
                          h.dim(-1), h.dtype()});
    return {node.wants(0) ? dx : Tensor(), node.wants(1) ? dx : Tensor(), dweight, dbias};
}

Tensors composite(const Tensors& in, const std::any& attributes) {
    const Tensor h = in[1] ? add(in[0], in[1]) : in[0];
    const Shape column = with_last(h.shape(), 1);
    const Tensor centred = sub(h, reshape(mean(h, -1), column));
    const Tensor deviation = sqrt(scale(reshape(mean(square(centred), -1), column), 1, std::any_cast<double>(attributes)));
    Tensor y = div(centred, deviation);
    if (in[2]) y = mul(y, in[2]);
    if (in[3]) y = add(y, in[3]);
    if (in[1]) return {y, h};
    return {y};
}

std::vector<Sample> samples() {
    return {{{sample_tensor({3, 5}, 1), Tensor(), sample_tensor({5}, 2), sample_tensor({5}, 3)}, 1e-5},
            {{sample_tensor({2, 3, 5}, 4), sample_tensor({2, 3, 5}, 5), sample_tensor({5}, 6), sample_tensor({5}, 7)}, 1e-5},
            {{sample_tensor({3, 5}, 8), Tensor(), Tensor(), Tensor()}, 1e-3}};
}

}  // namespace

const OpDef layer_norm_op("layer_norm", forward, backward, samples, composite);

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
    return apply(layer_norm_op, {x, Tensor(), weight, bias}, eps)[0];
}

ResidualNorm residual_layer_norm(const Tensor& x, const Tensor& residual, const Tensor& weight, const Tensor& bias, double eps) {
    const Tensors outputs = apply(layer_norm_op, {x, residual, weight, bias}, eps);
    return {outputs[0], outputs[1]};
}

}  // namespace molten

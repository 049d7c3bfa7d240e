#include "engine/ops/softmax.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/ops/run.h"
#include "engine/ops/view.h"
#include "kernels/softmax/softmax.h"

namespace molten {
namespace {

const std::uint8_t* mask_of(const Tensor& mask) { return mask ? mask.data<std::uint8_t>() : nullptr; }

void check(std::string_view op, const Tensors& in) {
    op_check(in[0].rank() >= 1, op, "a tensor of rank 0 has no last axis");
    op_check(!in[1] || in[1].shape() == in[0].shape(), op, "the mask's shape differs from " + in[0].shape().text());
}

Tensors softmax_forward(const Tensors& in, const std::any& attributes, Save& save) {
    check("softmax", in);
    Tensor y = empty_like(in[0]);
    run("softmax", cpu::softmax_forward, y.device(),
        SoftmaxArgs{in[0].data(), mask_of(in[1]), y.mutable_data(), rows_of(y.shape()), y.dim(-1), std::any_cast<bool>(attributes),
                    y.dtype()});
    save(y);
    return {y};
}

Tensors softmax_backward(const Node& node, const Tensors& dy) {
    Tensor dx = empty_like(dy[0]);
    run("softmax", cpu::softmax_backward, dx.device(),
        SoftmaxGradArgs{node.keep(0).data(), dy[0].data(), dx.mutable_data(), rows_of(dx.shape()), dx.dim(-1), node.attributes_as<bool>(),
                        dx.dtype()});
    return {dx, Tensor()};
}

Tensors softmax_composite(const Tensors& in, const std::any& attributes) {
    const Tensor& x = in[0];
    const Shape column = with_last(x.shape(), 1);
    Tensor weights = exp(sub(x, reshape(max(x, -1), column)));
    if (in[1]) weights = mul(weights, Tensor::from(in[1].to_vector(), x.shape()));
    const Tensor y = div(weights, reshape(sum(weights, -1), column));
    return {std::any_cast<bool>(attributes) ? log(y) : y};
}

Tensors logsumexp_forward(const Tensors& in, const std::any&, Save& save) {
    check("logsumexp", in);
    Shape shape;
    for (int axis = 0; axis + 1 < in[0].rank(); ++axis) shape.push_back(in[0].dim(axis));
    Tensor y = Tensor::empty(shape, in[0].dtype(), in[0].device());
    run("logsumexp", cpu::logsumexp_forward, y.device(),
        LogsumexpArgs{in[0].data(), mask_of(in[1]), y.mutable_data(), rows_of(in[0].shape()), in[0].dim(-1), y.dtype()});
    save(in[0]);
    save(in[1]);
    return {y};
}

Tensors logsumexp_backward(const Node& node, const Tensors& dy) {
    const Tensor& x = node.keep(0);
    Tensor dx = empty_like(x);
    run("logsumexp", cpu::logsumexp_backward, dx.device(),
        LogsumexpGradArgs{x.data(), mask_of(node.keep(1)), dy[0].data(), dx.mutable_data(), rows_of(x.shape()), x.dim(-1), dx.dtype()});
    return {dx, Tensor()};
}

Tensors logsumexp_composite(const Tensors& in, const std::any&) {
    const Tensor& x = in[0];
    const Tensor largest = max(x, -1).detach();
    Tensor weights = exp(sub(x, reshape(largest, with_last(x.shape(), 1))));
    if (in[1]) weights = mul(weights, Tensor::from(in[1].to_vector(), x.shape()));
    return {add(log(sum(weights, -1)), largest)};
}

Tensor sample_mask() { return Tensor::from(std::vector<std::uint8_t>{1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0}, {3, 4}); }
std::vector<Sample> softmax_samples() {
    return {{{sample_tensor({3, 4}, 1), Tensor()}, false},
            {{sample_tensor({3, 4}, 2), sample_mask()}, false},
            {{sample_tensor({2, 3, 5}, 3), Tensor()}, true}};
}
std::vector<Sample> logsumexp_samples() {
    return {{{sample_tensor({3, 4}, 1), Tensor()}, {}}, {{sample_tensor({3, 4}, 2), sample_mask()}, {}}};
}

}  // namespace

const OpDef softmax_op("softmax", softmax_forward, softmax_backward, softmax_samples, softmax_composite);
const OpDef logsumexp_op("logsumexp", logsumexp_forward, logsumexp_backward, logsumexp_samples, logsumexp_composite);

Tensor softmax(const Tensor& x, const Tensor& mask) { return apply(softmax_op, {x, mask}, false)[0]; }
Tensor log_softmax(const Tensor& x, const Tensor& mask) { return apply(softmax_op, {x, mask}, true)[0]; }
Tensor logsumexp(const Tensor& x, const Tensor& mask) { return apply(logsumexp_op, {x, mask})[0]; }

}  // namespace molten

#include "engine/ops/loss.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/ops/run.h"
#include "engine/ops/softmax.h"
#include "engine/ops/view.h"

namespace molten {
namespace {

Shape result_shape(const Shape& all, Reduction reduction) { return reduction == Reduction::mean ? Shape{} : all; }

// Inputs: prediction, target, mask or absent, weight or absent.
Tensors element_forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto& o = std::any_cast<const ElementLossOptions&>(attributes);
    op_check(in[0].rank() == 2 && in[0].shape() == in[1].shape(), "element_loss",
             "prediction " + in[0].shape().text() + " and target " + in[1].shape().text() + " must both be [rows, targets]");
    op_check(!in[2] || in[2].shape() == in[0].shape(), "element_loss", "the mask's shape differs from the targets'");
    op_check(!in[3] || in[3].shape() == Shape{in[0].dim(1)}, "element_loss", "one weight a target is needed");
    Tensor loss = Tensor::empty(result_shape(in[0].shape(), o.reduction), statistic_dtype(in[0].dtype()), in[0].device());
    run("element_loss", cpu::element_loss_forward, loss.device(),
        ElementLossArgs{in[0].data(), in[1].data(), in[2] ? in[2].data<std::uint8_t>() : nullptr, data_or_null(in[3]), loss.mutable_data(),
                        in[0].dim(0), in[0].dim(1), o.kind, o.reduction, o.delta, in[0].dtype()});
    for (const Tensor& tensor : in) save(tensor);
    return {loss};
}

Tensors element_backward(const Node& node, const Tensors& dloss) {
    const auto& o = node.attributes_as<ElementLossOptions>();
    const Tensor &prediction = node.keep(0), &mask = node.keep(2);
    op_check(!node.wants(1) && !node.wants(3), "element_loss", "targets and weights have no gradient");
    Tensor dprediction = empty_like(prediction);
    run("element_loss", cpu::element_loss_backward, prediction.device(),
        ElementLossGradArgs{prediction.data(), node.keep(1).data(), mask ? mask.data<std::uint8_t>() : nullptr, data_or_null(node.keep(3)),
                            dloss[0].data(), dprediction.mutable_data(), prediction.dim(0), prediction.dim(1), o.kind, o.reduction, o.delta,
                            prediction.dtype()});
    return {dprediction, Tensor(), Tensor(), Tensor()};
}

Tensors element_composite(const Tensors& in, const std::any& attributes) {
    const auto& o = std::any_cast<const ElementLossOptions&>(attributes);
    const Tensor &x = in[0], &t = in[1], error = sub(x, t);
    const Tensor magnitude = abs(error), delta = Tensor::full({}, o.delta, x.dtype());
    Tensor loss;
    switch (o.kind) {
        case ElementLoss::l1:
            loss = magnitude;
            break;
        case ElementLoss::l2:
            loss = square(error);
            break;
        case ElementLoss::huber: {  // with c = min(|e|, delta): c^2 / 2 + delta (|e| - c)
            const Tensor clipped = minimum(magnitude, delta);
            loss = add(scale(square(clipped), 0.5), mul(sub(magnitude, clipped), delta));
            break;
        }
        case ElementLoss::bce:
            loss = sub(softplus(x), mul(x, t));
            break;
    }
    if (in[3]) loss = mul(loss, in[3]);
    double present = static_cast<double>(x.elements());
    if (in[2]) {
        const auto mask = in[2].to_vector();
        present = 0;
        for (const double m : mask) present += m;
        loss = mul(loss, Tensor::from(mask, x.shape()));
    }
    return {o.reduction == Reduction::mean ? scale(sum(loss), 1 / present) : loss};
}

Tensors cross_entropy_forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto& o = std::any_cast<const CrossEntropyOptions&>(attributes);
    const Tensor &logits = in[0], &target = in[1];
    op_check(logits.rank() == 2 && target.shape() == Shape{logits.dim(0)}, "cross_entropy",
             "logits " + logits.shape().text() + " need one class number a row, got " + target.shape().text());
    const DType statistic = statistic_dtype(logits.dtype());
    Tensor loss = Tensor::empty(result_shape(target.shape(), o.reduction), statistic), lse = Tensor::empty({logits.dim(0)}, statistic);
    run("cross_entropy", cpu::cross_entropy_forward, logits.device(),
        CrossEntropyArgs{logits.data(), target.data<std::int32_t>(), loss.mutable_data(), lse.mutable_data(), logits.dim(0), logits.dim(1),
                         o.ignore_index, o.label_smoothing, o.reduction, logits.dtype()});
    save(logits);
    save(target);
    save(lse);
    return {loss};
}

Tensors cross_entropy_backward(const Node& node, const Tensors& dloss) {
    const auto& o = node.attributes_as<CrossEntropyOptions>();
    const Tensor& logits = node.keep(0);
    Tensor dlogits = empty_like(logits);
    run("cross_entropy", cpu::cross_entropy_backward, logits.device(),
        CrossEntropyGradArgs{logits.data(), node.keep(1).data<std::int32_t>(), node.keep(2).data(), dloss[0].data(), dlogits.mutable_data(),
                             logits.dim(0), logits.dim(1), o.ignore_index, o.label_smoothing, o.reduction, logits.dtype()});
    return {dlogits, Tensor()};
}

Tensors cross_entropy_composite(const Tensors& in, const std::any& attributes) {
    const auto& o = std::any_cast<const CrossEntropyOptions&>(attributes);
    const std::int64_t rows = in[0].dim(0), classes = in[0].dim(1);
    std::vector<double> weight(static_cast<std::size_t>(rows * classes), 0);
    const auto target = in[1].to_vector();
    double present = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
        const auto t = static_cast<std::int64_t>(target[static_cast<std::size_t>(r)]);
        if (t == o.ignore_index) continue;
        ++present;
        for (std::int64_t c = 0; c < classes; ++c)
            weight[static_cast<std::size_t>(r * classes + c)] =
                -((c == t ? 1 - o.label_smoothing : 0) + o.label_smoothing / static_cast<double>(classes));
    }
    const Tensor loss = sum(mul(log_softmax(in[0]), Tensor::from(weight, in[0].shape())), 1);
    return {o.reduction == Reduction::mean ? scale(sum(loss), 1 / present) : loss};
}

std::vector<Sample> element_samples() {
    std::vector<Sample> result;
    const Tensor mask = Tensor::from(std::vector<std::uint8_t>{1, 0, 1, 1, 1, 0, 1, 1}, {4, 2});
    const Tensor labels = Tensor::from(std::vector<double>{1, 0, 1, 1, 0, 0, 0.3, 1}, {4, 2}),
                 weight = Tensor::from(std::vector<double>{0.5, 2}, {2});
    for (const ElementLoss kind : {ElementLoss::l1, ElementLoss::l2, ElementLoss::huber, ElementLoss::bce})
        for (const Reduction reduction : {Reduction::mean, Reduction::none}) {
            result.push_back({{sample_tensor({4, 2}, 1), labels, mask, weight}, ElementLossOptions{kind, reduction, 0.7}});
            result.push_back({{sample_tensor({4, 2}, 2), labels, Tensor(), Tensor()}, ElementLossOptions{kind, reduction, 0.7}});
        }
    return result;
}

std::vector<Sample> cross_entropy_samples() {
    const Tensor target = Tensor::from(std::vector<std::int32_t>{2, -100, 0, 4}, {4});
    return {{{sample_tensor({4, 5}, 1), target}, CrossEntropyOptions{}},
            {{sample_tensor({4, 5}, 2), target}, CrossEntropyOptions{-100, 0.1, Reduction::mean}},
            {{sample_tensor({4, 5}, 3), target}, CrossEntropyOptions{-100, 0.2, Reduction::none}}};
}

}  // namespace

const OpDef element_loss_op("element_loss", element_forward, element_backward, element_samples, element_composite);
const OpDef cross_entropy_op("cross_entropy", cross_entropy_forward, cross_entropy_backward, cross_entropy_samples,
                             cross_entropy_composite);

Tensor element_loss(const Tensor& prediction, const Tensor& target, const Tensor& mask, const ElementLossOptions& options,
                    const Tensor& weight) {
    return apply(element_loss_op, {prediction, target, mask, weight}, options)[0];
}
Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options) {
    return apply(cross_entropy_op, {logits, target}, options)[0];
}

}  // namespace molten

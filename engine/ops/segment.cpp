#include "engine/ops/segment.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gather.h"
#include "engine/ops/run.h"
#include "kernels/segment_softmax/segment_softmax.h"

namespace molten {
namespace {

void check(std::string_view op, const Tensor& x, const Tensor& offset) {
    op_check(x.rank() == 2 && offset.rank() == 1 && offset.dim(0) >= 1, op,
             "rows " + x.shape().text() + " and offsets " + offset.shape().text() + ": [rows, width] and [segments + 1] are needed");
}

// Inputs: x, weight or absent, offset.
Tensors reduce_forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto reduction = std::any_cast<SegmentReduction>(attributes);
    const Tensor &x = in[0], &weight = in[1], &offset = in[2];
    check("segment_reduce", x, offset);
    op_check(!weight || weight.elements() == x.dim(0), "segment_reduce", "one weight a row is needed");
    const std::int64_t segments = offset.dim(0) - 1;
    Tensor y = Tensor::empty({segments, x.dim(1)}, x.dtype(), x.device()), argmax;
    if (reduction == SegmentReduction::max) argmax = Tensor::empty(y.shape(), DType::i32, x.device());
    run("segment_reduce", cpu::segment_reduce_forward, x.device(),
        SegmentReduceArgs{x.data(), data_or_null(weight), offset.data<std::int32_t>(), y.mutable_data(),
                          static_cast<std::int32_t*>(mutable_or_null(argmax)), x.dim(0), segments, x.dim(1), reduction, x.dtype()});
    save(weight ? x : Tensor());
    save(weight);
    save(offset);
    save(argmax);
    return {y};
}

Tensors reduce_backward(const Node& node, const Tensors& dy) {
    const Tensor &x = node.keep(0), &weight = node.keep(1), &offset = node.keep(2), &argmax = node.keep(3);
    Tensor dx = gradient_if(node, 0), dweight = gradient_if(node, 1);
    run("segment_reduce", cpu::segment_reduce_backward, dy[0].device(),
        SegmentReduceGradArgs{dy[0].data(), data_or_null(x), data_or_null(weight), offset.data<std::int32_t>(),
                              static_cast<const std::int32_t*>(data_or_null(argmax)), mutable_or_null(dx), mutable_or_null(dweight),
                              node.inputs[0].shape[0], offset.dim(0) - 1, dy[0].dim(1), node.attributes_as<SegmentReduction>(),
                              dy[0].dtype()});
    return {dx, dweight, Tensor()};
}

Tensors softmax_forward(const Tensors& in, const std::any&, Save& save) {
    check("segment_softmax", in[0], in[1]);
    Tensor y = empty_like(in[0]);
    run("segment_softmax", cpu::segment_softmax_forward, y.device(),
        SegmentSoftmaxArgs{in[0].data(), in[1].data<std::int32_t>(), y.mutable_data(), y.dim(0), in[1].dim(0) - 1, y.dim(1), y.dtype()});
    save(y);
    save(in[1]);
    return {y};
}

Tensors softmax_backward(const Node& node, const Tensors& dy) {
    const Tensor &y = node.keep(0), &offset = node.keep(1);
    Tensor dx = empty_like(y);
    run("segment_softmax", cpu::segment_softmax_backward, dx.device(),
        SegmentSoftmaxGradArgs{dy[0].data(), y.data(), offset.data<std::int32_t>(), dx.mutable_data(), y.dim(0), offset.dim(0) - 1,
                               y.dim(1), y.dtype()});
    return {dx, Tensor()};
}

Tensors softmax_composite(const Tensors& in, const std::any&) {
    const auto offset = in[1].to_vector();
    std::vector<std::int32_t> segment_of;
    for (std::size_t s = 0; s + 1 < offset.size(); ++s)
        segment_of.insert(segment_of.end(), static_cast<std::size_t>(offset[s + 1] - offset[s]), static_cast<std::int32_t>(s));
    const Tensor rows = Tensor::from(segment_of, {in[0].dim(0)});
    const Tensor weights = exp(sub(in[0], gather(segment_reduce(in[0], in[1], SegmentReduction::max).detach(), rows)));
    return {div(weights, gather(segment_reduce(weights, in[1], SegmentReduction::sum), rows))};
}

Tensor sample_offsets() { return Tensor::from(std::vector<std::int32_t>{0, 2, 2, 5, 6}, {5}); }
std::vector<Sample> reduce_samples() {
    using enum SegmentReduction;
    return {{{sample_tensor({6, 3}, 1), Tensor(), sample_offsets()}, sum},
            {{sample_tensor({6, 3}, 2), sample_tensor({6}, 3), sample_offsets()}, sum},
            {{sample_tensor({6, 3}, 4), Tensor(), sample_offsets()}, mean},
            {{sample_tensor({6, 3}, 5), sample_tensor({6}, 6), sample_offsets()}, mean},
            {{sample_tensor({6, 3}, 7), Tensor(), sample_offsets()}, max}};
}
std::vector<Sample> softmax_samples() { return {{{sample_tensor({6, 2}, 1), sample_offsets()}, {}}}; }

}  // namespace

const OpDef segment_reduce_op("segment_reduce", reduce_forward, reduce_backward, reduce_samples);
const OpDef segment_softmax_op("segment_softmax", softmax_forward, softmax_backward, softmax_samples, softmax_composite);

Tensor segment_reduce(const Tensor& x, const Tensor& offset, SegmentReduction reduction, const Tensor& weight) {
    return apply(segment_reduce_op, {x, weight, offset}, reduction)[0];
}
Tensor segment_softmax(const Tensor& x, const Tensor& offset) { return apply(segment_softmax_op, {x, offset})[0]; }

}  // namespace molten

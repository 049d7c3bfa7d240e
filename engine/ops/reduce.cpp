#include "engine/ops/reduce.h"

#include "engine/ops/run.h"
#include "engine/ops/view.h"

namespace molten {
namespace {

struct Attributes {
    int axis;
    Reduce op;
};

struct Extents {
    std::int64_t outer = 1, n = 1, inner = 1;
};

Extents extents(const Shape& shape, int axis) {
    Extents e;
    for (int i = 0; i < shape.rank(); ++i) (i < axis ? e.outer : i == axis ? e.n : e.inner) *= shape[i];
    return e;
}

Tensors forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto& [axis, op] = std::any_cast<const Attributes&>(attributes);
    const Extents e = extents(in[0].shape(), axis);
    Shape shape;
    for (int i = 0; i < in[0].rank(); ++i)
        if (i != axis) shape.push_back(in[0].dim(i));
    Tensor y = Tensor::empty(shape, in[0].dtype(), in[0].device()), index;
    if (op == Reduce::max || op == Reduce::min) index = Tensor::empty(shape, DType::i32, in[0].device());
    run("reduce", cpu::reduce_forward, y.device(),
        ReduceArgs{in[0].data(), y.mutable_data(), static_cast<std::int32_t*>(mutable_or_null(index)), e.outer, e.n, e.inner, op,
                   y.dtype()});
    save(index);
    return {y};
}

Tensors backward(const Node& node, const Tensors& dy) {
    const auto& [axis, op] = node.attributes_as<Attributes>();
    const Extents e = extents(node.inputs[0].shape, axis);
    Tensor dx = empty_like(node.inputs[0]);
    run("reduce", cpu::reduce_backward, dx.device(),
        ReduceGradArgs{dy[0].data(), static_cast<const std::int32_t*>(data_or_null(node.keep(0))), dx.mutable_data(), e.outer, e.n, e.inner,
                       op, dx.dtype()});
    return {dx};
}

std::vector<Sample> samples() {
    std::vector<Sample> result;
    for (const Reduce op : {Reduce::sum, Reduce::mean, Reduce::max, Reduce::min})
        for (int axis = 0; axis < 3; ++axis)
            result.push_back({{sample_tensor({3, 4, 2}, static_cast<std::uint64_t>(axis))}, Attributes{axis, op}});
    return result;
}

}  // namespace

const OpDef reduce_op("reduce", forward, backward, samples);

Tensor reduce(const Tensor& x, int axis, Reduce op) {
    const int positive = axis < 0 ? axis + x.rank() : axis;
    op_check(positive >= 0 && positive < x.rank(), "reduce", "axis " + std::to_string(axis) + " of a tensor of shape " + x.shape().text());
    return apply(reduce_op, {x}, Attributes{positive, op})[0];
}

Tensor sum(const Tensor& x) { return sum(reshape(x, {x.elements()}), 0); }
Tensor mean(const Tensor& x) { return mean(reshape(x, {x.elements()}), 0); }

}  // namespace molten

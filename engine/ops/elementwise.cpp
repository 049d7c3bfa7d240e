#include "engine/ops/elementwise.h"

#include "engine/ops/run.h"
#include "kernels/elementwise/elementwise.h"

namespace molten {
namespace {

Shape broadcast_shape(const Shape& a, const Shape& b) {
    Shape result;
    const int rank = std::max(a.rank(), b.rank());
    for (int axis = 0; axis < rank; ++axis) {
        const int i = axis - rank + a.rank(), j = axis - rank + b.rank();
        const std::int64_t m = i < 0 ? 1 : a[i], n = j < 0 ? 1 : b[j];
        op_check(m == n || m == 1 || n == 1, "broadcast", a.text() + " and " + b.text() + " do not fit at axis " + std::to_string(axis));
        result.push_back(m == 1 ? n : m);
    }
    return result;
}

// The strides with which an operand is read over the result's shape.
void broadcast_strides(const Shape& operand, const Shape& result, std::int64_t* strides) {
    const auto own = operand.strides();
    for (int axis = 0; axis < result.rank(); ++axis) {
        const int i = axis - result.rank() + operand.rank();
        strides[axis] = i < 0 || (operand[i] == 1 && result[axis] != 1) ? 0 : own[static_cast<std::size_t>(i)];
    }
}

Tensors binary_forward(const Tensors& in, const std::any& attributes, Save& save) {
    op_check(in[0].dtype() == in[1].dtype(), "binary",
             "operands of dtypes " + std::string(name_of(in[0].dtype())) + " and " + std::string(name_of(in[1].dtype())));
    const auto op = std::any_cast<Binary>(attributes);
    const Shape shape = broadcast_shape(in[0].shape(), in[1].shape());
    Tensor y = Tensor::empty(shape, in[0].dtype(), in[0].device());
    BinaryArgs args{in[0].data(), in[1].data(), y.mutable_data(), shape.rank(), {}, {}, {}, op, y.dtype()};
    std::copy(shape.begin(), shape.end(), args.shape);
    broadcast_strides(in[0].shape(), shape, args.a_strides);
    broadcast_strides(in[1].shape(), shape, args.b_strides);
    run("binary", cpu::binary_forward, y.device(), args);
    const bool linear = op == Binary::add || op == Binary::sub;
    save(linear ? Tensor() : in[0]);
    save(linear ? Tensor() : in[1]);
    return {y};
}

Tensors binary_backward(const Node& node, const Tensors& dy) {
    const auto op = node.attributes_as<Binary>();
    const Shape& shape = node.outputs[0].shape;
    const bool plain = node.inputs[0].shape == shape && node.inputs[1].shape == shape;
    if (op == Binary::add && plain) return {node.wants(0) ? dy[0] : Tensor(), node.wants(1) ? dy[0] : Tensor()};
    Tensor da = gradient_if(node, 0), db = gradient_if(node, 1);
    BinaryGradArgs args{data_or_null(node.keep(0)),
                        data_or_null(node.keep(1)),
                        dy[0].data(),
                        mutable_or_null(da),
                        mutable_or_null(db),
                        shape.rank(),
                        {},
                        {},
                        {},
                        op,
                        dy[0].dtype()};
    std::copy(shape.begin(), shape.end(), args.shape);
    broadcast_strides(node.inputs[0].shape, shape, args.a_strides);
    broadcast_strides(node.inputs[1].shape, shape, args.b_strides);
    run("binary", cpu::binary_backward, dy[0].device(), args);
    return {da, db};
}

struct ScaleAdd {
    double alpha, beta, gamma;
};

Tensor axpby(const Tensor& a, const Tensor& b, double alpha, double beta, double gamma) {
    Tensor y = empty_like(a);
    run("axpby", cpu::axpby, a.device(),
        AxpbyArgs{a.data(), data_or_null(b), y.mutable_data(), a.elements(), alpha, beta, gamma, a.dtype()});
    return y;
}

Tensors scale_add_forward(const Tensors& in, const std::any& attributes, Save&) {
    const auto& s = std::any_cast<const ScaleAdd&>(attributes);
    op_check(!in[1] || in[0].shape() == in[1].shape(), "scale_add", "operands of different shapes");
    return {axpby(in[0], in[1], s.alpha, s.beta, s.gamma)};
}

Tensors scale_add_backward(const Node& node, const Tensors& dy) {
    const auto& s = node.attributes_as<ScaleAdd>();
    const auto times = [&](std::size_t input, double factor) {
        if (!node.wants(input)) return Tensor();
        return factor == 1 ? dy[0] : axpby(dy[0], {}, factor, 0, 0);
    };
    return {times(0, s.alpha), times(1, s.beta)};
}

Tensors scale_add_composite(const Tensors& in, const std::any& attributes) {
    const auto& s = std::any_cast<const ScaleAdd&>(attributes);
    const auto constant = [&](double value) { return Tensor::full({}, value, in[0].dtype()); };
    Tensor y = add(mul(in[0], constant(s.alpha)), constant(s.gamma));
    return {in[1] ? add(y, mul(in[1], constant(s.beta))) : y};
}

std::vector<Sample> binary_samples() {
    std::vector<Sample> samples;
    for (int op = 0; op < 6; ++op) {
        const auto seed = static_cast<std::uint64_t>(10 * op);
        samples.push_back({{sample_tensor({3, 4}, seed), sample_tensor({3, 4}, seed + 1)}, static_cast<Binary>(op)});
        samples.push_back({{sample_tensor({3, 4}, seed + 2), sample_tensor({4}, seed + 3)}, static_cast<Binary>(op)});
        samples.push_back({{sample_tensor({2, 1, 3}, seed + 4), sample_tensor({4, 1}, seed + 5)}, static_cast<Binary>(op)});
        samples.push_back({{sample_tensor({}, seed + 6), sample_tensor({5}, seed + 7)}, static_cast<Binary>(op)});
    }
    return samples;
}

std::vector<Sample> scale_add_samples() {
    return {{{sample_tensor({3, 4}, 1), sample_tensor({3, 4}, 2)}, ScaleAdd{0.3, -2, 0}},
            {{sample_tensor({5}, 3), Tensor()}, ScaleAdd{-1.5, 0, 0.25}}};
}

Tensor binary(Binary op, const Tensor& a, const Tensor& b) { return apply(binary_op, {a, b}, op)[0]; }

}  // namespace

const OpDef binary_op("binary", binary_forward, binary_backward, binary_samples);
const OpDef scale_add_op("scale_add", scale_add_forward, scale_add_backward, scale_add_samples, scale_add_composite);

Tensor add(const Tensor& a, const Tensor& b) { return binary(Binary::add, a, b); }
Tensor sub(const Tensor& a, const Tensor& b) { return binary(Binary::sub, a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return binary(Binary::mul, a, b); }
Tensor div(const Tensor& a, const Tensor& b) { return binary(Binary::div, a, b); }
Tensor maximum(const Tensor& a, const Tensor& b) { return binary(Binary::maximum, a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return binary(Binary::minimum, a, b); }
Tensor scale(const Tensor& x, double alpha, double gamma) { return apply(scale_add_op, {x, Tensor()}, ScaleAdd{alpha, 0, gamma})[0]; }
Tensor scale_add(const Tensor& a, double alpha, const Tensor& b, double beta) {
    return apply(scale_add_op, {a, b}, ScaleAdd{alpha, beta, 0})[0];
}

}  // namespace molten

#include "engine/ops/matmul.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/ops/run.h"
#include "engine/ops/view.h"

namespace molten {
namespace {

// Shapes of the product; a batch exists when a has rank 3 or more.
MatMulArgs arguments(const Shape& a, const Shape& b, const MatMulOptions& options, DType dtype) {
    op_check(a.rank() >= 2 && b.rank() >= 2, "matmul", a.text() + " times " + b.text() + ": both need two axes");
    MatMulArgs args;
    args.transpose_a = options.transpose_a;
    args.transpose_b = options.transpose_b;
    args.alpha = options.alpha;
    args.activation = options.activation;
    args.dtype = dtype;
    const auto size = [](const Shape& s, bool rows) { return s[s.rank() - (rows ? 2 : 1)]; };
    args.m = size(a, !options.transpose_a);
    args.k = size(a, options.transpose_a);
    args.n = size(b, options.transpose_b);
    op_check(size(b, !options.transpose_b) == args.k, "matmul",
             a.text() + (options.transpose_a ? "^T" : "") + " times " + b.text() + (options.transpose_b ? "^T" : "") +
                 ": the inner sizes differ");
    for (int axis = 0; axis + 2 < a.rank(); ++axis) args.batch *= a[axis];
    const bool shared = b.rank() == 2;
    for (int axis = 0; !shared && axis + 2 < b.rank(); ++axis)
        op_check(b.rank() == a.rank() && a[axis] == b[axis], "matmul", a.text() + " and " + b.text() + " have different batches");
    args.stride_a = args.m * args.k;
    args.stride_b = shared ? 0 : args.k * args.n;
    args.stride_c = args.m * args.n;
    if (shared && !options.transpose_a) {  // one tall product instead of many
        args.m *= args.batch;
        args.batch = 1;
    }
    return args;
}

Tensors forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto& options = std::any_cast<const MatMulOptions&>(attributes);
    const Tensor &a = in[0], &b = in[1], &bias = in[2];
    op_check(a.dtype() == b.dtype(), "matmul", "operands of different dtypes");
    MatMulArgs args = arguments(a.shape(), b.shape(), options, a.dtype());
    op_check(!bias || bias.shape() == Shape{args.n}, "matmul",
             "a bias of shape " + (bias ? bias.shape().text() : "") + " for " + std::to_string(args.n) + " columns");
    Shape shape = a.shape();
    shape[a.rank() - 2] = a.dim(options.transpose_a ? -1 : -2);
    shape[a.rank() - 1] = args.n;
    Tensor c = Tensor::empty(shape, a.dtype(), a.device()), pre;
    if (save.wanted() && options.activation != MatMulActivation::none) pre = empty_like(c);
    args.a = a.data();
    args.b = b.data();
    args.c = c.mutable_data();
    args.bias = data_or_null(bias);
    args.pre_activation = mutable_or_null(pre);
    run("matmul", cpu::matmul_forward, c.device(), args);
    save(a);
    save(b);
    save(pre);
    return {c};
}

Tensors backward(const Node& node, const Tensors& dc) {
    const auto& options = node.attributes_as<MatMulOptions>();
    MatMulGradArgs args;
    args.forward = arguments(node.inputs[0].shape, node.inputs[1].shape, options, dc[0].dtype());
    args.forward.a = node.keep(0).data();
    args.forward.b = node.keep(1).data();
    args.forward.pre_activation = const_cast<void*>(data_or_null(node.keep(2)));
    Tensor da = gradient_if(node, 0), db = gradient_if(node, 1), dbias = gradient_if(node, 2);
    args.dc = dc[0].data();
    args.da = mutable_or_null(da);
    args.db = mutable_or_null(db);
    args.dbias = mutable_or_null(dbias);
    run("matmul", cpu::matmul_backward, dc[0].device(), args);
    return {da, db, dbias};
}

// Products summed one by one: an oracle that shares nothing with the kernel. Rank 2 only.
Tensors composite(const Tensors& in, const std::any& attributes) {
    const auto& options = std::any_cast<const MatMulOptions&>(attributes);
    const Tensor a = options.transpose_a ? contiguous(transpose(in[0], -1, -2)) : in[0];
    const Tensor b = options.transpose_b ? in[1] : contiguous(transpose(in[1], -1, -2));
    const std::int64_t m = a.dim(-2), k = a.dim(-1), n = b.dim(-2), batch = rows_of(a.shape()) / std::max<std::int64_t>(m, 1);
    const Tensor left = reshape(a, {batch, m, 1, k}), right = reshape(b, {b.rank() == 2 ? 1 : batch, 1, n, k});
    Tensor c = scale(sum(mul(left, right), 3), options.alpha);
    Shape shape = in[0].shape();
    shape[shape.rank() - 2] = m;
    shape[shape.rank() - 1] = n;
    c = reshape(c, shape);
    if (in[2]) c = add(c, in[2]);
    switch (options.activation) {
        case MatMulActivation::none:
            return {c};
        case MatMulActivation::relu:
            return {relu(c)};
        case MatMulActivation::gelu:
            return {gelu(c)};
        case MatMulActivation::gelu_tanh:
            return {activation(c, Activation::gelu_tanh)};
        case MatMulActivation::silu:
            return {silu(c)};
    }
    return {c};
}

std::vector<Sample> samples() {
    using enum MatMulActivation;
    return {{{sample_tensor({3, 4}, 1), sample_tensor({4, 5}, 2), sample_tensor({5}, 3)}, MatMulOptions{}},
            {{sample_tensor({4, 3}, 4), sample_tensor({4, 5}, 5), Tensor()}, MatMulOptions{true, false, 0.5, none}},
            {{sample_tensor({3, 4}, 6), sample_tensor({5, 4}, 7), sample_tensor({5}, 8)}, MatMulOptions{false, true, 1, gelu}},
            {{sample_tensor({2, 4, 3}, 9), sample_tensor({2, 5, 4}, 10), Tensor()}, MatMulOptions{true, true, 1, silu}},
            {{sample_tensor({2, 3, 4}, 11), sample_tensor({4, 5}, 12), sample_tensor({5}, 13)}, MatMulOptions{false, false, 2, relu}},
            {{sample_tensor({2, 2, 3, 4}, 14), sample_tensor({2, 2, 4, 2}, 15), Tensor()}, MatMulOptions{false, false, 1, gelu_tanh}}};
}

}  // namespace

const OpDef matmul_op("matmul", forward, backward, samples, composite);

Tensor matmul(const Tensor& a, const Tensor& b, const MatMulOptions& options, const Tensor& bias) {
    return apply(matmul_op, {a, b, bias}, options)[0];
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, MatMulActivation activation) {
    op_check(weight.rank() == 2 && x.rank() >= 1 && x.dim(-1) == weight.dim(1), "linear",
             "input " + x.shape().text() + " and weight " + weight.shape().text() + " [out, in] do not fit");
    MatMulOptions options;
    options.transpose_b = true;
    options.activation = activation;
    if (x.rank() >= 2) return matmul(x, weight, options, bias);
    return reshape(matmul(reshape(x, {1, x.dim(0)}), weight, options, bias), {weight.dim(0)});
}

}  // namespace molten

#include "engine/ops/view.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "engine/ops/run.h"
#include "kernels/copy/copy.h"

namespace molten {
namespace {

std::atomic<std::uint64_t> copies{0};

// y[window] = cast(x[window]): both of one shape, any strides.
void copy_window(const Tensor& x, Tensor& y) {
    CopyArgs args{x.window(), const_cast<void*>(y.window()), x.rank(), {}, {}, {}, x.dtype(), y.dtype()};
    for (int axis = 0; axis < x.rank(); ++axis) {
        args.shape[axis] = x.dim(axis);
        args.x_strides[axis] = x.stride(axis);
        args.y_strides[axis] = y.stride(axis);
    }
    run("copy", cpu::copy, x.device(), args);
    y.storage()->count_write();
}

Tensor packed(const Tensor& x, DType dtype) {
    Tensor y = Tensor::empty(x.shape(), dtype, x.device());
    if (x.elements()) copy_window(x, y);
    return y;
}

int checked_axis(std::string_view op, const Tensor& x, int axis) {
    const int positive = axis < 0 ? axis + x.rank() : axis;
    op_check(positive >= 0 && positive < x.rank(), op, "axis " + std::to_string(axis) + " of a tensor of shape " + x.shape().text());
    return positive;
}

Tensor window_of(const Tensor& x, int axis, std::int64_t begin, std::int64_t end) {
    Shape shape = x.shape();
    shape[axis] = end - begin;
    std::array<std::int64_t, Shape::kMaxRank> strides{};
    for (int i = 0; i < x.rank(); ++i) strides[static_cast<std::size_t>(i)] = x.stride(i);
    return x.alias(shape, strides, x.offset() + begin * x.stride(axis));
}

Tensor permuted(const Tensor& x, const std::vector<int>& axes) {
    Shape shape;
    std::array<std::int64_t, Shape::kMaxRank> strides{};
    for (std::size_t i = 0; i < axes.size(); ++i) {
        shape.push_back(x.dim(axes[i]));
        strides[i] = x.stride(axes[i]);
    }
    return x.alias(shape, strides, x.offset());
}

struct Slice {
    int axis;
    std::int64_t begin, end;
};

Tensors reshape_forward(const Tensors& in, const std::any& attributes, Save&) {
    return {in[0].alias(std::any_cast<const Shape&>(attributes))};
}
Tensors reshape_backward(const Node& node, const Tensors& dy) { return {packed(dy[0], dy[0].dtype()).alias(node.inputs[0].shape)}; }

Tensors permute_forward(const Tensors& in, const std::any& attributes, Save&) {
    return {permuted(in[0], std::any_cast<const std::vector<int>&>(attributes))};
}
Tensors permute_backward(const Node& node, const Tensors& dy) {
    const auto& axes = node.attributes_as<std::vector<int>>();
    std::vector<int> inverse(axes.size());
    for (std::size_t i = 0; i < axes.size(); ++i) inverse[static_cast<std::size_t>(axes[i])] = static_cast<int>(i);
    return {packed(permuted(dy[0], inverse), dy[0].dtype())};
}

Tensors slice_forward(const Tensors& in, const std::any& attributes, Save&) {
    const auto& s = std::any_cast<const Slice&>(attributes);
    return {window_of(in[0], s.axis, s.begin, s.end)};
}
Tensors slice_backward(const Node& node, const Tensors& dy) {
    const auto& s = node.attributes_as<Slice>();
    Tensor dx = Tensor::zeros(node.inputs[0].shape, node.inputs[0].dtype);
    Tensor window = window_of(dx, s.axis, s.begin, s.end);
    if (window.elements()) copy_window(dy[0], window);
    return {dx};
}

Tensors contiguous_forward(const Tensors& in, const std::any&, Save&) { return {packed(in[0], in[0].dtype())}; }
Tensors contiguous_backward(const Node&, const Tensors& dy) { return {dy[0]}; }

Tensors cast_forward(const Tensors& in, const std::any& attributes, Save&) { return {packed(in[0], std::any_cast<DType>(attributes))}; }
Tensors cast_backward(const Node& node, const Tensors& dy) { return {packed(dy[0], node.inputs[0].dtype)}; }

Tensors concat_forward(const Tensors& in, const std::any& attributes, Save&) {
    const int axis = std::any_cast<int>(attributes);
    Shape shape = in[0].shape();
    shape[axis] = 0;
    for (const Tensor& part : in) shape[axis] += part.dim(axis);
    Tensor y = Tensor::empty(shape, in[0].dtype(), in[0].device());
    std::int64_t begin = 0;
    for (const Tensor& part : in) {
        Tensor window = window_of(y, axis, begin, begin + part.dim(axis));
        if (part.elements()) copy_window(part, window);
        begin += part.dim(axis);
    }
    return {y};
}
Tensors concat_backward(const Node& node, const Tensors& dy) {
    const int axis = node.attributes_as<int>();
    Tensors result;
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const std::int64_t size = node.inputs[i].shape[axis];
        result.push_back(node.wants(i) ? packed(window_of(dy[0], axis, begin, begin + size), dy[0].dtype()) : Tensor());
        begin += size;
    }
    return result;
}

std::vector<Sample> reshape_samples() { return {{{sample_tensor({3, 4, 5}, 1)}, Shape{4, 15}}, {{sample_tensor({6}, 2)}, Shape{3, 1, 2}}}; }
std::vector<Sample> permute_samples() {
    return {{{sample_tensor({3, 4, 5}, 1)}, std::vector<int>{2, 0, 1}}, {{sample_tensor({2, 3}, 2)}, std::vector<int>{1, 0}}};
}
std::vector<Sample> slice_samples() { return {{{sample_tensor({3, 7, 2}, 1)}, Slice{1, 2, 5}}, {{sample_tensor({4}, 2)}, Slice{0, 0, 1}}}; }
std::vector<Sample> contiguous_samples() { return {{{sample_tensor({3, 7}, 1)}, {}}}; }
std::vector<Sample> concat_samples() {
    return {{{sample_tensor({3, 2}, 1), sample_tensor({3, 4}, 2)}, 1}, {{sample_tensor({2, 2}, 3), sample_tensor({1, 2}, 4)}, 0}};
}
std::vector<Sample> cast_samples() { return {{{sample_tensor({3, 5}, 1)}, DType::f64}}; }

}  // namespace

const OpDef reshape_op("reshape", reshape_forward, reshape_backward, reshape_samples);
const OpDef permute_op("permute", permute_forward, permute_backward, permute_samples);
const OpDef slice_op("slice", slice_forward, slice_backward, slice_samples);
const OpDef contiguous_op("contiguous", contiguous_forward, contiguous_backward, contiguous_samples);
const OpDef concat_op("concat", concat_forward, concat_backward, concat_samples);
const OpDef cast_op("cast", cast_forward, cast_backward, cast_samples);

Tensor reshape(const Tensor& x, Shape shape) { return apply(reshape_op, {x}, shape)[0]; }

Tensor permute(const Tensor& x, const std::vector<int>& axes) {
    std::vector<int> sorted;
    for (const int axis : axes) sorted.push_back(checked_axis("permute", x, axis));
    std::vector<bool> seen(static_cast<std::size_t>(x.rank()));
    for (const int axis : sorted) seen[static_cast<std::size_t>(axis)] = true;
    op_check(static_cast<int>(axes.size()) == x.rank() && std::count(seen.begin(), seen.end(), true) == x.rank(), "permute",
             "every axis of " + x.shape().text() + " must be named once");
    return apply(permute_op, {x}, sorted)[0];
}

Tensor transpose(const Tensor& x, int first, int second) {
    std::vector<int> axes(static_cast<std::size_t>(x.rank()));
    std::iota(axes.begin(), axes.end(), 0);
    std::swap(axes[static_cast<std::size_t>(checked_axis("transpose", x, first))],
              axes[static_cast<std::size_t>(checked_axis("transpose", x, second))]);
    return apply(permute_op, {x}, axes)[0];
}

Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end) {
    axis = checked_axis("slice", x, axis);
    op_check(0 <= begin && begin <= end && end <= x.dim(axis), "slice",
             "[" + std::to_string(begin) + ", " + std::to_string(end) + ") along axis " + std::to_string(axis) + " of " + x.shape().text());
    return apply(slice_op, {x}, Slice{axis, begin, end})[0];
}

Tensor contiguous(const Tensor& x) {
    if (x.is_contiguous()) return x;
    copies.fetch_add(1, std::memory_order_relaxed);
    return apply(contiguous_op, {x})[0];
}

std::uint64_t contiguous_copies() { return copies.load(); }

Tensor concat(const Tensors& parts, int axis) {
    op_check(!parts.empty(), "concat", "nothing to join");
    axis = checked_axis("concat", parts[0], axis);
    for (const Tensor& part : parts) {
        Shape expected = parts[0].shape();
        op_check(part.rank() == expected.rank() && part.dtype() == parts[0].dtype(), "concat", "rank or dtype differ");
        expected[axis] = part.dim(axis);
        op_check(part.shape() == expected, "concat",
                 part.shape().text() + " does not join " + parts[0].shape().text() + " along axis " + std::to_string(axis));
    }
    return parts.size() == 1 ? parts[0] : apply(concat_op, parts, axis)[0];
}

Tensor cast(const Tensor& x, DType dtype) { return x.dtype() == dtype ? x : apply(cast_op, {x}, dtype)[0]; }

}  // namespace molten

#pragma once
#include <string_view>

#include "engine/autograd/tape.h"
#include "kernels/common/launch.h"
#include "kernels/common/workspace.h"

// What the ops of this folder share. An op here checks shapes, allocates outputs, fills the kernel's argument struct and
// names its gradient; the mathematics is in kernels/<op>.

namespace molten {

template <class Args>
using Kernel = void (*)(const Launch&, const Args&);

// Throws Error(usage) that names the op.
[[noreturn]] void op_error(std::string_view op, const std::string& what);
inline void op_check(bool holds, std::string_view op, const std::string& what) {
    if (!holds) op_error(op, what);
}

// Runs the CPU kernel on this thread's workspace; MOLTEN_KERNEL=<op>:<variant>[,...] selects variants by name.
Launch launch_for(std::string_view op);

template <class Args>
void run(std::string_view op, Kernel<Args> cpu, Device device, const Args& args) {
    op_check(device == Device::cpu, op, "no CUDA kernel in this build: use --device cpu, or build with the cuda preset");
    cpu(launch_for(op), args);
}

inline const void* data_or_null(const Tensor& tensor) { return tensor ? tensor.data() : nullptr; }
inline void* mutable_or_null(Tensor& tensor) { return tensor ? tensor.mutable_data() : nullptr; }
inline Tensor empty_like(const Tensor& x) { return Tensor::empty(x.shape(), x.dtype(), x.device()); }
inline Tensor empty_like(const ValueInfo& x) { return Tensor::empty(x.shape, x.dtype); }
// A gradient buffer if the node wants it, else an absent tensor.
inline Tensor gradient_if(const Node& node, std::size_t input) { return node.wants(input) ? empty_like(node.inputs[input]) : Tensor(); }

// Product of all sizes but the last axis.
inline std::int64_t rows_of(const Shape& shape) {
    std::int64_t rows = 1;
    for (int axis = 0; axis + 1 < shape.rank(); ++axis) rows *= shape[axis];
    return rows;
}
// The shape with another last axis.
inline Shape with_last(Shape shape, std::int64_t last) {
    shape[shape.rank() - 1] = last;
    return shape;
}

// Inputs for samples: f64, normal, trainable.
inline Tensor sample_tensor(Shape shape, std::uint64_t seed) { return Tensor::randn(shape, DType::f64, seed).set_requires_grad(true); }
inline Tensor sample_constant(Shape shape, std::uint64_t seed) { return Tensor::randn(shape, DType::f64, seed); }

}  // namespace molten

#pragma once
#include <functional>
#include <string>

#include "engine/core/tensor.h"

namespace molten {

// A module is a plain struct with tensors and modules as members and a function
//
//   template <class F> void visit(F&& f, const std::string& prefix) { f(prefix + "weight", weight); inner.visit(f, prefix + "inner."); }
//
// that names every parameter as the Hugging Face checkpoint does. Loading is then a loop, and an audit is a diff.
using ParameterVisitor = std::function<void(const std::string& name, Tensor& parameter)>;

// Uniform numbers in [-bound, bound) from the named parameter's own stream: the same initial weights for the same seed whatever
// else the model has.
Tensor uniform_parameter(const std::string& name, Shape, double bound, std::uint64_t seed);
Tensor constant_parameter(Shape, double value);

}  // namespace molten

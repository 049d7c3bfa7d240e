#pragma once
#include <functional>
#include <string>

#include "engine/core/tensor.h"

namespace molten {

// A module is a plain struct with tensors and modules as members and a member function
//
//   void visit(const ParameterVisitor& f, const std::string& prefix) { f(prefix + "weight", weight); inner.visit(f, prefix + "inner."); }
//
// that names every parameter. Where a checkpoint of the field exists, the names are its names: loading is then a loop, and an
// audit is a diff.
using ParameterVisitor = std::function<void(const std::string& name, Tensor& parameter)>;

// Trainable f32 leaves. The uniform numbers in [-bound, bound) come from the name's own stream of the seed, so a parameter starts
// with the same bits whatever else the model has.
Tensor uniform_parameter(const std::string& name, Shape, double bound, std::uint64_t seed);
Tensor constant_parameter(const std::string& name, Shape, double value);

}  // namespace molten

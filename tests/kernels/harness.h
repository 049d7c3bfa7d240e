#pragma once
#include <string>
#include <vector>

#include "kernels/common/instance.h"

// Everything that DESIGN.md 4 asks of a kernel, from its table alone, for every shape x values x dtype x CPU variant:
//
//   f32          |kernel - fp64 reference| <= slack * bound of the Tracked reference, element by element; f64: u scaled to 2^-53
//   bf16         max error <= 2x that of reference<bf16> + one rounding of the result
//   exact ops    (the tracked bound is 0) equal
//   writes       outputs pre-filled with NaN, 1 KiB guard bands on both sides, inputs unchanged, pointers that are only element-aligned
//   repeatable   the same bits from a second run (with dirty scratch memory) and from 1, 2 and 7 threads
//   backward     central fp64 differences of reference<double> with a random cotangent against its backward; then each variant's
//                backward against the reference's by the rows above; then again with each gradient pointer null in turn
//
// A message names op, variant, dtype, shape, seed, operand, worst index, both values and the budget.

namespace molten {

// The failures of an op, the first `limit` of them; empty when it passes.
std::vector<std::string> failures_of(const OpCases&, std::size_t limit = 5);

// The same for the reference's forward against its backward alone: fp64 differences of every shape that is small enough.
// `checked` counts the derivatives compared.
std::vector<std::string> gradient_failures_of(const OpCases&, std::size_t limit, std::int64_t& checked);

// failures_of as doctest failures. Also requires at least 30 combinations of shape, values and dtype.
void check_op(const OpCases&);

}  // namespace molten

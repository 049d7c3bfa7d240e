#pragma once
#include "engine/ops/attention.h"
#include "models/layers/linear.h"

namespace molten {

// Multi-head attention of x [batch, tokens, width] over itself, with query, key, value and output maps.
struct SelfAttention {
    Linear query, key, value, output;
    std::int64_t heads = 1;

    SelfAttention() = default;
    SelfAttention(const std::string& name, std::int64_t width, std::int64_t heads, std::uint64_t seed);

    Tensor forward(const Tensor& x) const;
    void visit(const ParameterVisitor& f, const std::string& prefix);
};

}  // namespace molten

#pragma once
#include "models/layers/linear.h"

namespace molten {

// A graph's vector from its nodes: concat(sum_i a_i h_i, mean_i h_i, sum_i h_i / 9) through a linear map, where the attention
// a = softmax over the graph's nodes of u . tanh(V h_i). 9 brings the sum of a small molecule to the size of the mean.
struct AttentionReadout {
    Linear value, score, project;

    AttentionReadout() = default;
    AttentionReadout(const std::string& name, std::int64_t width, std::uint64_t seed);

    // nodes [nodes, width], graph_offset [graphs + 1] -> [graphs, width]
    Tensor forward(const Tensor& nodes, const Tensor& graph_offset) const;
    void visit(const ParameterVisitor& f, const std::string& prefix);
};

}  // namespace molten

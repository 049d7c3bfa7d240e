#include "models/layers/readout.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/segment.h"
#include "engine/ops/view.h"

namespace molten {

AttentionReadout::AttentionReadout(const std::string& name, std::int64_t width, std::uint64_t seed)
    : value(name + "value.", width, width, seed),
      score(name + "score.", width, 1, seed, false),
      project(name + "project.", 3 * width, width, seed) {}

Tensor AttentionReadout::forward(const Tensor& nodes, const Tensor& graph_offset) const {
    const Tensor attention = segment_softmax(score.forward(tanh(value.forward(nodes))), graph_offset);
    const Tensor attended = segment_reduce(nodes, graph_offset, SegmentReduction::sum, reshape(attention, {nodes.dim(0)}));
    const Tensor mean = segment_reduce(nodes, graph_offset, SegmentReduction::mean);
    const Tensor sum = scale(segment_reduce(nodes, graph_offset, SegmentReduction::sum), 1.0 / 9);
    return project.forward(concat({attended, mean, sum}, 1));
}

void AttentionReadout::visit(const ParameterVisitor& f, const std::string& prefix) {
    value.visit(f, prefix + "value.");
    score.visit(f, prefix + "score.");
    project.visit(f, prefix + "project.");
}

}  // namespace molten

#include "models/mmf/mmf.h"

#include "engine/ops/activation.h"
#include "engine/ops/dropout.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/expert_gate.h"
#include "engine/ops/reduce.h"
#include "engine/ops/view.h"

namespace molten {
namespace {

// Silences whole rows, without rescaling the others: a molecule loses this expert for one step.
Tensor drop_rows(const Tensor& x, double rate) {
    if (rate == 0) return x;
    const Tensor kept = scale(dropout(Tensor::full({x.dim(0), 1}, 1, x.dtype()), rate), 1 - rate);
    return mul(x, kept);
}

}  // namespace

Mmf::Mmf(const MmfConfig& c, std::uint64_t seed) : config(c) {
    c.check();
    const std::int64_t d = c.width, experts_count = static_cast<std::int64_t>(c.experts().size());
    if (c.graph) {
        embed = Linear("graph.embed.", c.node_features, d, seed);
        for (std::int64_t l = 0; l < c.layers; ++l)
            convolutions.emplace_back("graph.convolutions." + std::to_string(l) + ".", d, d, c.order, seed);
        readout = AttentionReadout("graph.readout.", d, seed);
    }
    if (c.fingerprint) fingerprint = Mlp("fingerprint.", c.fingerprint_bits, d, d, seed);
    if (c.descriptor) descriptor = Mlp("descriptor.", c.descriptors, d, d, seed);
    if (c.retrieval) retrieval = Mlp("retrieval.", c.retrieved, d, d, seed);
    if (c.experts().front() == "cross") {
        cross = SelfAttention("cross.", d, c.heads, seed);
        cross_norm = LayerNorm("cross.norm.", d);
    }
    if (c.gate != MmfGate::none && experts_count > 1) {
        for (const std::string& name : c.experts()) experts.emplace_back("experts." + name + ".", d, d, d, seed);
        gate = Linear("gate.", d * experts_count, experts_count, seed);
        gate.weight = constant_parameter("gate.weight", gate.weight.shape(), 0);
        gate.bias = constant_parameter("gate.bias", gate.bias.shape(), 0);
        head = Linear("head.", d, c.targets, seed);
    } else {
        joint = Mlp("joint.", d * experts_count, d, c.targets, seed);
    }
}

Tensor Mmf::encode_graph(const MmfBatch& batch, bool training) const {
    const ChebLaplacian laplacian = cheb_laplacian(batch.graph, batch.nodes.dtype());
    Tensor h = embed.forward(batch.nodes, MatMulActivation::relu);
    const double p = training ? config.graph_dropout : 0;
    for (const ChebConv& conv : convolutions) {
        if (p == 0)
            h = conv.forward(h, laplacian, {.relu = true, .residual = true});
        else
            h = add(h, dropout(conv.forward(h, laplacian, {.relu = true}), p));
    }
    return dropout(relu(readout.forward(h, batch.graph.graph_offset)), training ? config.dropout : 0);
}

Tensor Mmf::encode_fingerprint(const MmfBatch& batch, bool training) const {
    const Tensor input = dropout(batch.fingerprint, training ? config.fingerprint_dropout : 0);
    return drop_rows(fingerprint.forward(input, training ? config.dropout : 0), training ? config.fingerprint_drop_rate : 0);
}

Tensor Mmf::encode_descriptors(const MmfBatch& batch, bool training) const {
    return descriptor.forward(dropout(batch.descriptors, training ? config.descriptor_dropout : 0), training ? config.dropout : 0);
}

Tensor Mmf::encode_retrieval(const MmfBatch& batch, bool training) const {
    return drop_rows(retrieval.forward(batch.retrieved, training ? config.dropout : 0), training ? config.retrieval_drop_rate : 0);
}

// One token a modality: [molecules, tokens, width] -> [molecules, width].
Tensor Mmf::attend(const Tensors& tokens) const {
    Tensors columns;
    for (const Tensor& token : tokens) columns.push_back(reshape(token, {token.dim(0), 1, token.dim(1)}));
    const Tensor sequence = concat(columns, 1);
    return mean(cross_norm.forward(cross.forward(sequence), sequence), 1);
}

MmfOutput Mmf::mix(const Tensors& vectors, bool training) const {
    const double p = training ? config.dropout : 0;
    const Tensor side_by_side = concat(vectors, 1);
    if (experts.empty()) return {joint.forward(side_by_side, p), {}, {}};
    Tensors opinions;
    for (std::size_t e = 0; e < experts.size(); ++e)
        opinions.push_back(reshape(experts[e].forward(vectors[e], p), {vectors[e].dim(0), 1, config.width}));
    ExpertGateOptions options;
    options.function = config.gate == MmfGate::sigmoid ? GateFunction::sigmoid : GateFunction::softmax;
    options.normalised = config.gate != MmfGate::sigmoid;
    options.top_k = config.gate == MmfGate::top_k ? config.top_k : 0;
    const GatedExperts mixed = expert_gate(gate.forward(side_by_side), concat(opinions, 1), options);
    return {head.forward(mixed.y), mixed.weights, mixed.balance};
}

MmfOutput Mmf::forward(const MmfBatch& batch, bool training) const {
    Tensors vectors;
    if (config.graph) vectors.push_back(encode_graph(batch, training));
    if (config.fingerprint) vectors.push_back(encode_fingerprint(batch, training));
    if (config.descriptor) vectors.push_back(encode_descriptors(batch, training));
    if (config.cross_attention && vectors.size() > 1) vectors.insert(vectors.begin(), attend(vectors));
    if (config.retrieval) vectors.push_back(encode_retrieval(batch, training));
    return mix(vectors, training);
}

void Mmf::visit(const ParameterVisitor& f, const std::string& prefix) {
    if (config.graph) {
        embed.visit(f, prefix + "graph.embed.");
        for (std::size_t l = 0; l < convolutions.size(); ++l)
            convolutions[l].visit(f, prefix + "graph.convolutions." + std::to_string(l) + ".");
        readout.visit(f, prefix + "graph.readout.");
    }
    if (config.fingerprint) fingerprint.visit(f, prefix + "fingerprint.");
    if (config.descriptor) descriptor.visit(f, prefix + "descriptor.");
    if (config.retrieval) retrieval.visit(f, prefix + "retrieval.");
    if (cross.query.weight) {
        cross.visit(f, prefix + "cross.");
        cross_norm.visit(f, prefix + "cross.norm.");
    }
    const auto names = config.experts();
    for (std::size_t e = 0; e < experts.size(); ++e) experts[e].visit(f, prefix + "experts." + names[e] + ".");
    if (experts.empty()) {
        joint.visit(f, prefix + "joint.");
    } else {
        gate.visit(f, prefix + "gate.");
        head.visit(f, prefix + "head.");
    }
}

std::int64_t Mmf::parameter_count() {
    std::int64_t count = 0;
    visit([&](const std::string&, Tensor& parameter) { count += parameter.elements(); });
    return count;
}

}  // namespace molten

#pragma once
#include <string>
#include <vector>

#include "models/layers/attention.h"
#include "models/layers/cheb_conv.h"
#include "models/layers/layer_norm.h"
#include "models/layers/linear.h"
#include "models/layers/readout.h"
#include "models/mmf/config.h"

namespace molten {

// A batch of molecules as the model reads it. What belongs to a switched-off part may be absent.
struct MmfBatch {
    std::int64_t molecules = 0;
    Tensor nodes;         // [atoms, node_features]
    GraphBatch graph;     // of all molecules, one after the other
    Tensor fingerprint;   // [molecules, fingerprint_bits]
    Tensor descriptors;   // [molecules, descriptors], scaled
    Tensor retrieved;     // [molecules, retrieved]: the neighbours' mean target, which of them are known, the best similarity
};

struct MmfOutput {
    Tensor prediction;  // [molecules, targets]: scaled values, or logits
    Tensor gate;        // [molecules, experts], absent without a gate
    Tensor balance;     // load-balance loss of the gate, rank 0, absent without a gate
};

struct Mmf {
    MmfConfig config;
    Linear embed;                         // graph encoder: relu(embed), then h + relu(conv(h)) for each layer, then the readout
    std::vector<ChebConv> convolutions;
    AttentionReadout readout;
    Mlp fingerprint, descriptor, retrieval;
    SelfAttention cross;                  // layer_norm(tokens + attention(tokens)), mean over the tokens
    LayerNorm cross_norm;
    std::vector<Mlp> experts;             // with a gate: one an expert
    Linear gate, head;                    // with a gate
    Mlp joint;                            // without: MLP of the vectors side by side

    Mmf() = default;
    // Initial weights depend on the seed and each parameter's name alone; the gate starts at equal weights.
    Mmf(const MmfConfig&, std::uint64_t seed);

    // training: dropout is drawn from this thread's generator.
    MmfOutput forward(const MmfBatch&, bool training) const;
    void visit(const ParameterVisitor& f, const std::string& prefix = "");
    std::int64_t parameter_count();

  private:
    Tensor encode_graph(const MmfBatch&, bool training) const;
    Tensor encode_fingerprint(const MmfBatch&, bool training) const;
    Tensor encode_descriptors(const MmfBatch&, bool training) const;
    Tensor encode_retrieval(const MmfBatch&, bool training) const;
    Tensor attend(const Tensors& tokens) const;
    MmfOutput mix(const Tensors& vectors, bool training) const;
};

}  // namespace molten

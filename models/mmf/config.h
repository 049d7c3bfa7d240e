#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/io/json.h"

namespace molten {

// How the experts' vectors become one.
enum class MmfGate : std::uint8_t {
    softmax,  // weights that sum to one
    sigmoid,  // one weight in (0, 1) an expert, each for itself
    top_k,    // softmax over the `top_k` largest, the others 0
    none,     // no gate: the vectors side by side through an MLP
};

// MMF's numeric half (arXiv 2408.14964 as reconstructed in specs: Chebyshev encoder, fingerprint and descriptor experts, retrieval
// embedding, cross-modal attention, gated experts). Every part has a switch, for ablation.
struct MmfConfig {
    std::int64_t node_features = 0, fingerprint_bits = 0, descriptors = 0, targets = 1;  // sizes of the inputs; targets: outputs of the head
    std::int64_t retrieved = 0;                                                          // width of the retrieval vector

    bool graph = true, fingerprint = true, descriptor = true, retrieval = true;  // which experts there are
    bool cross_attention = true;                                                  // an expert over the modalities' tokens
    MmfGate gate = MmfGate::softmax;
    std::int64_t top_k = 2;

    std::int64_t width = 128, layers = 4, order = 3, heads = 4;  // order: K of the Chebyshev polynomials, reach K - 1 bonds
    double dropout = 0.2;              // inside MLPs and on the graph's vector
    double graph_dropout = 0;          // after each convolution
    double fingerprint_dropout = 0;    // on the input bits
    double descriptor_dropout = 0;     // on the input descriptors
    double fingerprint_drop_rate = 0.5;  // share of molecules whose whole fingerprint expert is silenced in a training step
    double retrieval_drop_rate = 0.5;    // the same for the retrieval expert

    std::vector<std::string> modalities() const;  // "graph", "fingerprint", "descriptor": the tokens of the cross-modal attention
    std::vector<std::string> experts() const;     // "cross" where there are two modalities, then modalities, then "retrieval"

    io::Json to_json() const;
    static MmfConfig from_json(const io::JsonView&);  // Error(data) that names the field
    void check() const;                               // Error(usage) for sizes that make no model
};

MmfGate parse_gate(const std::string& name);  // Error(usage) that lists the names
std::string name_of(MmfGate);

}  // namespace molten

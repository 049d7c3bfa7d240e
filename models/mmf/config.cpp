#include "models/mmf/config.h"

#include <array>

namespace molten {
namespace {

constexpr std::array<std::string_view, 4> kGates = {"softmax", "sigmoid", "top_k", "none"};

}  // namespace

MmfGate parse_gate(const std::string& name) {
    for (std::size_t i = 0; i < kGates.size(); ++i)
        if (kGates[i] == name) return static_cast<MmfGate>(i);
    throw Error(ExitCode::usage, "gate '" + name + "' is unknown", "choose softmax, sigmoid, top_k or none");
}

std::string name_of(MmfGate gate) { return std::string(kGates[static_cast<std::size_t>(gate)]); }

std::vector<std::string> MmfConfig::modalities() const {
    std::vector<std::string> result;
    if (graph) result.push_back("graph");
    if (fingerprint) result.push_back("fingerprint");
    if (descriptor) result.push_back("descriptor");
    return result;
}

std::vector<std::string> MmfConfig::experts() const {
    std::vector<std::string> result = modalities();
    if (cross_attention && result.size() > 1) result.insert(result.begin(), "cross");
    if (retrieval) result.push_back("retrieval");
    return result;
}

io::Json MmfConfig::to_json() const {
    io::Json j = io::Json::object();
    j.set("format", "molten-mmf").set("version", 1);
    j.set("node_features", node_features).set("fingerprint_bits", fingerprint_bits).set("descriptors", descriptors).set("targets", targets);
    j.set("retrieved", retrieved)
        .set("graph", graph)
        .set("fingerprint", fingerprint)
        .set("descriptor", descriptor)
        .set("retrieval", retrieval);
    j.set("cross_attention", cross_attention).set("gate", name_of(gate)).set("top_k", top_k).set("width", width).set("layers", layers);
    j.set("order", order).set("heads", heads).set("dropout", dropout).set("graph_dropout", graph_dropout);
    j.set("fingerprint_dropout", fingerprint_dropout).set("descriptor_dropout", descriptor_dropout);
    j.set("fingerprint_drop_rate", fingerprint_drop_rate).set("retrieval_drop_rate", retrieval_drop_rate);
    return j;
}

MmfConfig MmfConfig::from_json(const io::JsonView& j) {
    if (j["format"].string() != "molten-mmf") j["format"].fail("expected \"molten-mmf\"");
    if (j["version"].integer(1) > 1) j["version"].fail("this file was written by a newer molten");
    constexpr std::int64_t most = 1 << 24;
    MmfConfig c;
    c.node_features = j["node_features"].integer(0, most);
    c.fingerprint_bits = j["fingerprint_bits"].integer(0, most);
    c.descriptors = j["descriptors"].integer(0, most);
    c.targets = j["targets"].integer(1, most);
    c.retrieved = j["retrieved"].integer(0, most);
    c.graph = j["graph"].boolean();
    c.fingerprint = j["fingerprint"].boolean();
    c.descriptor = j["descriptor"].boolean();
    c.retrieval = j["retrieval"].boolean();
    c.cross_attention = j["cross_attention"].boolean();
    try {
        c.gate = parse_gate(j["gate"].string());
    } catch (const Error& error) {
        j["gate"].fail(error.what());
    }
    c.top_k = j["top_k"].integer(1, 64);
    c.width = j["width"].integer(1, 65536);
    c.layers = j["layers"].integer(0, 1024);
    c.order = j["order"].integer(1, 64);
    c.heads = j["heads"].integer(1, 1024);
    c.dropout = j["dropout"].number(0, 1);
    c.graph_dropout = j["graph_dropout"].number(0, 1);
    c.fingerprint_dropout = j["fingerprint_dropout"].number(0, 1);
    c.descriptor_dropout = j["descriptor_dropout"].number(0, 1);
    c.fingerprint_drop_rate = j["fingerprint_drop_rate"].number(0, 1);
    c.retrieval_drop_rate = j["retrieval_drop_rate"].number(0, 1);
    try {
        c.check();
    } catch (const Error& error) {
        j.fail(error.what());
    }
    return c;
}

void MmfConfig::check() const {
    const auto need = [](bool holds, const std::string& what) {
        if (!holds) throw Error(ExitCode::usage, "model: " + what);
    };
    need(!experts().empty(), "every part is switched off; leave on at least one of graph, fingerprint, descriptor, retrieval");
    need(targets >= 1, "it has no target");
    need(!graph || node_features > 0, "the graph expert has no node features");
    need(!fingerprint || fingerprint_bits > 0, "the fingerprint expert has no fingerprint");
    need(!descriptor || descriptors > 0, "the descriptor expert has no descriptors");
    need(!retrieval || retrieved > 0, "the retrieval expert has no retrieval vector");
    need(width >= 1 && width % heads == 0, "width " + std::to_string(width) + " is not a multiple of " + std::to_string(heads) + " heads");
    need(order >= 1 && layers >= 0 && top_k >= 1, "order, layers and top_k must be positive");
    for (const double p : {dropout, graph_dropout, fingerprint_dropout, descriptor_dropout, fingerprint_drop_rate, retrieval_drop_rate})
        need(p >= 0 && p < 1, "a dropout of " + std::to_string(p) + " is not in [0, 1)");
}

}  // namespace molten

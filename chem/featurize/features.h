#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "chem/fingerprint/fingerprint.h"
#include "chem/graph/graph.h"
#include "chem/guard/guard.h"

namespace molten::chem {

enum class InputFormat : std::uint8_t { smiles, molblock };

// What to compute of each row; what is not asked for stays empty.
struct FeatureRequest {
    InputFormat format = InputFormat::smiles;
    Limits limits;
    bool canonical = true;  // canonical SMILES
    bool key = false;       // grouping key (chem/molecule)
    bool formula = false;
    bool scaffold = false;  // Bemis-Murcko SMILES
    bool graph = true;
    GraphOptions graph_options;
    std::vector<FingerprintOptions> fingerprints = {FingerprintOptions{}};  // concatenated in this order
    bool descriptors = false;
};

// One row's features, or the reason why there are none: then everything but `reason` and `message` is empty.
struct Features {
    Reason reason = Reason::none;
    std::string message;
    std::string canonical;
    std::string key;
    std::string formula;
    std::string scaffold;  // "" for a molecule without a ring
    int heavy_atoms = 0;
    Graph graph;
    std::vector<float> fingerprint;   // [fingerprint_width(request)]
    std::vector<double> descriptors;  // [descriptors::names().size()]; NaN where a descriptor is undefined
    bool usable() const { return reason == Reason::none; }
};

// Sum of the widths of the requested fingerprints.
int fingerprint_width(const FeatureRequest& request);

// Everything asked for, in this process: the text is checked and capped, but nothing stops a molecule that takes long (that is what
// chem/featurize/pool.h is for). Throws only std::invalid_argument for a bad request; bad rows come back with a reason.
Features featurize(std::string_view text, const FeatureRequest& request = {});

}  // namespace molten::chem

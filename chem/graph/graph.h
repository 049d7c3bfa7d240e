#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chem/molecule/molecule.h"

namespace molten::chem {

// Which columns describe atoms and bonds. README.md lists them all; node_feature_names and bond_feature_names give them in order.
enum class FeatureSet : std::uint8_t {
    canonical,  // 74 + 12, DGL-LifeSci's CanonicalAtomFeaturizer and CanonicalBondFeaturizer
    qm9,        // 11 + 4, PyTorch Geometric's QM9 node and edge features
    molten,     // the default: what is known to help property models
};

struct GraphOptions {
    FeatureSet features = FeatureSet::molten;
    bool explicit_h = false;  // hydrogens as nodes of their own, after the heavy atoms
};

// A molecule as arrays. Atoms are in input order; each bond is listed once, in either direction.
// Every value is finite.
struct Graph {
    int atoms = 0;
    int bonds = 0;
    int node_width = 0;
    int bond_width = 0;
    std::vector<float> node_features;  // [atoms x node_width], row-major
    std::vector<int> bond_begin;       // [bonds], atom index
    std::vector<int> bond_end;         // [bonds]
    std::vector<float> bond_features;  // [bonds x bond_width], row-major
    std::vector<float> bond_order;     // [bonds], 1, 2, 3, 1.5 for aromatic, 1 for dative, 0 for zero-order
    bool operator==(const Graph&) const = default;
};

// Aromaticity, ring and stereo perception are RDKit's.
Graph build_graph(const Molecule& molecule, const GraphOptions& options = {});

// Name of each column: [node_width], [bond_width].
const std::vector<std::string>& node_feature_names(FeatureSet features);
const std::vector<std::string>& bond_feature_names(FeatureSet features);

// "canonical", "qm9", "molten", and back. feature_set throws std::invalid_argument that lists the names.
std::string_view feature_set_name(FeatureSet features);
FeatureSet feature_set(std::string_view name);

}  // namespace molten::chem

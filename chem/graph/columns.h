#pragma once
// Private to chem/graph: a feature set is a list of blocks, and a block holds the names of its columns beside the function that fills
// them, so that names and values cannot drift apart.
#include <cstdint>
#include <string>
#include <vector>

namespace RDKit {
class Atom;
class Bond;
class ROMol;
}  // namespace RDKit

namespace molten::chem::columns {

// Per-atom quantities that need the whole molecule; [atoms] each. Units in properties.cpp.
struct AtomProperties {
    std::vector<double> charge, hydrogen_charge;  // Gasteiger
    std::vector<double> logp, refractivity;       // Crippen, attached hydrogens included
    std::vector<double> polar_area, surface_area;
    std::vector<double> estate;                // electrotopological state
    std::vector<std::uint32_t> pharmacophore;  // masks of chem/fingerprint/feature_invariants.h
    std::vector<char> on_backbone;             // between attachment points
    std::vector<int> star_distance;            // bonds to the nearest attachment point, -1 without one
};
AtomProperties atom_properties(const RDKit::ROMol& molecule);

struct Context {
    const RDKit::ROMol& molecule;
    const AtomProperties* properties;  // null for the sets that need none
};

struct NodeBlock {
    std::vector<std::string> names;
    void (*fill)(const Context& context, const RDKit::Atom& atom, float* out);  // out[names.size()], zero before
};

struct BondBlock {
    std::vector<std::string> names;
    void (*fill)(const Context& context, const RDKit::Bond& bond, float* out);
};

const std::vector<NodeBlock>& canonical_nodes();
const std::vector<BondBlock>& canonical_bonds();
const std::vector<NodeBlock>& qm9_nodes();
const std::vector<BondBlock>& qm9_bonds();
const std::vector<NodeBlock>& molten_nodes();
const std::vector<BondBlock>& molten_bonds();

// prefix_0, prefix_1 ... for the integers from `first` to `last`.
std::vector<std::string> numbered(const std::string& prefix, int first, int last);

// out[index] = 1 when index is within [0, width).
inline void one_hot(float* out, int index, int width) {
    if (index >= 0 && index < width) out[index] = 1;
}

}  // namespace molten::chem::columns

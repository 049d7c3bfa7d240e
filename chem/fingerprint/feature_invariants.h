#pragma once
// Private to chem: what kind of partner an atom can be.
#include <cstdint>
#include <vector>

#include "chem/descriptors/graph.h"

namespace molten::chem {

// Bits of a mask, in the order of RDKit's feature definitions.
enum Pharmacophore : std::uint32_t { donor = 1, acceptor = 2, aromatic = 4, halogen = 8, basic = 16, acidic = 32 };

// One mask an atom, equal to RDKit's Morgan feature invariants, whose own function parses its patterns anew for each molecule.
std::vector<std::uint32_t> feature_invariants(const descriptors::Graph& graph);

}  // namespace molten::chem

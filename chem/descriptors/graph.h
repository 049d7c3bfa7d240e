#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace RDKit {
class Bond;
class ROMol;
}  // namespace RDKit

namespace molten::chem::descriptors {

// Adjacency of a molecule in rows: the neighbours of atom i are entries [offset[i], offset[i + 1]), in RDKit's bond order.
struct Graph {
    struct Neighbor {
        int atom;
        int bond;
    };
    explicit Graph(const RDKit::ROMol& molecule);
    std::span<const Neighbor> neighbors(int atom) const {
        return {entries.data() + offset[atom], static_cast<std::size_t>(offset[atom + 1] - offset[atom])};
    }
    int degree(int atom) const { return offset[atom + 1] - offset[atom]; }

    const RDKit::ROMol& molecule;
    int atoms = 0;
    int bonds = 0;
    std::vector<int> offset;
    std::vector<Neighbor> entries;
    std::vector<int> begin, end;                   // per bond
    std::vector<const RDKit::Bond*> bond_handles;  // RDKit finds a bond by index in linear time
};

}  // namespace molten::chem::descriptors

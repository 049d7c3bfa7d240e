#include "chem/descriptors/graph.h"

#include <GraphMol/GraphMol.h>

namespace molten::chem::descriptors {

Graph::Graph(const RDKit::ROMol& source)
    : molecule(source), atoms(static_cast<int>(source.getNumAtoms())), bonds(static_cast<int>(source.getNumBonds())) {
    offset.assign(atoms + 1, 0);
    begin.reserve(bonds);
    end.reserve(bonds);
    bond_handles.reserve(bonds);
    for (const RDKit::Bond* bond : source.bonds()) {
        begin.push_back(static_cast<int>(bond->getBeginAtomIdx()));
        end.push_back(static_cast<int>(bond->getEndAtomIdx()));
        bond_handles.push_back(bond);
        ++offset[begin.back() + 1];
        ++offset[end.back() + 1];
    }
    for (int i = 0; i < atoms; ++i) offset[i + 1] += offset[i];
    entries.resize(2 * static_cast<std::size_t>(bonds));
    std::vector<int> cursor(offset.begin(), offset.end() - 1);
    for (int b = 0; b < bonds; ++b) {
        entries[cursor[begin[b]]++] = {end[b], b};
        entries[cursor[end[b]]++] = {begin[b], b};
    }
}

}  // namespace molten::chem::descriptors

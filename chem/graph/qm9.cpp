// The 11 node and 4 edge columns of PyTorch Geometric's QM9 dataset. Hydrogens are counted whether they are nodes or not.
#include <GraphMol/ROMol.h>

#include "chem/graph/columns.h"

namespace molten::chem::columns {
namespace {

void element(const Context&, const RDKit::Atom& atom, float* out) {
    switch (atom.getAtomicNum()) {
        case 1:
            out[0] = 1;
            break;
        case 6:
            out[1] = 1;
            break;
        case 7:
            out[2] = 1;
            break;
        case 8:
            out[3] = 1;
            break;
        case 9:
            out[4] = 1;
            break;
        default:
            break;
    }
}

void hybridization(const Context&, const RDKit::Atom& atom, float* out) {
    switch (atom.getHybridization()) {
        case RDKit::Atom::SP:
            out[0] = 1;
            break;
        case RDKit::Atom::SP2:
            out[1] = 1;
            break;
        case RDKit::Atom::SP3:
            out[2] = 1;
            break;
        default:
            break;
    }
}

void bond_type(const Context&, const RDKit::Bond& bond, float* out) {
    switch (bond.getBondType()) {
        case RDKit::Bond::SINGLE:
            out[0] = 1;
            break;
        case RDKit::Bond::DOUBLE:
            out[1] = 1;
            break;
        case RDKit::Bond::TRIPLE:
            out[2] = 1;
            break;
        case RDKit::Bond::AROMATIC:
            out[3] = 1;
            break;
        default:
            break;
    }
}

}  // namespace

const std::vector<NodeBlock>& qm9_nodes() {
    static const std::vector<NodeBlock> blocks = {
        {{"element_H", "element_C", "element_N", "element_O", "element_F"}, element},
        {{"atomic_number"}, [](const Context&, const RDKit::Atom& atom, float* out) { *out = static_cast<float>(atom.getAtomicNum()); }},
        {{"aromatic"}, [](const Context&, const RDKit::Atom& atom, float* out) { *out = atom.getIsAromatic() ? 1 : 0; }},
        {{"hybridization_SP", "hybridization_SP2", "hybridization_SP3"}, hybridization},
        {{"hydrogens"}, [](const Context&, const RDKit::Atom& atom, float* out) { *out = static_cast<float>(atom.getTotalNumHs(true)); }},
    };
    return blocks;
}

const std::vector<BondBlock>& qm9_bonds() {
    static const std::vector<BondBlock> blocks = {{{"single", "double", "triple", "aromatic"}, bond_type}};
    return blocks;
}

}  // namespace molten::chem::columns

// The bond columns of the default feature set.
#include <GraphMol/ROMol.h>

#include <algorithm>

#include "chem/graph/columns.h"

namespace molten::chem::columns {
namespace {

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
            out[4] = 1;
            break;
    }
}

void ring_size(const Context& context, const RDKit::Bond& bond, float* out) {
    for (int size : context.molecule.getRingInfo()->bondRingSizes(bond.getIdx())) out[std::clamp(size, 3, 7) - 3] = 1;
}

void stereo(const Context&, const RDKit::Bond& bond, float* out) {
    switch (bond.getStereo()) {
        case RDKit::Bond::STEREOZ:
        case RDKit::Bond::STEREOCIS:
            out[0] = 1;
            break;
        case RDKit::Bond::STEREOE:
        case RDKit::Bond::STEREOTRANS:
            out[1] = 1;
            break;
        default:
            break;
    }
}

bool at_triple_bond(const RDKit::ROMol& molecule, const RDKit::Atom* atom) {
    for (const auto* bond : molecule.atomBonds(atom)) {
        if (bond->getBondType() == RDKit::Bond::TRIPLE) return true;
    }
    return false;
}

// An open-chain single bond between atoms that both go on, neither of them linear.
void rotatable(const Context& context, const RDKit::Bond& bond, float* out) {
    if (bond.getBondType() != RDKit::Bond::SINGLE) return;
    if (context.molecule.getRingInfo()->numBondRings(bond.getIdx()) > 0) return;
    for (const auto* atom : {bond.getBeginAtom(), bond.getEndAtom()}) {
        if (atom->getDegree() < 2 || at_triple_bond(context.molecule, atom)) return;
    }
    *out = 1;
}

}  // namespace

const std::vector<BondBlock>& molten_bonds() {
    static const std::vector<BondBlock> blocks = {
        {{"single", "double", "triple", "aromatic", "other"}, bond_type},
        {{"conjugated"}, [](const Context&, const RDKit::Bond& bond, float* out) { *out = bond.getIsConjugated() ? 1 : 0; }},
        {{"ring_size_3", "ring_size_4", "ring_size_5", "ring_size_6", "ring_size_7+"}, ring_size},
        {{"stereo_Z", "stereo_E"}, stereo},
        {{"rotatable"}, rotatable},
        {{"backbone"},
         [](const Context& context, const RDKit::Bond& bond, float* out) {
             const auto& on_backbone = context.properties->on_backbone;
             *out = on_backbone[bond.getBeginAtomIdx()] && on_backbone[bond.getEndAtomIdx()] ? 1 : 0;
         }},
    };
    return blocks;
}

}  // namespace molten::chem::columns

// The 74 atom and 12 bond columns of DGL-LifeSci's canonical featurizers.
#include <GraphMol/ROMol.h>

#include <algorithm>
#include <array>

#include "chem/graph/columns.h"

namespace molten::chem::columns {
namespace {

constexpr std::array<int, 43> elements = {6,  7,  8,  16, 9,  14, 15, 17, 35, 12, 11, 20, 26, 33, 13, 53, 5,  23, 19, 81, 70, 51,
                                          50, 47, 46, 27, 34, 22, 30, 1,  3,  32, 29, 79, 28, 48, 49, 25, 40, 24, 78, 80, 82};

const std::vector<std::string> element_names = {
    "element_C",  "element_N",  "element_O",  "element_S",  "element_F",  "element_Si", "element_P",  "element_Cl", "element_Br",
    "element_Mg", "element_Na", "element_Ca", "element_Fe", "element_As", "element_Al", "element_I",  "element_B",  "element_V",
    "element_K",  "element_Tl", "element_Yb", "element_Sb", "element_Sn", "element_Ag", "element_Pd", "element_Co", "element_Se",
    "element_Ti", "element_Zn", "element_H",  "element_Li", "element_Ge", "element_Cu", "element_Au", "element_Ni", "element_Cd",
    "element_In", "element_Mn", "element_Zr", "element_Cr", "element_Pt", "element_Hg", "element_Pb"};

void element(const Context&, const RDKit::Atom& atom, float* out) {
    const auto found = std::find(elements.begin(), elements.end(), atom.getAtomicNum());
    if (found != elements.end()) out[found - elements.begin()] = 1;
}

// SP, SP2, SP3, SP3D, SP3D2; none set for others.
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
        case RDKit::Atom::SP3D:
            out[3] = 1;
            break;
        case RDKit::Atom::SP3D2:
            out[4] = 1;
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

void bond_stereo(const Context&, const RDKit::Bond& bond, float* out) {
    switch (bond.getStereo()) {
        case RDKit::Bond::STEREONONE:
            out[0] = 1;
            break;
        case RDKit::Bond::STEREOANY:
            out[1] = 1;
            break;
        case RDKit::Bond::STEREOZ:
            out[2] = 1;
            break;
        case RDKit::Bond::STEREOE:
            out[3] = 1;
            break;
        case RDKit::Bond::STEREOCIS:
            out[4] = 1;
            break;
        case RDKit::Bond::STEREOTRANS:
            out[5] = 1;
            break;
    }
}

}  // namespace

const std::vector<NodeBlock>& canonical_nodes() {
    static const std::vector<NodeBlock> blocks = {
        {element_names, element},
        {numbered("degree", 0, 10),
         [](const Context&, const RDKit::Atom& atom, float* out) { one_hot(out, static_cast<int>(atom.getDegree()), 11); }},
        {numbered("implicit_valence", 0, 6),
         [](const Context&, const RDKit::Atom& atom, float* out) { one_hot(out, atom.getImplicitValence(), 7); }},
        {{"formal_charge"}, [](const Context&, const RDKit::Atom& atom, float* out) { *out = static_cast<float>(atom.getFormalCharge()); }},
        {{"radical_electrons"},
         [](const Context&, const RDKit::Atom& atom, float* out) { *out = static_cast<float>(atom.getNumRadicalElectrons()); }},
        {{"hybridization_SP", "hybridization_SP2", "hybridization_SP3", "hybridization_SP3D", "hybridization_SP3D2"}, hybridization},
        {{"aromatic"}, [](const Context&, const RDKit::Atom& atom, float* out) { *out = atom.getIsAromatic() ? 1 : 0; }},
        {numbered("hydrogens", 0, 4),
         [](const Context&, const RDKit::Atom& atom, float* out) { one_hot(out, static_cast<int>(atom.getTotalNumHs()), 5); }},
    };
    return blocks;
}

const std::vector<BondBlock>& canonical_bonds() {
    static const std::vector<BondBlock> blocks = {
        {{"single", "double", "triple", "aromatic"}, bond_type},
        {{"conjugated"}, [](const Context&, const RDKit::Bond& bond, float* out) { *out = bond.getIsConjugated() ? 1 : 0; }},
        {{"in_ring"},
         [](const Context& context, const RDKit::Bond& bond, float* out) {
             *out = context.molecule.getRingInfo()->numBondRings(bond.getIdx()) > 0 ? 1 : 0;
         }},
        {{"stereo_none", "stereo_any", "stereo_Z", "stereo_E", "stereo_cis", "stereo_trans"}, bond_stereo},
    };
    return blocks;
}

}  // namespace molten::chem::columns

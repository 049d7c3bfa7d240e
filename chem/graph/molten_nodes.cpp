// The atom columns of the default feature set. README.md explains them one by one.
#include <GraphMol/PeriodicTable.h>
#include <GraphMol/ROMol.h>

#include <algorithm>
#include <array>

#include "chem/fingerprint/feature_invariants.h"
#include "chem/graph/columns.h"

namespace molten::chem::columns {
namespace {

constexpr std::array<int, 18> elements = {0, 1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 32, 33, 34, 35, 50, 52, 53};

void element(const Context&, const RDKit::Atom& atom, float* out) {
    out[std::find(elements.begin(), elements.end(), atom.getAtomicNum()) - elements.begin()] = 1;
}

// One-hot whose first and last column also take what lies beyond.
void clamped(float* out, int value, int first, int last) { out[std::clamp(value, first, last) - first] = 1; }

void hybridization(const Context&, const RDKit::Atom& atom, float* out) {
    switch (atom.getHybridization()) {
        case RDKit::Atom::S:
            out[0] = 1;
            break;
        case RDKit::Atom::SP:
            out[1] = 1;
            break;
        case RDKit::Atom::SP2:
            out[2] = 1;
            break;
        case RDKit::Atom::SP3:
            out[3] = 1;
            break;
        case RDKit::Atom::SP3D:
            out[4] = 1;
            break;
        case RDKit::Atom::SP3D2:
            out[5] = 1;
            break;
        default:
            out[6] = 1;
            break;
    }
}

void rings(const Context& context, const RDKit::Atom& atom, float* out) {
    const auto& info = *context.molecule.getRingInfo();
    for (int size : info.atomRingSizes(atom.getIdx())) clamped(out, size, 3, 9);
    const int count = static_cast<int>(info.numAtomRings(atom.getIdx()));
    if (count > 0) clamped(out + 7, count, 1, 3);
}

void chirality(const Context&, const RDKit::Atom& atom, float* out) {
    std::string code;
    if (!atom.getPropIfPresent(RDKit::common_properties::_CIPCode, code)) return;
    if (code == "R") out[0] = 1;
    if (code == "S") out[1] = 1;
}

void pharmacophore(const Context& context, const RDKit::Atom& atom, float* out) {
    const std::uint32_t mask = context.properties->pharmacophore[atom.getIdx()];
    constexpr std::uint32_t flags[] = {donor, acceptor, halogen, basic, acidic};
    for (std::uint32_t flag : flags) *out++ = (mask & flag) ? 1 : 0;
}

// Bonds at the atom, a quarter each.
void incident_bonds(const Context& context, const RDKit::Atom& atom, float* out) {
    for (const auto* bond : context.molecule.atomBonds(&atom)) {
        switch (bond->getBondType()) {
            case RDKit::Bond::SINGLE:
                out[0] += 0.25f;
                break;
            case RDKit::Bond::DOUBLE:
                out[1] += 0.25f;
                break;
            case RDKit::Bond::TRIPLE:
                out[2] += 0.25f;
                break;
            case RDKit::Bond::AROMATIC:
                out[3] += 0.25f;
                break;
            default:
                out[4] += 0.25f;
                break;
        }
        if (bond->getIsConjugated()) out[5] += 0.25f;
    }
}

void element_constants(const Context&, const RDKit::Atom& atom, float* out) {
    const auto* table = RDKit::PeriodicTable::getTable();
    const int number = atom.getAtomicNum();
    out[0] = static_cast<float>(atom.getMass() / 100);
    out[1] = static_cast<float>(table->getRcovalent(number));
    out[2] = static_cast<float>(table->getRvdw(number) / 2);
    out[3] = static_cast<float>(table->getNouterElecs(number)) / 8;
}

void valence(const Context&, const RDKit::Atom& atom, float* out) {
    out[0] = static_cast<float>(atom.getTotalValence()) / 4;
    out[1] = static_cast<float>(atom.getNumRadicalElectrons());
}

void contributions(const Context& context, const RDKit::Atom& atom, float* out) {
    const AtomProperties& p = *context.properties;
    const unsigned i = atom.getIdx();
    const double values[] = {p.charge[i],          p.hydrogen_charge[i],   p.logp[i],       p.refractivity[i] / 10,
                             p.polar_area[i] / 20, p.surface_area[i] / 10, p.estate[i] / 10};
    for (double value : values) *out++ = static_cast<float>(value);
}

void polymer(const Context& context, const RDKit::Atom& atom, float* out) {
    const int distance = context.properties->star_distance[atom.getIdx()];
    out[0] = context.properties->on_backbone[atom.getIdx()] ? 1 : 0;
    out[1] = distance < 0 ? 0 : 1.0f / static_cast<float>(1 + distance);
}

}  // namespace

const std::vector<NodeBlock>& molten_nodes() {
    static const std::vector<NodeBlock> blocks = {
        {{"element_*", "element_H", "element_B", "element_C", "element_N", "element_O", "element_F", "element_Si", "element_P", "element_S",
          "element_Cl", "element_Ge", "element_As", "element_Se", "element_Br", "element_Sn", "element_Te", "element_I", "element_other"},
         element},
        {numbered("degree", 0, 6),
         [](const Context&, const RDKit::Atom& atom, float* out) { clamped(out, static_cast<int>(atom.getDegree()), 0, 6); }},
        {numbered("hydrogens", 0, 4),
         [](const Context&, const RDKit::Atom& atom, float* out) { clamped(out, static_cast<int>(atom.getTotalNumHs(true)), 0, 4); }},
        {{"charge_-2", "charge_-1", "charge_0", "charge_+1", "charge_+2"},
         [](const Context&, const RDKit::Atom& atom, float* out) { clamped(out, atom.getFormalCharge(), -2, 2); }},
        {{"hybridization_S", "hybridization_SP", "hybridization_SP2", "hybridization_SP3", "hybridization_SP3D", "hybridization_SP3D2",
          "hybridization_other"},
         hybridization},
        {{"aromatic"}, [](const Context&, const RDKit::Atom& atom, float* out) { *out = atom.getIsAromatic() ? 1 : 0; }},
        {{"ring_size_3", "ring_size_4", "ring_size_5", "ring_size_6", "ring_size_7", "ring_size_8", "ring_size_9+", "rings_1", "rings_2",
          "rings_3+"},
         rings},
        {{"chirality_R", "chirality_S"}, chirality},
        {{"donor", "acceptor", "halogen", "basic", "acidic"}, pharmacophore},
        {{"bonds_single", "bonds_double", "bonds_triple", "bonds_aromatic", "bonds_other", "bonds_conjugated"}, incident_bonds},
        {{"mass", "covalent_radius", "vdw_radius", "outer_electrons"}, element_constants},
        {{"total_valence", "radical_electrons"}, valence},
        {{"gasteiger_charge", "gasteiger_charge_hydrogens", "crippen_logp", "crippen_refractivity", "polar_surface_area",
          "labute_surface_area", "electrotopological_state"},
         contributions},
        {{"backbone", "attachment_proximity"}, polymer},
    };
    return blocks;
}

}  // namespace molten::chem::columns

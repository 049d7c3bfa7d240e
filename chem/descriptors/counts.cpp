#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/GraphMol.h>

#include <array>

#include "chem/descriptors/pattern_set.h"
#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

void atoms_and_bonds(Context& context, std::span<double> values) {
    const RDKit::ROMol& molecule = context.molecule();
    const BondingCounts counts = bonding_counts(context.graph());
    values[0] = RDKit::Descriptors::calcFractionCSP3(molecule);
    values[1] = molecule.getNumHeavyAtoms();
    values[2] = RDKit::Descriptors::calcLipinskiHBD(molecule);
    values[3] = RDKit::Descriptors::calcLipinskiHBA(molecule);
    values[4] = RDKit::Descriptors::calcNumHeteroatoms(molecule);
    values[5] = counts.acceptors;
    values[6] = counts.donors;
    values[7] = counts.rotatable_bonds;
}

void rings(Context& context, std::span<double> values) {
    namespace rd = RDKit::Descriptors;
    constexpr std::array functions{rd::calcNumRings,
                                   rd::calcNumAromaticRings,
                                   rd::calcNumAliphaticRings,
                                   rd::calcNumSaturatedRings,
                                   rd::calcNumAromaticCarbocycles,
                                   rd::calcNumAliphaticCarbocycles,
                                   rd::calcNumSaturatedCarbocycles,
                                   rd::calcNumAromaticHeterocycles,
                                   rd::calcNumAliphaticHeterocycles,
                                   rd::calcNumSaturatedHeterocycles};
    for (std::size_t i = 0; i < functions.size(); ++i) values[i] = functions[i](context.molecule());
}

}  // namespace

BondingCounts bonding_counts(const Graph& graph) {
    constexpr std::array<std::string_view, 3> smarts{
        // A single bond outside rings between atoms that have other neighbours; not beside a triple bond, not to CX3 or C(CH3)3, not the
        // C-N, C-O and C-S bonds of amides, esters, amidinium ...
        "[!$(*#*)&!D1&!$(C(F)(F)F)&!$(C(Cl)(Cl)Cl)&!$(C(Br)(Br)Br)&!$(C([CH3])([CH3])[CH3])&!$([CD3](=[N,O,S])-!@[#7,O,S!D1])"
        "&!$([#7,O,S!D1]-!@[CD3]=[N,O,S])&!$([CD3](=[N+])-!@[#7!D1])&!$([#7!D1]-!@[CD3]=[N+])]-,:;!@[!$(*#*)&!D1&!$(C(F)(F)F)"
        "&!$(C(Cl)(Cl)Cl)&!$(C(Br)(Br)Br)&!$(C([CH3])([CH3])[CH3])]",
        "[$([O,S;H1;v2]-[!$(*=[O,N,P,S])]),$([O,S;H0;v2]),$([O,S;-]),$([N;v3;!$(N-*=!@[O,N,P,S])]),$([nH0,o,s;+0])]",
        "[N&!H0&v3,N&!H0&+1&v4,O&H1&+0,S&H1&+0,n&H1&+0]"};
    static const PatternSet patterns(smarts);
    Matcher matcher(patterns, graph);
    return {matcher.count(0), matcher.root_count(1), matcher.root_count(2)};
}

std::vector<Subject> count_subjects() {
    return {
        {{"FractionCSP3", "HeavyAtomCount", "NHOHCount", "NOCount", "NumHeteroatoms", "NumHAcceptors", "NumHDonors", "NumRotatableBonds"},
         atoms_and_bonds},
        {{"RingCount", "NumAromaticRings", "NumAliphaticRings", "NumSaturatedRings", "NumAromaticCarbocycles", "NumAliphaticCarbocycles",
          "NumSaturatedCarbocycles", "NumAromaticHeterocycles", "NumAliphaticHeterocycles", "NumSaturatedHeterocycles"},
         rings}};
}

}  // namespace molten::chem::descriptors

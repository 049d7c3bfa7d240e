// What a molecule is called: formula and the key that groups its variants.
#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/RWMol.h>
#include <GraphMol/SmilesParse/SmilesWrite.h>

#include <set>
#include <vector>

#include "chem/molecule/rdkit_molecule.h"

namespace molten::chem {
namespace {

bool has_neighbour_of_charge_sign(const RDKit::ROMol& molecule, const RDKit::Atom& atom, int sign) {
    for (const auto* neighbour : molecule.atomNeighbors(&atom)) {
        if (neighbour->getFormalCharge() * sign > 0) return true;
    }
    return false;
}

// Hydrogen ions that an acid or base gives up or takes: +1 with a hydrogen on N, O, P, S; -1 on N, O, S, Se, P, F, Cl, Br, I.
// Charges next to the opposite charge (nitro, azide, ylide) are part of the drawing, not of the ion state.
void neutralize(RDKit::RWMol& molecule) {
    static const std::set<int> bases = {7, 8, 15, 16};
    static const std::set<int> acids = {7, 8, 9, 15, 16, 17, 34, 35, 53};
    for (auto* atom : molecule.atoms()) {
        const int charge = atom->getFormalCharge();
        const int hydrogens = static_cast<int>(atom->getTotalNumHs());
        const bool loses =
            charge == 1 && hydrogens > 0 && bases.count(atom->getAtomicNum()) && !has_neighbour_of_charge_sign(molecule, *atom, -1);
        const bool gains = charge == -1 && acids.count(atom->getAtomicNum()) && !has_neighbour_of_charge_sign(molecule, *atom, +1);
        if (!loses && !gains) continue;
        atom->setFormalCharge(0);
        atom->setNumExplicitHs(static_cast<unsigned>(hydrogens - charge));
        atom->setNoImplicit(true);
        atom->updatePropertyCache(false);
    }
}

bool has_carbon(const RDKit::ROMol& molecule) {
    for (const auto* atom : molecule.atoms()) {
        if (atom->getAtomicNum() == 6) return true;
    }
    return false;
}

std::string plain_smiles(const RDKit::ROMol& molecule) {
    RDKit::SmilesWriteParams params;
    params.doIsomericSmiles = false;
    return RDKit::MolToSmiles(molecule, params);
}

// Distinct fragments in alphabetical order, without the carbon-free ones when there is another.
std::string fragment_key(const RDKit::ROMol& molecule) {
    std::vector<int> fragment_of_atom;
    if (RDKit::MolOps::getMolFrags(molecule, fragment_of_atom) == 1) return plain_smiles(molecule);
    std::set<std::string> organic, inorganic;
    for (const auto& fragment : RDKit::MolOps::getMolFrags(molecule)) {
        (has_carbon(*fragment) ? organic : inorganic).insert(plain_smiles(*fragment));
    }
    std::string key;
    for (const auto& smiles : organic.empty() ? inorganic : organic) {
        if (!key.empty()) key += ".";
        key += smiles;
    }
    return key;
}

// Nothing to remove or to neutralize: the SMILES without stereochemistry is the key.
bool is_plain(const RDKit::ROMol& molecule) {
    for (const auto* atom : molecule.atoms()) {
        const bool labelled = atom->getIsotope() != 0 || atom->getAtomMapNum() != 0;
        if (labelled || atom->getFormalCharge() != 0 || atom->getAtomicNum() == 1) return false;
    }
    return true;
}

// Without labels and stereochemistry; labelled hydrogens are ordinary ones then and go too.
RDKit::RWMol unlabelled(const RDKit::ROMol& molecule) {
    RDKit::RWMol flat(molecule);
    for (auto* atom : flat.atoms()) {
        atom->setIsotope(0);
        atom->setAtomMapNum(0);
        atom->setChiralTag(RDKit::Atom::CHI_UNSPECIFIED);
    }
    for (auto* bond : flat.bonds()) bond->setStereo(RDKit::Bond::STEREONONE);
    RDKit::MolOps::removeHs(flat);
    return flat;
}

}  // namespace

std::string canonical_key(const Molecule& handle) {
    const RDKit::ROMol& molecule = rdkit(handle);
    if (is_plain(molecule)) return fragment_key(molecule);
    RDKit::RWMol neutral = unlabelled(molecule);
    try {
        neutralize(neutral);
        RDKit::MolOps::sanitizeMol(neutral);
    } catch (const RDKit::MolSanitizeException&) {
        return fragment_key(unlabelled(molecule));
    }
    return fragment_key(neutral);
}

std::string molecular_formula(const Molecule& molecule) { return RDKit::Descriptors::calcMolFormula(rdkit(molecule)); }

}  // namespace molten::chem

#include "chem/scaffold/scaffold.h"

#include <GraphMol/ChemTransforms/ChemTransforms.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/SanitException.h>
#include <GraphMol/SmilesParse/SmilesWrite.h>

#include <memory>

#include "chem/molecule/rdkit_molecule.h"

namespace molten::chem {

std::string murcko_scaffold(const Molecule& molecule, bool chirality) {
    const std::unique_ptr<RDKit::ROMol> scaffold(RDKit::MurckoDecompose(rdkit(molecule)));
    scaffold->clearComputedProps();
    try {
        scaffold->updatePropertyCache();
    } catch (const RDKit::MolSanitizeException&) {
        scaffold->updatePropertyCache(false);  // four bonds at a C+: where Python throws
    }
    RDKit::MolOps::symmetrizeSSSR(*scaffold);
    return RDKit::MolToSmiles(*scaffold, chirality);
}

}  // namespace molten::chem

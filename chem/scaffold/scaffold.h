#pragma once
#include <string>

#include "chem/molecule/molecule.h"

namespace molten::chem {

// Bemis-Murcko scaffold (Bemis and Murcko, J. Med. Chem. 39:2887 (1996)): the rings and the linkers between them, as SMILES; "" for a
// molecule without a ring. Equal to RDKit's Python MurckoScaffold.MurckoScaffoldSmiles.
std::string murcko_scaffold(const Molecule& molecule, bool chirality = false);

}  // namespace molten::chem

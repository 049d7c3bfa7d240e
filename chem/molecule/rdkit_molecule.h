#pragma once
#include "chem/molecule/molecule.h"

namespace molten::chem {

// Private to chem/**/*.cpp: the structure behind a handle. Throws std::invalid_argument for an empty handle.
const RDKit::ROMol& rdkit(const Molecule& molecule);

}  // namespace molten::chem

#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "chem/molecule/molecule.h"

namespace molten::chem::descriptors {

// Names of the 208 two-dimensional descriptors of RDKit 2022.09's Python module Descriptors, in its order: "MaxEStateIndex" ...
// "fr_urea". The views are valid for ever.
std::span<const std::string_view> names();

// All descriptors of a molecule, in the order of names(). Values equal RDKit's Python to 1e-6. A descriptor that RDKit cannot
// compute (BCUT2D_* of a metal complex, for example) is NaN, the others are still there; Chi*, Max/MinPartialCharge and Ipc can also
// be NaN or infinite where RDKit's are. Throws std::invalid_argument for an empty handle only. The molecule is read and RDKit's caches
// inside it are filled: not for two threads with one molecule at a time.
std::vector<double> calculate(const Molecule& molecule);

// The wanted descriptors alone, in the order asked for; what they do not need is not computed. Throws std::invalid_argument for an
// unknown name and says which name is nearest.
std::vector<double> calculate(const Molecule& molecule, std::span<const std::string_view> wanted);

}  // namespace molten::chem::descriptors

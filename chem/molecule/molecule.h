#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "chem/guard/guard.h"

namespace RDKit {
class ROMol;
}

namespace molten::chem {

// A sanitized molecule, hydrogens merged into their heavy atoms. A cheap handle; copies share one structure. RDKit caches computed
// properties inside it, so two threads must not use the same molecule at the same time.
class Molecule {
  public:
    Molecule() = default;
    explicit Molecule(std::shared_ptr<const RDKit::ROMol> structure) : structure_(std::move(structure)) {}
    explicit operator bool() const { return structure_ != nullptr; }

  private:
    friend const RDKit::ROMol& rdkit(const Molecule& molecule);
    std::shared_ptr<const RDKit::ROMol> structure_;
};

// A molecule, or why there is none.
struct Parsed {
    Molecule molecule;
    Verdict verdict;
    explicit operator bool() const { return static_cast<bool>(molecule); }
};

// Checks the text (chem/guard), parses and sanitizes it with RDKit's defaults. Never throws for bad input: the verdict says what is
// wrong. Dative bonds, charges, isotopes, radicals, atom maps and `*` are fine.
Parsed parse_smiles(std::string_view smiles, const Limits& limits = {});

// The same for one mol block, V2000 or V3000, as found in an SDF record before its data fields.
Parsed parse_molblock(std::string_view block, const Limits& limits = {});

// RDKit's canonical isomeric SMILES: equal for two inputs that draw the same substance. Use it to find replicates.
std::string canonical_smiles(const Molecule& molecule);

// A key that is equal for more: stereochemistry, isotopes, atom maps and hydrogen-ion state are removed, repeated fragments and
// fragments without carbon (counter-ions, water) beside one with carbon are dropped. Molecules that share it must be on the same side
// of a split, because a 2-D model can hardly tell them apart. Tautomers keep different keys.
std::string canonical_key(const Molecule& molecule);

// Hill formula with implicit hydrogens and total charge: "C9H8O4", "C2H3O2-".
std::string molecular_formula(const Molecule& molecule);

// Atoms that are not hydrogen; `*` counts.
int heavy_atoms(const Molecule& molecule);

// Version of the RDKit library in use, "2022.09.3". Canonical SMILES and fingerprints may change with it: record it.
std::string rdkit_version();

}  // namespace molten::chem

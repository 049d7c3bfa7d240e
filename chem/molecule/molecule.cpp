#include "chem/molecule/molecule.h"

#include <GraphMol/FileParsers/FileParsers.h>
#include <GraphMol/SanitException.h>
#include <GraphMol/SmilesParse/SmilesParse.h>
#include <GraphMol/SmilesParse/SmilesWrite.h>
#include <RDGeneral/FileParseException.h>
#include <RDGeneral/RDLog.h>
#include <RDGeneral/versions.h>

#include <mutex>
#include <new>
#include <stdexcept>

#include "chem/molecule/rdkit_molecule.h"

namespace molten::chem {
namespace {

// RDKit writes every refusal to stderr; the verdict already carries it.
void silence_rdkit() {
    static std::once_flag once;
    std::call_once(once, [] { boost::logging::disable_logs("rdApp.*"); });
}

Parsed refused(Reason reason, std::string message) {
    while (!message.empty() && message.back() == '\n') message.pop_back();
    return {{}, {reason, std::move(message)}};
}

template <typename Parser>
Parsed parse(const Limits& limits, Parser&& parser) {
    silence_rdkit();
    try {
        std::shared_ptr<RDKit::ROMol> structure(parser());
        if (!structure) return refused(Reason::parse_error, "RDKit could not read it");
        // Valences were checked before aromaticity was perceived: c1cc=oc1 got through as an oxygen with three bonds.
        structure->updatePropertyCache(true);
        if (structure->getNumAtoms() == 0) return refused(Reason::no_atoms, "it has no atoms");
        const int heavy = static_cast<int>(structure->getNumHeavyAtoms());
        if (heavy > limits.heavy_atoms) {
            return refused(Reason::too_many_atoms,
                           std::to_string(heavy) + " heavy atoms, more than heavy_atoms = " + std::to_string(limits.heavy_atoms));
        }
        return {Molecule(std::move(structure)), {}};
    } catch (const RDKit::AtomValenceException& e) {
        return refused(Reason::valence, e.what());
    } catch (const RDKit::AtomKekulizeException& e) {
        return refused(Reason::kekulize, e.what());
    } catch (const RDKit::KekulizeException& e) {
        return refused(Reason::kekulize, e.what());
    } catch (const RDKit::MolSanitizeException& e) {
        return refused(Reason::sanitize_error, e.what());
    } catch (const RDKit::SmilesParseException& e) {
        return refused(Reason::parse_error, e.what());
    } catch (const RDKit::FileParseException& e) {
        return refused(Reason::parse_error, e.what());
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& e) {
        return refused(Reason::rdkit_error, e.what());
    }
}

}  // namespace

const RDKit::ROMol& rdkit(const Molecule& molecule) {
    if (!molecule.structure_) throw std::invalid_argument("empty molecule handle");
    return *molecule.structure_;
}

Parsed parse_smiles(std::string_view smiles, const Limits& limits) {
    Verdict verdict = check_smiles(smiles, limits);
    if (!verdict.usable()) return {{}, std::move(verdict)};
    return parse(limits, [&] {
        RDKit::SmilesParserParams params;
        params.allowCXSMILES = false;
        params.parseName = false;
        return RDKit::SmilesToMol(std::string(smiles), params);
    });
}

Parsed parse_molblock(std::string_view block, const Limits& limits) {
    Verdict verdict = check_molblock(block, limits);
    if (!verdict.usable()) return {{}, std::move(verdict)};
    return parse(limits, [&] { return RDKit::MolBlockToMol(std::string(block)); });
}

std::string canonical_smiles(const Molecule& molecule) { return RDKit::MolToSmiles(rdkit(molecule)); }

int heavy_atoms(const Molecule& molecule) { return static_cast<int>(rdkit(molecule).getNumHeavyAtoms()); }

std::string rdkit_version() { return RDKit::rdkitVersion; }

}  // namespace molten::chem

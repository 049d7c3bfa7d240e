#include "chem/fingerprint/fingerprint.h"

#include <DataStructs/ExplicitBitVect.h>
#include <DataStructs/SparseIntVect.h>
#include <GraphMol/Fingerprints/AtomPairs.h>
#include <GraphMol/Fingerprints/Fingerprints.h>
#include <GraphMol/Fingerprints/MACCS.h>
#include <GraphMol/Fingerprints/MorganFingerprints.h>
#include <GraphMol/Fingerprints/RDKitFPGenerator.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "chem/fingerprint/feature_invariants.h"
#include "chem/molecule/rdkit_molecule.h"

namespace molten::chem {
namespace {

using Entries = std::vector<FingerprintEntry>;
namespace pairs = RDKit::AtomPairs;
namespace morgan = RDKit::MorganFingerprints;

constexpr std::array<std::string_view, 5> names = {"morgan", "rdkit", "atom_pair", "topological_torsion", "maccs"};
constexpr int maccs_width = 167;

void check(const FingerprintOptions& options) {
    if (options.size < 1 || options.size > (1 << 24)) {
        throw std::invalid_argument(fmt::format("fingerprint size {} is not in 1 to {}", options.size, 1 << 24));
    }
    if (options.radius < 0 || options.radius > 16) {
        throw std::invalid_argument(fmt::format("fingerprint radius {} is not in 0 to 16", options.radius));
    }
    if (options.kind == FingerprintKind::maccs && options.counts) throw std::invalid_argument("MACCS keys have no counts");
}

Entries entries(std::unique_ptr<ExplicitBitVect> bits) {
    IntVect on;
    bits->getOnBits(on);
    Entries result;
    result.reserve(on.size());
    for (int index : on) result.push_back({static_cast<std::uint32_t>(index), 1});
    return result;
}

// RDKit keeps sparse vectors in a std::map, so the order is ascending already.
template <typename Index>
Entries entries(std::unique_ptr<RDKit::SparseIntVect<Index>> counts) {
    Entries result;
    result.reserve(counts->getNonzeroElements().size());
    for (const auto& [index, count] : counts->getNonzeroElements()) {
        result.push_back({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(count)});
    }
    return result;
}

Entries morgan_entries(const RDKit::ROMol& molecule, const FingerprintOptions& options) {
    std::vector<std::uint32_t> invariants;
    std::vector<std::uint32_t>* chosen = nullptr;
    if (options.features) {
        invariants = feature_invariants(descriptors::Graph(molecule));
        chosen = &invariants;
    }
    const auto radius = static_cast<unsigned>(options.radius), size = static_cast<unsigned>(options.size);
    if (options.counts) {
        return entries(std::unique_ptr<RDKit::SparseIntVect<std::uint32_t>>(
            morgan::getHashedFingerprint(molecule, radius, size, chosen, nullptr, options.chirality)));
    }
    return entries(
        std::unique_ptr<ExplicitBitVect>(morgan::getFingerprintAsBitVect(molecule, radius, size, chosen, nullptr, options.chirality)));
}

Entries rdkit_entries(const RDKit::ROMol& molecule, const FingerprintOptions& options) {
    const auto size = static_cast<unsigned>(options.size);
    if (!options.counts) return entries(std::unique_ptr<ExplicitBitVect>(RDKit::RDKFingerprintMol(molecule, 1, 7, size)));
    const std::unique_ptr<RDKit::FingerprintGenerator<std::uint64_t>> generator(
        RDKit::RDKitFP::getRDKitFPGenerator<std::uint64_t>(1, 7, true, true, true, nullptr, false, {1, 2, 4, 8}, size));
    return entries(std::unique_ptr<RDKit::SparseIntVect<std::uint32_t>>(generator->getCountFingerprint(molecule)));
}

Entries atom_pair_entries(const RDKit::ROMol& molecule, const FingerprintOptions& options) {
    const auto size = static_cast<unsigned>(options.size);
    const unsigned longest = pairs::maxPathLen - 1;
    if (options.counts) {
        return entries(std::unique_ptr<RDKit::SparseIntVect<std::int32_t>>(
            pairs::getHashedAtomPairFingerprint(molecule, size, 1, longest, nullptr, nullptr, nullptr, options.chirality)));
    }
    return entries(std::unique_ptr<ExplicitBitVect>(
        pairs::getHashedAtomPairFingerprintAsBitVect(molecule, size, 1, longest, nullptr, nullptr, nullptr, 4, options.chirality)));
}

Entries torsion_entries(const RDKit::ROMol& molecule, const FingerprintOptions& options) {
    const auto size = static_cast<unsigned>(options.size);
    if (options.counts) {
        return entries(std::unique_ptr<RDKit::SparseIntVect<boost::int64_t>>(
            pairs::getHashedTopologicalTorsionFingerprint(molecule, size, 4, nullptr, nullptr, nullptr, options.chirality)));
    }
    return entries(std::unique_ptr<ExplicitBitVect>(
        pairs::getHashedTopologicalTorsionFingerprintAsBitVect(molecule, size, 4, nullptr, nullptr, nullptr, 4, options.chirality)));
}

}  // namespace

std::string_view fingerprint_name(FingerprintKind kind) { return names.at(static_cast<std::size_t>(kind)); }

FingerprintKind fingerprint_kind(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<FingerprintKind>(i);
    }
    throw std::invalid_argument(fmt::format("no fingerprint is called '{}'; there are {}", name, fmt::join(names, ", ")));
}

int fingerprint_width(const FingerprintOptions& options) { return options.kind == FingerprintKind::maccs ? maccs_width : options.size; }

std::vector<FingerprintEntry> sparse_fingerprint(const Molecule& handle, const FingerprintOptions& options) {
    check(options);
    const RDKit::ROMol& molecule = rdkit(handle);
    switch (options.kind) {
        case FingerprintKind::morgan:
            return morgan_entries(molecule, options);
        case FingerprintKind::rdkit:
            return rdkit_entries(molecule, options);
        case FingerprintKind::atom_pair:
            return atom_pair_entries(molecule, options);
        case FingerprintKind::topological_torsion:
            return torsion_entries(molecule, options);
        case FingerprintKind::maccs:
            return entries(std::unique_ptr<ExplicitBitVect>(RDKit::MACCSFingerprints::getFingerprintAsBitVect(molecule)));
    }
    throw std::invalid_argument("unknown fingerprint kind");
}

std::vector<float> fingerprint(const Molecule& molecule, const FingerprintOptions& options) {
    const auto sparse = sparse_fingerprint(molecule, options);
    std::vector<float> dense(static_cast<std::size_t>(fingerprint_width(options)));
    for (const auto& [index, count] : sparse) dense[index] = static_cast<float>(count);
    return dense;
}

}  // namespace molten::chem

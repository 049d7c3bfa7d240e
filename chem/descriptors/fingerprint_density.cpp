// Distinct Morgan environments per heavy atom (Rogers, Hahn, J. Chem. Inf. Model. 50 (2010) 742).
#include <GraphMol/Fingerprints/MorganFingerprints.h>
#include <GraphMol/GraphMol.h>

#include <algorithm>
#include <array>
#include <memory>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

// One run at the largest radius serves all: an environment found at radius r is in every fingerprint of radius >= r.
void densities(Context& context, std::span<double> values) {
    constexpr int largest = 3;
    std::ranges::fill(values, 0.0);
    const unsigned heavy_atoms = context.molecule().getNumHeavyAtoms();
    if (heavy_atoms == 0) return;
    RDKit::MorganFingerprints::BitInfoMap environments;
    const std::unique_ptr<RDKit::SparseIntVect<std::uint32_t>> fingerprint(
        RDKit::MorganFingerprints::getFingerprint(context.molecule(), largest, nullptr, nullptr, false, true, true, false, &environments));
    std::array<int, largest + 1> first_seen{};
    for (const auto& [identifier, places] : environments) {
        unsigned radius = largest;
        for (const auto& [atom, at] : places) radius = std::min<unsigned>(radius, at);
        ++first_seen[radius];
    }
    int total = first_seen[0];
    for (int radius = 1; radius <= largest; ++radius) {
        total += first_seen[radius];
        values[radius - 1] = static_cast<double>(total) / heavy_atoms;
    }
}

}  // namespace

std::vector<Subject> fingerprint_density_subjects() { return {{{"FpDensityMorgan1", "FpDensityMorgan2", "FpDensityMorgan3"}, densities}}; }

}  // namespace molten::chem::descriptors

// Per-atom quantities that need the whole molecule.
#include <GraphMol/Descriptors/Crippen.h>
#include <GraphMol/Descriptors/MolSurf.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/PartialCharges/GasteigerCharges.h>
#include <GraphMol/ROMol.h>

#include <cmath>
#include <memory>

#include "chem/descriptors/context.h"
#include "chem/fingerprint/feature_invariants.h"
#include "chem/graph/columns.h"

namespace molten::chem::columns {
namespace {

using Doubles = std::vector<double>;

void keep_finite(Doubles& values) {
    for (double& value : values) {
        if (!std::isfinite(value)) value = 0;
    }
}

// Partial charges in units of e (Gasteiger and Marsili, Tetrahedron 36:3219 (1980)); 0 where an element has no parameters.
void gasteiger(const RDKit::ROMol& molecule, AtomProperties& result) {
    result.charge.resize(molecule.getNumAtoms());
    RDKit::computeGasteigerCharges(molecule, result.charge);
    for (const auto* atom : molecule.atoms()) {
        double of_hydrogens = 0;
        atom->getPropIfPresent(RDKit::common_properties::_GasteigerHCharge, of_hydrogens);
        result.hydrogen_charge.push_back(of_hydrogens);
    }
    keep_finite(result.charge);
    keep_finite(result.hydrogen_charge);
}

// Contributions to logP and molar refractivity in cm^3/mol (Wildman and Crippen, J. Chem. Inf. Comput. Sci. 39:868 (1999)). The share
// of an implicit hydrogen goes to the atom that bears it.
void crippen(descriptors::Context& context, AtomProperties& result) {
    result.logp = context.crippen().log_p;
    result.refractivity = context.crippen().refractivity;
    if (!context.has_hydrogen_atoms()) {
        for (std::size_t i = 0; i < result.logp.size(); ++i) {
            result.logp[i] += context.crippen().hydrogen_log_p[i];
            result.refractivity[i] += context.crippen().hydrogen_refractivity[i];
        }
        return;
    }
    // A hydrogen atom changes how hydrogens beside it are typed: all are made atoms then, and RDKit types them.
    const unsigned count = context.molecule().getNumAtoms();
    const std::unique_ptr<RDKit::ROMol> all(RDKit::MolOps::addHs(context.molecule()));
    Doubles logp(all->getNumAtoms()), refractivity(all->getNumAtoms());
    RDKit::Descriptors::getCrippenAtomContribs(*all, logp, refractivity, true);
    result.logp.assign(logp.begin(), logp.begin() + count);
    result.refractivity.assign(refractivity.begin(), refractivity.begin() + count);
    for (unsigned hydrogen = count; hydrogen < all->getNumAtoms(); ++hydrogen) {
        const auto* bearer = *all->atomNeighbors(all->getAtomWithIdx(hydrogen)).begin();
        result.logp[bearer->getIdx()] += logp[hydrogen];
        result.refractivity[bearer->getIdx()] += refractivity[hydrogen];
    }
}

// Topological polar surface area (Ertl 2000) and Labute's approximate surface area (2000), both in square angstrom.
void surfaces(const RDKit::ROMol& molecule, AtomProperties& result) {
    result.polar_area.resize(molecule.getNumAtoms());
    RDKit::Descriptors::getTPSAAtomContribs(molecule, result.polar_area, true);
    result.surface_area.resize(molecule.getNumAtoms());
    double of_hydrogens = 0;
    RDKit::Descriptors::getLabuteAtomContribs(molecule, result.surface_area, of_hydrogens, true, true);
    keep_finite(result.surface_area);
}

// Bonds from each attachment point to each atom; -1 where there is no path. Attachment points are the atoms written `*`.
std::vector<std::vector<int>> distances_from_stars(const descriptors::Graph& graph, const std::vector<int>& stars) {
    std::vector<std::vector<int>> result;
    for (int star : stars) {
        std::vector<int> distance(static_cast<std::size_t>(graph.atoms), -1), queue = {star};
        distance[static_cast<std::size_t>(star)] = 0;
        for (std::size_t head = 0; head < queue.size(); ++head) {
            for (const auto& neighbor : graph.neighbors(queue[head])) {
                int& found = distance[static_cast<std::size_t>(neighbor.atom)];
                if (found >= 0) continue;
                found = distance[static_cast<std::size_t>(queue[head])] + 1;
                queue.push_back(neighbor.atom);
            }
        }
        result.push_back(std::move(distance));
    }
    return result;
}

// The backbone of a repeat unit is every atom on a shortest path between two attachment points; everything else is side chain.
void polymer_topology(const descriptors::Graph& graph, AtomProperties& result) {
    const auto count = static_cast<std::size_t>(graph.atoms);
    result.on_backbone.assign(count, 0);
    result.star_distance.assign(count, -1);
    std::vector<int> stars;
    for (const auto* atom : graph.molecule.atoms()) {
        if (atom->getAtomicNum() == 0) stars.push_back(static_cast<int>(atom->getIdx()));
    }
    const auto distance = distances_from_stars(graph, stars);
    for (std::size_t a = 0; a < stars.size(); ++a) {
        for (std::size_t i = 0; i < count; ++i) {
            int& nearest = result.star_distance[i];
            if (distance[a][i] >= 0 && (nearest < 0 || distance[a][i] < nearest)) nearest = distance[a][i];
        }
        for (std::size_t b = 0; b < a; ++b) {
            const int apart = distance[a][static_cast<std::size_t>(stars[b])];
            for (std::size_t i = 0; i < count && apart >= 0; ++i) {
                if (distance[a][i] >= 0 && distance[a][i] + distance[b][i] == apart) result.on_backbone[i] = 1;
            }
        }
    }
}

}  // namespace

AtomProperties atom_properties(const RDKit::ROMol& molecule) {
    descriptors::Context context(molecule);
    AtomProperties result;
    gasteiger(molecule, result);
    crippen(context, result);
    surfaces(molecule, result);
    result.estate = context.estate_indices();
    polymer_topology(context.graph(), result);
    result.pharmacophore = feature_invariants(context.graph());
    return result;
}

}  // namespace molten::chem::columns

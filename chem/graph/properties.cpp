// Per-atom quantities that need the whole molecule.
#include <GraphMol/Descriptors/Crippen.h>
#include <GraphMol/Descriptors/MolSurf.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/PartialCharges/GasteigerCharges.h>
#include <GraphMol/PeriodicTable.h>
#include <GraphMol/ROMol.h>

#include <cmath>
#include <deque>
#include <memory>

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

// Contributions to logP and molar refractivity in cm^3/mol (Wildman and Crippen, J. Chem. Inf. Comput. Sci. 39:868 (1999)). The types
// are defined on all atoms, so implicit hydrogens are added for the typing and their share goes to the atom that bears them.
void crippen(const RDKit::ROMol& molecule, AtomProperties& result) {
    const std::unique_ptr<RDKit::ROMol> all(RDKit::MolOps::addHs(molecule));
    const unsigned count = molecule.getNumAtoms();
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

int period(int atomic_number) {
    constexpr int last_of_period[] = {2, 10, 18, 36, 54, 86};
    int row = 1;
    for (int last : last_of_period) row += atomic_number > last;
    return row;
}

// Bonds from `start` to every atom; -1 where there is no path.
std::vector<int> distances_from(const RDKit::ROMol& molecule, unsigned start) {
    std::vector<int> distance(molecule.getNumAtoms(), -1);
    std::deque<unsigned> queue = {start};
    distance[start] = 0;
    while (!queue.empty()) {
        const unsigned at = queue.front();
        queue.pop_front();
        for (const auto* neighbour : molecule.atomNeighbors(molecule.getAtomWithIdx(at))) {
            const unsigned next = neighbour->getIdx();
            if (distance[next] >= 0) continue;
            distance[next] = distance[at] + 1;
            queue.push_back(next);
        }
    }
    return distance;
}

// Kier and Hall's electrotopological state: I_i = ((2/N)^2 v_i + 1) / d_i, S_i = I_i + sum_j (I_i - I_j) / (r_ij + 1)^2, with N the
// period, v_i the valence electrons less hydrogens, d_i the degree, r_ij bonds between i and j (Pharm. Res. 7:801 (1990)).
void electrotopological_state(const RDKit::ROMol& molecule, AtomProperties& result) {
    const auto* table = RDKit::PeriodicTable::getTable();
    const unsigned count = molecule.getNumAtoms();
    result.intrinsic_state.assign(count, 0);
    for (const auto* atom : molecule.atoms()) {
        if (atom->getDegree() == 0) continue;
        const int row = period(atom->getAtomicNum());
        const int valence = table->getNouterElecs(atom->getAtomicNum()) - static_cast<int>(atom->getTotalNumHs());
        result.intrinsic_state[atom->getIdx()] = (4.0 / (row * row) * valence + 1) / atom->getDegree();
    }
    result.estate = result.intrinsic_state;
    for (unsigned i = 0; i < count; ++i) {
        const std::vector<int> distance = distances_from(molecule, i);
        for (unsigned j = 0; j < count; ++j) {
            if (j == i || distance[j] < 0) continue;
            const double r = distance[j] + 1;
            result.estate[i] += (result.intrinsic_state[i] - result.intrinsic_state[j]) / (r * r);
        }
    }
}

// Attachment points are the atoms written `*`. The backbone of a repeat unit is every atom on a shortest path between two of them;
// everything else is side chain.
void polymer_topology(const RDKit::ROMol& molecule, AtomProperties& result) {
    const unsigned count = molecule.getNumAtoms();
    result.on_backbone.assign(count, 0);
    result.star_distance.assign(count, -1);
    std::vector<unsigned> stars;
    std::vector<std::vector<int>> distance;  // from each star
    for (const auto* atom : molecule.atoms()) {
        if (atom->getAtomicNum() != 0) continue;
        stars.push_back(atom->getIdx());
        distance.push_back(distances_from(molecule, atom->getIdx()));
    }
    for (std::size_t a = 0; a < stars.size(); ++a) {
        for (unsigned i = 0; i < count; ++i) {
            int& nearest = result.star_distance[i];
            if (distance[a][i] >= 0 && (nearest < 0 || distance[a][i] < nearest)) nearest = distance[a][i];
        }
        for (std::size_t b = 0; b < a; ++b) {
            const int apart = distance[a][stars[b]];
            if (apart < 0) continue;
            for (unsigned i = 0; i < count; ++i) {
                if (distance[a][i] >= 0 && distance[a][i] + distance[b][i] == apart) result.on_backbone[i] = 1;
            }
        }
    }
}

}  // namespace

AtomProperties atom_properties(const RDKit::ROMol& molecule) {
    AtomProperties result;
    gasteiger(molecule, result);
    crippen(molecule, result);
    surfaces(molecule, result);
    electrotopological_state(molecule, result);
    polymer_topology(molecule, result);
    result.pharmacophore = feature_invariants(descriptors::Graph(molecule));
    return result;
}

}  // namespace molten::chem::columns

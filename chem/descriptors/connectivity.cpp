// Connectivity and shape indices: Hall, Kier, Rev. Comput. Chem. 2 (1991) 367.
#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/GraphMol.h>
#include <GraphMol/PeriodicTable.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

double inverse_root(double value) { return value == 0.0 ? 0.0 : std::sqrt(1.0 / value); }

// Walks of 2, 3 and 4 bonds without hydrogen atoms, each set of bonds once. Besides paths, RDKit counts a ring of that size, and for
// four bonds a triangle with a tail, whose corner is visited twice.
class BondWalks {
  public:
    static constexpr int shortest = 2, longest = 4;

    explicit BondWalks(const Graph& graph) : graph_(graph), hydrogen_(graph.atoms) {
        for (int i = 0; i < graph.atoms; ++i) hydrogen_[i] = graph.molecule.getAtomWithIdx(i)->getAtomicNum() == 1;
    }

    // visit(visited, bonds): the atoms on the way, the first of a ring once, any other as often as it is reached.
    template <typename Visitor>
    void each(Visitor&& visit) {
        for (int start = 0; start < graph_.atoms; ++start) {
            if (hydrogen_[start]) continue;
            walk_[0] = start;
            extend(0, visit);
        }
    }

  private:
    template <typename Visitor>
    void extend(int bonds, Visitor&& visit) {
        for (const Graph::Neighbor& neighbor : graph_.neighbors(walk_[bonds])) {
            if (hydrogen_[neighbor.atom]) continue;
            const auto seen = std::find(walk_.begin(), walk_.begin() + bonds + 1, neighbor.atom);
            const int position = static_cast<int>(seen - walk_.begin());
            walk_[bonds + 1] = neighbor.atom;
            if (position <= bonds) {
                if (closes_once(position, bonds)) visit(visited(position == 0 ? bonds : bonds + 1), bonds + 1);
                continue;
            }
            if (bonds + 1 >= shortest && walk_[0] < neighbor.atom) visit(visited(bonds + 1), bonds + 1);
            if (bonds + 1 < longest) extend(bonds + 1, visit);
        }
    }

    std::span<const int> visited(int last) const { return {walk_.data(), static_cast<std::size_t>(last + 1)}; }

    // The walk just returned to the atom at `position`. One of the two directions is kept, and of a whole ring one starting point.
    bool closes_once(int position, int bonds) const {
        const int size = bonds + 1 - position;
        if (size < 3 || walk_[position + 1] > walk_[bonds]) return false;
        return position > 0 || walk_[0] == *std::min_element(walk_.begin(), walk_.begin() + bonds + 1);
    }

    const Graph& graph_;
    std::vector<std::uint8_t> hydrogen_;
    std::array<int, longest + 1> walk_{};
};

// Valence deltas: `n` takes valence electrons minus hydrogens, `v` divides that by the inner electrons past neon. The difference is
// unsigned in RDKit, so [BH4-] has 2^32 - 1 and contributes next to nothing.
struct Deltas {
    std::vector<double> n, v;
};

Deltas inverse_root_deltas(const Graph& graph) {
    const RDKit::PeriodicTable* table = RDKit::PeriodicTable::getTable();
    Deltas deltas{std::vector<double>(graph.atoms), std::vector<double>(graph.atoms)};
    for (int i = 0; i < graph.atoms; ++i) {
        const RDKit::Atom* atom = graph.molecule.getAtomWithIdx(i);
        const int number = atom->getAtomicNum();
        const int outer = table->getNouterElecs(number);
        const double free = static_cast<unsigned>(outer) - atom->getTotalNumHs();
        deltas.n[i] = inverse_root(free);
        if (number > 1) deltas.v[i] = inverse_root(number <= 10 ? free : free / (number - outer - 1));
    }
    return deltas;
}

void connectivity(Context& context, std::span<double> values) {
    const Graph& graph = context.graph();
    const auto [n, v] = inverse_root_deltas(graph);
    std::array<double, 5> chi_n{}, chi_v{};
    std::array<double, 2> chi{};
    for (int i = 0; i < graph.atoms; ++i) {
        chi[0] += inverse_root(graph.degree(i));
        chi_n[0] += n[i];
        chi_v[0] += v[i];
    }
    for (int b = 0; b < graph.bonds; ++b) {
        const int i = graph.begin[b], j = graph.end[b];
        chi[1] += inverse_root(static_cast<double>(graph.degree(i)) * graph.degree(j));
        chi_n[1] += n[i] * n[j];
        chi_v[1] += v[i] * v[j];
    }
    std::array<int, 5> walks{};
    BondWalks(graph).each([&](std::span<const int> visited, int bonds) {
        double product_n = 1.0, product_v = 1.0;
        for (const int atom : visited) {
            product_n *= n[atom];
            product_v *= v[atom];
        }
        chi_n[bonds] += product_n;
        chi_v[bonds] += product_v;
        ++walks[bonds];
    });
    std::ranges::copy(chi, values.begin());
    std::ranges::copy(chi_n, values.begin() + 2);
    std::ranges::copy(chi_v, values.begin() + 7);

    const double alpha = RDKit::Descriptors::calcHallKierAlpha(context.molecule());
    const int atoms = static_cast<int>(context.molecule().getNumHeavyAtoms());
    const double size = atoms + alpha;
    const auto shape = [&](double numerator, double paths) {
        const double denominator = (paths + alpha) * (paths + alpha);
        return denominator == 0.0 ? 0.0 : numerator / denominator;
    };
    values[12] = alpha;
    values[13] = shape(size * (size - 1) * (size - 1), graph.bonds);
    values[14] = shape((size - 1) * (size - 2) * (size - 2), walks[2]);
    values[15] = shape((atoms % 2 == 1 ? size - 1 : size - 2) * (size - 3) * (size - 3), walks[3]);
}

}  // namespace

std::vector<Subject> connectivity_subjects() {
    return {{{"Chi0", "Chi1", "Chi0n", "Chi1n", "Chi2n", "Chi3n", "Chi4n", "Chi0v", "Chi1v", "Chi2v", "Chi3v", "Chi4v", "HallKierAlpha",
              "Kappa1", "Kappa2", "Kappa3"},
             connectivity}};
}

}  // namespace molten::chem::descriptors

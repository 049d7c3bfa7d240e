// Electrotopological state: Hall, Mohney, Kier, J. Chem. Inf. Comput. Sci. 31 (1991) 76.
#include <GraphMol/GraphMol.h>
#include <GraphMol/PeriodicTable.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

int principal_quantum_number(int atomic_number) {
    constexpr std::array noble_gases{2, 10, 18, 36, 54, 86};
    return 1 + static_cast<int>(std::lower_bound(noble_gases.begin(), noble_gases.end(), atomic_number) - noble_gases.begin());
}

void extremes(Context& context, std::span<double> values) {
    const std::vector<double>& indices = context.estate_indices();
    const auto [low, high] = std::minmax_element(indices.begin(), indices.end());
    const auto [near_zero, far] =
        std::minmax_element(indices.begin(), indices.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    values[0] = *high;
    values[1] = *low;
    values[2] = std::abs(*far);
    values[3] = std::abs(*near_zero);
}

void areas_by_state(Context& context, std::span<double> values) {
    constexpr std::array edges{-0.390, 0.290, 0.717, 1.165, 1.540, 1.807, 2.05, 4.69, 9.17, 15.0};
    std::ranges::copy(binned_sums(context.estate_indices(), context.labute_volumes(), edges), values.begin());
}

void states_by_area(Context& context, std::span<double> values) {
    constexpr std::array edges{4.78, 5.00, 5.410, 5.740, 6.00, 6.07, 6.45, 7.00, 11.0};
    std::ranges::copy(binned_sums(context.labute_volumes(), context.estate_indices(), edges), values.begin());
}

}  // namespace

// Intrinsic state I = (4 / N^2 * dv + 1) / d with N the principal quantum number, dv the valence electrons not bound to hydrogen and d
// the neighbours; each pair then shifts by (I_i - I_j) / (bonds + 1)^2. The order of the sums is RDKit's: bin edges see the last bit.
std::vector<double> estate_indices(const Graph& graph, const std::vector<double>& distances) {
    const std::size_t n = graph.atoms;
    const RDKit::PeriodicTable* table = RDKit::PeriodicTable::getTable();
    std::vector<double> intrinsic(n, 0.0), result(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        const RDKit::Atom* atom = graph.molecule.getAtomWithIdx(i);
        const int degree = graph.degree(static_cast<int>(i));
        if (degree == 0) continue;
        const int electrons = table->getNouterElecs(atom->getAtomicNum()) - static_cast<int>(atom->getTotalNumHs());
        const int level = principal_quantum_number(atom->getAtomicNum());
        intrinsic[i] = (4.0 / (level * level) * electrons + 1) / degree;
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j) {
            const double span = distances[i * n + j] + 1;
            if (span >= 1e6) continue;
            const double shift = (intrinsic[i] - intrinsic[j]) / (span * span);
            result[i] += shift;
            result[j] -= shift;
        }
    }
    for (std::size_t i = 0; i < n; ++i) result[i] += intrinsic[i];
    return result;
}

std::vector<Subject> estate_subjects() {
    return {{{"MaxEStateIndex", "MinEStateIndex", "MaxAbsEStateIndex", "MinAbsEStateIndex"}, extremes},
            {{"EState_VSA1", "EState_VSA2", "EState_VSA3", "EState_VSA4", "EState_VSA5", "EState_VSA6", "EState_VSA7", "EState_VSA8",
              "EState_VSA9", "EState_VSA10", "EState_VSA11"},
             areas_by_state},
            {{"VSA_EState1", "VSA_EState2", "VSA_EState3", "VSA_EState4", "VSA_EState5", "VSA_EState6", "VSA_EState7", "VSA_EState8",
              "VSA_EState9", "VSA_EState10"},
             states_by_area}};
}

}  // namespace molten::chem::descriptors

#include <GraphMol/GraphMol.h>

#include <algorithm>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

constexpr double unreachable = 1e8;  // RDKit's value

}  // namespace

std::vector<double> shortest_paths(const Graph& graph) {
    const std::size_t n = graph.atoms;
    std::vector<double> result(n * n, unreachable);
    std::vector<int> queue(n);
    for (std::size_t source = 0; source < n; ++source) {
        double* row = result.data() + source * n;
        row[source] = 0.0;
        std::size_t head = 0, tail = 0;
        queue[tail++] = static_cast<int>(source);
        while (head < tail) {
            const int atom = queue[head++];
            for (const Graph::Neighbor& neighbor : graph.neighbors(atom)) {
                if (row[neighbor.atom] != unreachable) continue;
                row[neighbor.atom] = row[atom] + 1.0;
                queue[tail++] = neighbor.atom;
            }
        }
    }
    return result;
}

// Floyd-Warshall: the weights are fractions, and n is small.
std::vector<double> shortest_weighted_paths(const Graph& graph) {
    const std::size_t n = graph.atoms;
    std::vector<double> result(n * n, unreachable);
    for (std::size_t i = 0; i < n; ++i) result[i * n + i] = 0.0;
    for (int b = 0; b < graph.bonds; ++b) {
        const RDKit::Bond* bond = graph.bond_handles[b];
        const double weight = bond->getIsAromatic() ? 2.0 / 3.0 : 1.0 / bond->getBondTypeAsDouble();
        result[graph.begin[b] * n + graph.end[b]] = result[graph.end[b] * n + graph.begin[b]] = weight;
    }
    for (std::size_t k = 0; k < n; ++k) {
        const double* through = result.data() + k * n;
        for (std::size_t i = 0; i < n; ++i) {
            double* row = result.data() + i * n;
            const double first = row[k];
            if (first == unreachable) continue;
            for (std::size_t j = 0; j < n; ++j) row[j] = std::min(row[j], first + through[j]);
        }
    }
    return result;
}

}  // namespace molten::chem::descriptors

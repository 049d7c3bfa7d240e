#include <GraphMol/GraphMol.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

// Shannon entropy in bits of a distribution given by unnormalised weights.
template <typename Range>
double entropy(const Range& weights) {
    double total = 0.0, sum = 0.0;
    for (const double weight : weights) total += weight;
    if (total == 0.0) return 0.0;
    for (const double weight : weights) {
        const double share = weight / total;
        if (share != 0.0) sum -= share * std::log(share);
    }
    return sum / std::log(2.0);
}

// Balaban, Chem. Phys. Lett. 89 (1982) 399: bonds / (rings + 1) * sum over bonds of (s_i s_j)^(-1/2), s the distance sums.
void balaban(Context& context, std::span<double> values) {
    const Graph& graph = context.graph();
    const std::size_t n = graph.atoms;
    const std::vector<double>& distances = context.weighted_distances();
    std::vector<double> sums(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) sums[j] += distances[i * n + j];
    }
    double total = 0.0;
    for (int b = 0; b < graph.bonds; ++b) total += 1.0 / std::sqrt(sums[graph.begin[b]] * sums[graph.end[b]]);
    const int rings_plus_one = graph.bonds - graph.atoms + 2;
    values[0] = rings_plus_one == 0 ? 0.0 : static_cast<double>(graph.bonds) / rings_plus_one * total;
}

// Atoms are of one class if their sorted distances agree to four decimals, up to the hundredth.
std::vector<int> symmetry_classes(const Graph& graph, const std::vector<double>& distances) {
    constexpr std::size_t cutoff = 100;
    const std::size_t n = graph.atoms;
    std::map<std::vector<std::int64_t>, int> class_of;
    std::vector<int> classes(n);
    std::vector<std::int64_t> profile(n);
    for (std::size_t i = 0; i < n; ++i) {
        profile.resize(n);
        for (std::size_t j = 0; j < n; ++j) profile[j] = std::llround(distances[i * n + j] * 1e4);
        std::sort(profile.begin(), profile.end());
        profile.resize(std::min(n, cutoff));
        classes[i] = class_of.emplace(profile, static_cast<int>(class_of.size())).first->second;
    }
    return classes;
}

// RDKit takes the number of the bond type for the order, aromatic bonds apart: a dative bond counts 17.
double bertz_order(const RDKit::Bond& bond) { return bond.getIsAromatic() ? 1.5 : static_cast<double>(bond.getBondType()); }

// Bertz, J. Am. Chem. Soc. 103 (1981) 3599: complexity of the connections (pairs of adjacent bonds, each multiple bond with itself,
// sorted by the symmetry classes of their atoms) plus complexity of the elements.
void bertz(Context& context, std::span<double> values) {
    const Graph& graph = context.graph();
    values[0] = 0.0;
    if (graph.atoms < 2) return;
    const std::vector<int> classes = symmetry_classes(graph, context.weighted_distances());
    std::vector<double> order(graph.bonds);
    for (int b = 0; b < graph.bonds; ++b) order[b] = bertz_order(*graph.bond_handles[b]);

    constexpr int pair_only = -1;
    std::map<std::tuple<int, int, int>, double> connections;  // hinge class, then the two ends in order
    for (int atom = 0; atom < graph.atoms; ++atom) {
        const auto around = graph.neighbors(atom);
        for (std::size_t i = 0; i < around.size(); ++i) {
            const int first = classes[around[i].atom];
            const double first_order = order[around[i].bond];
            if (first_order > 1 && around[i].atom > atom) {
                const auto [low, high] = std::minmax(first, classes[atom]);
                connections[{pair_only, low, high}] += first_order * (first_order - 1) / 2;
            }
            for (std::size_t j = i + 1; j < around.size(); ++j) {
                const int second = classes[around[j].atom];
                const auto [low, high] = std::minmax(first, second);
                connections[{classes[atom], low, high}] += first_order * order[around[j].bond];
            }
        }
    }
    std::vector<double> weights;
    for (const auto& entry : connections) weights.push_back(entry.second);
    if (weights.empty()) weights.push_back(1.0);
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    const double of_connections = total * (entropy(weights) + std::log(total) / std::log(2.0));

    std::map<int, double> elements;
    for (const RDKit::Atom* atom : graph.molecule.atoms()) elements[atom->getAtomicNum()] += 1.0;
    std::vector<double> counts;
    for (const auto& entry : elements) counts.push_back(entry.second);
    values[0] = graph.atoms * entropy(counts) + of_connections;
}

// Sum in NumPy's order: eight running sums, halves past 128 terms.
double numpy_sum(const double* terms, std::size_t count) {
    if (count < 8) return std::accumulate(terms, terms + count, 0.0);
    if (count > 128) {
        const std::size_t half = count / 2 - count / 2 % 8;
        return numpy_sum(terms, half) + numpy_sum(terms + half, count - half);
    }
    std::array<double, 8> lanes;
    std::copy_n(terms, 8, lanes.begin());
    std::size_t i = 8;
    for (; i + 8 <= count; i += 8) {
        for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += terms[i + lane];
    }
    const double sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    return std::accumulate(terms + i, terms + count, sum);
}

// Bonchev, Trinajstic, J. Chem. Phys. 67 (1977) 4517: information content of the coefficients of the characteristic polynomial of the
// adjacency matrix, by Le Verrier, Faddeev and Frame: B_k = A_k - c_k I, A_{k+1} = A B_k, c_k = trace(A_k) / k. Past 2^53, from some
// 70 atoms on, the value is rounding noise; the order of the sums is that of NumPy with a BLAS on one thread.
void information_content(Context& context, std::span<double> values) {
    const Graph& graph = context.graph();
    const std::size_t n = graph.atoms;
    std::vector<double> power(n * n, 0.0), next(n * n), diagonal(n);
    for (int b = 0; b < graph.bonds; ++b) power[graph.begin[b] * n + graph.end[b]] = power[graph.end[b] * n + graph.begin[b]] = 1.0;
    std::vector<std::vector<int>> neighbors(n);  // ascending: the order in which a dense product adds
    for (std::size_t i = 0; i < n; ++i) {
        for (const Graph::Neighbor& neighbor : graph.neighbors(static_cast<int>(i))) neighbors[i].push_back(neighbor.atom);
        std::sort(neighbors[i].begin(), neighbors[i].end());
    }
    std::vector<double> coefficients{1.0};
    for (std::size_t k = 1; k <= n; ++k) {
        for (std::size_t i = 0; i < n; ++i) diagonal[i] = power[i * n + i];
        const double coefficient = 1.0 / static_cast<double>(k) * numpy_sum(diagonal.data(), n);
        coefficients.push_back(std::abs(coefficient));
        if (k == n) break;
        for (std::size_t i = 0; i < n; ++i) power[i * n + i] -= coefficient;
        for (std::size_t i = 0; i < n; ++i) {
            double* row = next.data() + i * n;
            std::fill_n(row, n, 0.0);
            for (const int j : neighbors[i]) {
                const double* other = power.data() + j * n;
                for (std::size_t column = 0; column < n; ++column) row[column] += other[column];
            }
        }
        power.swap(next);
    }
    const double total = std::accumulate(coefficients.begin(), coefficients.end(), 0.0);
    // Past the range of double a dense product has infinity times zero everywhere.
    values[0] = std::isfinite(total) ? total * entropy(coefficients) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<Subject> topology_subjects() { return {{{"BalabanJ"}, balaban}, {{"BertzCT"}, bertz}, {{"Ipc"}, information_content}}; }

}  // namespace molten::chem::descriptors

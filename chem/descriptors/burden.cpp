// BCUT2D: extreme eigenvalues of Burden's matrix with an atomic property on the diagonal (Pearlman, Smith, Perspect. Drug Discov. Des.
// 9 (1998) 339). RDKit's convention: 1 / sqrt(bond order) between bonded atoms, 0.001 between others, hydrogens removed.
#include <GraphMol/GraphMol.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

std::vector<double> burden_matrix(const Graph& graph) {
    const std::size_t n = graph.atoms;
    std::vector<double> matrix(n * n, 0.001);
    for (int b = 0; b < graph.bonds; ++b) {
        double order = 0.0;
        switch (graph.bond_handles[b]->getBondType()) {
            case RDKit::Bond::SINGLE:
                order = 1.0;
                break;
            case RDKit::Bond::DOUBLE:
                order = 2.0;
                break;
            case RDKit::Bond::TRIPLE:
                order = 3.0;
                break;
            case RDKit::Bond::AROMATIC:
                order = 1.5;
                break;
            default:
                throw std::domain_error("BCUT2D knows single, double, triple and aromatic bonds");
        }
        const double weight = 1.0 / std::sqrt(order);
        matrix[graph.begin[b] * n + graph.end[b]] = matrix[graph.end[b] * n + graph.begin[b]] = weight;
    }
    return matrix;
}

struct Tridiagonal {
    std::vector<double> diagonal, below;  // below[i] joins i and i + 1
};

// Householder reduction of a symmetric matrix, destroyed on the way (Golub, Van Loan, Matrix Computations, 8.3.1).
Tridiagonal tridiagonalize(std::vector<double>& matrix, std::size_t n) {
    Tridiagonal result{std::vector<double>(n), std::vector<double>(n > 0 ? n - 1 : 0)};
    std::vector<double> v(n), w(n);
    for (std::size_t k = 0; k + 1 < n; ++k) {
        double* pivot = matrix.data() + k * n;  // row k equals column k
        double norm = 0.0;
        for (std::size_t i = k + 1; i < n; ++i) norm += pivot[i] * pivot[i];
        norm = std::sqrt(norm);
        result.diagonal[k] = pivot[k];
        const double alpha = pivot[k + 1] > 0.0 ? -norm : norm;
        result.below[k] = alpha;
        const double scale = norm * (norm + std::abs(pivot[k + 1]));  // v.v / 2
        if (scale == 0.0) continue;
        std::copy(pivot + k + 1, pivot + n, v.begin() + k + 1);
        v[k + 1] -= alpha;
        double overlap = 0.0;
        for (std::size_t i = k + 1; i < n; ++i) {
            const double* row = matrix.data() + i * n;
            double sum = 0.0;
            for (std::size_t j = k + 1; j < n; ++j) sum += row[j] * v[j];
            w[i] = sum / scale;
            overlap += w[i] * v[i];
        }
        for (std::size_t i = k + 1; i < n; ++i) w[i] -= overlap / (2.0 * scale) * v[i];
        for (std::size_t i = k + 1; i < n; ++i) {
            double* row = matrix.data() + i * n;
            for (std::size_t j = k + 1; j < n; ++j) row[j] -= v[i] * w[j] + w[i] * v[j];
        }
    }
    if (n > 0) result.diagonal[n - 1] = matrix[n * n - 1];
    return result;
}

// Eigenvalues below x, by the signs of the pivots of T - x (Sturm).
std::size_t eigenvalues_below(const Tridiagonal& matrix, double x) {
    std::size_t count = 0;
    double pivot = 1.0;
    for (std::size_t i = 0; i < matrix.diagonal.size(); ++i) {
        const double coupling = i == 0 ? 0.0 : matrix.below[i - 1] * matrix.below[i - 1];
        pivot = matrix.diagonal[i] - x - coupling / pivot;
        if (pivot == 0.0) pivot = -std::numeric_limits<double>::min();
        if (pivot < 0.0) ++count;
    }
    return count;
}

// The eigenvalue with `below` eigenvalues under it, by bisection to the last bits.
double eigenvalue(const Tridiagonal& matrix, std::size_t below, double low, double high) {
    const double resolution = 1e-13 * std::max(std::abs(low), std::abs(high));
    while (high - low > resolution) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) break;
        (eigenvalues_below(matrix, middle) > below ? high : low) = middle;
    }
    return low + (high - low) / 2;
}

void extreme_eigenvalues(std::vector<double> matrix, const std::vector<double>& property, double* values) {
    const std::size_t n = property.size();
    for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] = property[i];
    const Tridiagonal reduced = tridiagonalize(matrix, n);
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t i = 0; i < n; ++i) {  // Gershgorin
        const double radius = (i > 0 ? std::abs(reduced.below[i - 1]) : 0.0) + (i + 1 < n ? std::abs(reduced.below[i]) : 0.0);
        low = std::min(low, reduced.diagonal[i] - radius);
        high = std::max(high, reduced.diagonal[i] + radius);
    }
    values[0] = eigenvalue(reduced, n - 1, low, high);
    values[1] = eigenvalue(reduced, 0, low, high);
}

void bcut(Context& given, std::span<double> values) {
    Context& context = given.without_hydrogens();
    const Graph& graph = context.graph();
    if (graph.atoms == 0) throw std::domain_error("BCUT2D needs an atom");
    std::vector<double> masses;
    for (const RDKit::Atom* atom : graph.molecule.atoms()) masses.push_back(atom->getMass());
    if (!context.gasteiger_complete()) throw std::domain_error("BCUT2D needs Gasteiger parameters for every atom");
    const std::vector<double>& charges = context.gasteiger_charges();
    const std::vector<double> matrix = burden_matrix(graph);
    const std::vector<double>* properties[] = {&masses, &charges, &context.crippen().log_p, &context.crippen().refractivity};
    for (int i = 0; i < 4; ++i) extreme_eigenvalues(matrix, *properties[i], values.data() + 2 * i);
}

}  // namespace

std::vector<Subject> burden_subjects() {
    return {
        {{"BCUT2D_MWHI", "BCUT2D_MWLOW", "BCUT2D_CHGHI", "BCUT2D_CHGLO", "BCUT2D_LOGPHI", "BCUT2D_LOGPLOW", "BCUT2D_MRHI", "BCUT2D_MRLOW"},
         bcut}};
}

}  // namespace molten::chem::descriptors

// Quantitative estimate of drug-likeness: Bickerton, Paolini, Besnard, Muresan, Hopkins, Nature Chem. 4 (2012) 90.
#include <GraphMol/ChemTransforms/ChemTransforms.h>
#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/GraphMol.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/SmilesParse/SmilesParse.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "chem/descriptors/pattern_set.h"
#include "chem/descriptors/qed_patterns.h"
#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

// Asymmetric double sigmoid of one property, and the property's weight in the mean ("QED_w,mo").
struct Desirability {
    double a, b, c, d, e, f, maximum, weight;
};
constexpr std::array desirabilities{
    Desirability{2.817065973, 392.5754953, 290.7489764, 2.419764353, 49.22325677, 65.37051707, 104.9805561, 0.66},   // molecular weight
    Desirability{3.172690585, 137.8624751, 2.534937431, 4.581497897, 0.822739154, 0.576295591, 131.3186604, 0.46},   // log P
    Desirability{2.948620388, 160.4605972, 3.615294657, 4.435986202, 0.290141953, 1.300669958, 148.7763046, 0.05},   // acceptors
    Desirability{1.618662227, 1010.051101, 0.985094388, 0.000000001, 0.713820843, 0.920922555, 258.1632616, 0.61},   // donors
    Desirability{1.876861559, 125.2232657, 62.90773554, 87.83366614, 12.01999824, 28.51324732, 104.5686167, 0.06},   // polar area
    Desirability{0.010000000, 272.4121427, 2.558379970, 1.565547684, 1.271567166, 2.758063707, 105.4420403, 0.65},   // rotatable bonds
    Desirability{3.217788970, 957.7374108, 2.274627939, 0.000000001, 1.317690384, 0.375760881, 312.3372610, 0.48},   // aromatic rings
    Desirability{0.010000000, 1199.094025, -0.09002883, 0.000000001, 0.185904477, 0.875193782, 417.7253140, 0.95}};  // alerts

double desirability(double x, const Desirability& p) {
    const double rise = 1 + std::exp(-(x - p.c + p.d / 2) / p.e);
    const double fall = 1 + std::exp(-(x - p.c - p.d / 2) / p.f);
    // Python's exp refuses to overflow, so RDKit has no value there.
    if (!std::isfinite(rise) || !std::isfinite(fall)) return std::numeric_limits<double>::quiet_NaN();
    return (p.a + p.b / rise * (1 - 1 / fall)) / p.maximum;
}

constexpr std::string_view aliphatic_ring_atom = "[$([A;R][!a])]";
constexpr int alert_count = static_cast<int>(std::size(qed_alerts));
constexpr int acceptor_count = static_cast<int>(std::size(qed_acceptors));

const PatternSet& qed_patterns() {
    static const PatternSet patterns = [] {
        std::vector<std::string_view> smarts(std::begin(qed_alerts), std::end(qed_alerts));
        smarts.insert(smarts.end(), std::begin(qed_acceptors), std::end(qed_acceptors));
        smarts.push_back(aliphatic_ring_atom);
        return PatternSet(smarts);
    }();
    return patterns;
}

// Rings that are left without the aliphatic ring atoms that have a neighbour outside aromatic rings. Among aromatic atoms that is bonds -
// atoms + components; bridged aliphatic atoms, as in triptycene, and special bonds are left to RDKit's ring search.
int aromatic_rings(const Graph& graph, std::span<const std::uint64_t> removed) {
    const RDKit::ROMol& molecule = graph.molecule;
    const RDKit::RingInfo& rings = *molecule.getRingInfo();
    const auto gone = [&](int atom) { return removed[atom / 64] >> (atom % 64) & 1; };
    std::vector<int> parent(graph.atoms);
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](int atom) {
        while (parent[atom] != atom) atom = parent[atom] = parent[parent[atom]];
        return atom;
    };
    bool plain = true;
    for (int atom = 0; atom < graph.atoms; ++atom) {
        if (!gone(atom) && !molecule.getAtomWithIdx(atom)->getIsAromatic() && rings.numAtomRings(atom) > 0) plain = false;
    }
    int cycles = 0;
    for (int b = 0; b < graph.bonds; ++b) {
        if (gone(graph.begin[b]) || gone(graph.end[b])) continue;
        const auto type = graph.bond_handles[b]->getBondType();
        plain &= type <= RDKit::Bond::TRIPLE || type == RDKit::Bond::AROMATIC;
        const int first = root(graph.begin[b]), second = root(graph.end[b]);
        if (first == second) ++cycles;
        parent[first] = second;
    }
    if (plain) return cycles;
    static const std::shared_ptr<const RDKit::ROMol> query(RDKit::SmartsToMol(std::string(aliphatic_ring_atom)));
    const std::unique_ptr<RDKit::ROMol> rest(RDKit::deleteSubstructs(molecule, *query));
    return RDKit::MolOps::findSSSR(*rest);
}

void qed(Context& given, std::span<double> values) {
    Context& context = given.without_hydrogens();
    const RDKit::ROMol& molecule = context.molecule();
    const PatternSet& patterns = qed_patterns();
    Matcher matcher(patterns, context.graph());
    const BondingCounts counts = bonding_counts(context.graph());
    int alerts = 0, acceptors = 0;
    for (int i = 0; i < alert_count; ++i) alerts += matcher.matches(i);
    for (int i = 0; i < acceptor_count; ++i) acceptors += matcher.root_count(alert_count + i);
    const double properties[] = {RDKit::Descriptors::calcAMW(molecule),
                                 context.crippen().total_log_p,
                                 static_cast<double>(acceptors),
                                 static_cast<double>(counts.donors),
                                 RDKit::Descriptors::calcTPSA(molecule),
                                 static_cast<double>(counts.rotatable_bonds),
                                 static_cast<double>(aromatic_rings(context.graph(), matcher.roots(alert_count + acceptor_count))),
                                 static_cast<double>(alerts)};
    double sum = 0.0, weights = 0.0;
    for (std::size_t i = 0; i < desirabilities.size(); ++i) {
        sum += desirabilities[i].weight * std::log(desirability(properties[i], desirabilities[i]));
        weights += desirabilities[i].weight;
    }
    values[0] = std::exp(sum / weights);
}

}  // namespace

std::vector<Subject> qed_subjects() { return {{{"qed"}, qed}}; }

}  // namespace molten::chem::descriptors

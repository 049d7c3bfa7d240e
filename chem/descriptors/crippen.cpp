// Atomic contributions to log P and molar refractivity: Wildman, Crippen, J. Chem. Inf. Comput. Sci. 39 (1999) 868.
#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/GraphMol.h>

#include <array>
#include <bit>

#include "chem/descriptors/pattern_set.h"
#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

struct Type {
    double log_p, refractivity;
};

// RDKit's table: an atom gets the values of the first pattern that it is the root of.
struct Table {
    std::vector<Type> types;
    PatternSet patterns;
};

const Table& atom_table() {
    static const Table table = [] {
        std::vector<Type> types;
        std::vector<std::string_view> smarts;
        for (const auto& entry : *RDKit::Descriptors::CrippenParamCollection::getParams()) {
            types.push_back({entry.logp, entry.mr});
            smarts.push_back(entry.smarts);
        }
        return Table{std::move(types), PatternSet(smarts)};
    }();
    return table;
}

// The hydrogen types H1, H2, H3, H4 rewritten for the atom that carries the hydrogen, in the order of the table; HS for the rest.
const Table& hydrogen_table() {
    static const Table table = [] {
        constexpr Type h1{0.123, 1.057}, h2{-0.2677, 1.395}, h3{0.2142, 0.9627}, h4{0.298, 1.805}, other{0.1125, 1.112};
        constexpr std::array<std::string_view, 9> smarts{
            "[#6]", "[O;H2,H3]", "O[CX4,c]", "O[!#6;!#7;!#8;!#16]", "[!#6;!#7;!#8]", "[#7,$(O[#7])]", "OC=[#6,#7,O,S]", "O[O,S]", "*"};
        return Table{{h1, h2, h2, h2, h2, h3, h4, h4, other}, PatternSet(smarts)};
    }();
    return table;
}

template <typename Assign>
void assign_types(const Table& table, const Graph& graph, Assign&& assign) {
    Matcher matcher(table.patterns, graph);
    const std::size_t words = (graph.atoms + 63) / 64;
    std::vector<std::uint64_t> open(words, ~std::uint64_t{0});
    int left = graph.atoms;
    for (int pattern = 0; pattern < table.patterns.size() && left > 0; ++pattern) {
        const auto roots = matcher.roots(pattern);
        for (std::size_t w = 0; w < words; ++w) {
            for (std::uint64_t fresh = roots[w] & open[w]; fresh != 0; fresh &= fresh - 1) {
                assign(static_cast<int>(64 * w) + std::countr_zero(fresh), table.types[pattern]);
                --left;
            }
            open[w] &= ~roots[w];
        }
    }
}

void totals(Context& context, std::span<double> values) {
    values[0] = context.crippen().total_log_p;
    values[1] = context.crippen().total_refractivity;
}

}  // namespace

Crippen crippen_contributions(const Context& context) {
    const Graph& graph = context.graph();
    Crippen result;
    result.log_p.resize(graph.atoms);
    result.refractivity.resize(graph.atoms);
    assign_types(atom_table(), graph, [&](int atom, const Type& type) {
        result.log_p[atom] = type.log_p;
        result.refractivity[atom] = type.refractivity;
        result.total_log_p += type.log_p;
        result.total_refractivity += type.refractivity;
    });
    if (context.has_hydrogen_atoms()) {  // rare: the types of hydrogens beside hydrogen atoms are left to RDKit
        RDKit::Descriptors::calcCrippenDescriptors(context.molecule(), result.total_log_p, result.total_refractivity);
        return result;
    }
    result.hydrogen_log_p.resize(graph.atoms);
    result.hydrogen_refractivity.resize(graph.atoms);
    assign_types(hydrogen_table(), graph, [&](int atom, const Type& type) {
        const int hydrogens = static_cast<int>(context.molecule().getAtomWithIdx(atom)->getTotalNumHs());
        result.hydrogen_log_p[atom] = hydrogens * type.log_p;
        result.hydrogen_refractivity[atom] = hydrogens * type.refractivity;
        result.total_log_p += hydrogens * type.log_p;
        result.total_refractivity += hydrogens * type.refractivity;
    });
    return result;
}

std::vector<Subject> crippen_subjects() { return {{{"MolLogP", "MolMR"}, totals}}; }

}  // namespace molten::chem::descriptors

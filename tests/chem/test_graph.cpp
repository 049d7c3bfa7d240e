#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "chem/graph/graph.h"
#include "chem/molecule/molecule.h"
#include "support.h"

using namespace molten::chem;

namespace {

Graph graph_of(const std::string& smiles, GraphOptions options = {}) {
    const Parsed parsed = parse_smiles(smiles);
    REQUIRE_MESSAGE(static_cast<bool>(parsed), smiles);
    return build_graph(parsed.molecule, options);
}

// One ';'-separated list of sparse rows against a dense matrix; names say which column is off.
void check_rows(const std::string& expected, const std::vector<float>& actual, int rows, const std::vector<std::string>& names) {
    const auto lines = chem_test::split(expected, ';');
    REQUIRE(actual.size() == static_cast<std::size_t>(rows) * names.size());
    if (rows == 0) return;
    REQUIRE(lines.size() == static_cast<std::size_t>(rows));
    for (int r = 0; r < rows; ++r) {
        std::vector<double> wanted(names.size(), 0.0);
        for (const auto& [column, value] : chem_test::sparse(lines[static_cast<std::size_t>(r)]))
            wanted.at(static_cast<std::size_t>(column)) = value;
        for (std::size_t c = 0; c < names.size(); ++c) {
            const double got = actual[static_cast<std::size_t>(r) * names.size() + c];
            if (std::abs(got - wanted[c]) > 1e-6 * std::max(1.0, std::abs(wanted[c]))) {
                FAIL_CHECK("row " << r << " column " << names[c] << ": " << got << " instead of " << wanted[c]);
            }
        }
    }
}

}  // namespace

TEST_CASE("graph golden: every column of every set equals the Python description") {
    if (!chem_test::golden_release()) return;
    const auto rows = chem_test::golden("graphs.tsv");
    REQUIRE(rows.size() > 200);
    for (const auto& row : rows) {
        INFO(row[0] << " " << row[1] << " explicit_h " << row[2]);
        const FeatureSet features = feature_set(row[1]);
        const Graph graph = graph_of(row[0], {features, row[2] == "1"});
        CHECK(std::to_string(graph.node_width) == row[3]);
        if (graph.bonds > 0) CHECK(std::to_string(graph.bond_width) == row[4]);
        std::vector<std::string> bonds;
        for (std::size_t b = 0; b < graph.bond_order.size(); ++b) {
            bonds.push_back(fmt::format("{}-{}={:.1f}", graph.bond_begin[b], graph.bond_end[b], graph.bond_order[b]));
        }
        CHECK(fmt::format("{}", fmt::join(bonds, " ")) == row[5]);
        check_rows(row[6], graph.node_features, graph.atoms, node_feature_names(features));
        check_rows(row[7], graph.bond_features, graph.bonds, bond_feature_names(features));
    }
}

TEST_CASE("graph: widths and names of the sets") {
    CHECK(node_feature_names(FeatureSet::canonical).size() == 74);
    CHECK(bond_feature_names(FeatureSet::canonical).size() == 12);
    CHECK(node_feature_names(FeatureSet::qm9).size() == 11);
    CHECK(bond_feature_names(FeatureSet::qm9).size() == 4);
    for (const FeatureSet set : {FeatureSet::canonical, FeatureSet::qm9, FeatureSet::molten}) {
        for (const auto* names : {&node_feature_names(set), &bond_feature_names(set)}) {
            CHECK(std::set<std::string>(names->begin(), names->end()).size() == names->size());
        }
        CHECK(feature_set(feature_set_name(set)) == set);
    }
    CHECK_THROWS_WITH_AS(feature_set("nope"), "no feature set is called 'nope'; there are canonical, qm9, molten", std::invalid_argument);
}

TEST_CASE("graph: sizes with and without hydrogens") {
    CHECK(graph_of("CCO").atoms == 3);
    CHECK(graph_of("CCO").bonds == 2);
    const Graph full = graph_of("CCO", {FeatureSet::molten, true});
    CHECK(full.atoms == 9);
    CHECK(full.bonds == 8);
    CHECK(graph_of("[H][H]").atoms == 2);
    CHECK(graph_of("C").bonds == 0);
    CHECK(graph_of("C.C").atoms == 2);
    CHECK(graph_of("[Na+].[Cl-]").bonds == 0);
}

TEST_CASE("graph: backbone and attachment columns tell main chain from side chain") {
    const auto& names = node_feature_names(FeatureSet::molten);
    const auto column = [&](const Graph& graph, const std::string& name) {
        const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
        REQUIRE(at < names.size());
        std::vector<float> values;
        for (int i = 0; i < graph.atoms; ++i) values.push_back(graph.node_features[static_cast<std::size_t>(i) * names.size() + at]);
        return values;
    };
    const Graph styrene = graph_of("*CC(*)c1ccccc1");
    CHECK(column(styrene, "backbone") == std::vector<float>{1, 1, 1, 1, 0, 0, 0, 0, 0, 0});
    CHECK(column(styrene, "attachment_proximity")[1] == doctest::Approx(0.5));
    const Graph phenylene = graph_of("*c1ccc(*)cc1");
    CHECK(column(phenylene, "backbone") == std::vector<float>(8, 1.0f));
    CHECK(column(graph_of("CCO"), "backbone") == std::vector<float>(3, 0.0f));
    CHECK(column(graph_of("*C.C"), "attachment_proximity")[2] == 0);
}

TEST_CASE("graph: no NaN or infinity, even for metals and lone atoms") {
    for (const auto& row : chem_test::golden("molecules.tsv")) {
        if (row[1].empty()) continue;
        for (const FeatureSet set : {FeatureSet::canonical, FeatureSet::qm9, FeatureSet::molten}) {
            const Graph graph = graph_of(row[0], {set, false});
            for (float value : graph.node_features) REQUIRE_MESSAGE(std::isfinite(value), row[0]);
            for (float value : graph.bond_features) REQUIRE_MESSAGE(std::isfinite(value), row[0]);
        }
    }
}

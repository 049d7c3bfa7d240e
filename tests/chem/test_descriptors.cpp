#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

#include "chem/descriptors/descriptors.h"

using namespace molten::chem;

namespace {

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> fields;
    std::stringstream stream(line);
    for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
    return fields;
}

struct Oracle {
    std::vector<std::string> smiles;
    std::vector<std::vector<double>> values;
};

// As scripts/oracles/descriptors.py writes it; its header must be names().
Oracle read_oracle(const std::string& path) {
    std::ifstream file(path);
    REQUIRE_MESSAGE(file, "cannot read ", path);
    std::string line;
    std::getline(file, line);
    const std::vector<std::string> header = split(line);
    const auto names = descriptors::names();
    REQUIRE(header.size() == names.size() + 1);
    for (std::size_t i = 0; i < names.size(); ++i) REQUIRE(header[i + 1] == names[i]);
    Oracle oracle;
    while (std::getline(file, line)) {
        const std::vector<std::string> fields = split(line);
        REQUIRE(fields.size() == header.size());
        oracle.smiles.push_back(fields[0]);
        std::vector<double>& row = oracle.values.emplace_back();
        for (std::size_t i = 1; i < fields.size(); ++i) row.push_back(std::strtod(fields[i].c_str(), nullptr));
    }
    return oracle;
}

bool agree(double ours, double theirs) {
    if (std::isnan(theirs) || std::isnan(ours)) return std::isnan(theirs) && std::isnan(ours);
    if (std::isinf(theirs) || std::isinf(ours)) return ours == theirs;
    return std::abs(ours - theirs) <= 1e-6 * std::max(1.0, std::abs(theirs));
}

// Limits that let every molecule of the oracle through.
Limits generous() {
    Limits limits;
    limits.smiles_chars = 100000;
    limits.heavy_atoms = 100000;
    limits.ring_closures = 100000;
    limits.fragments = 100000;
    return limits;
}

// Prints up to 40 of the differing (molecule, descriptor) pairs and returns how many there are.
int differences(const Oracle& oracle) {
    const auto names = descriptors::names();
    int differing = 0, molecules = 0;
    std::map<std::string, int> by_name;
    for (std::size_t m = 0; m < oracle.smiles.size(); ++m) {
        const Parsed parsed = parse_smiles(oracle.smiles[m], generous());
        REQUIRE_MESSAGE(parsed, oracle.smiles[m], ": ", parsed.verdict.message);
        const std::vector<double> ours = descriptors::calculate(parsed.molecule);
        REQUIRE(ours.size() == names.size());
        ++molecules;
        for (std::size_t d = 0; d < names.size(); ++d) {
            if (agree(ours[d], oracle.values[m][d])) continue;
            ++by_name[std::string(names[d])];
            if (++differing <= 40) {
                MESSAGE(fmt::format("{} of {}: ours {:.17g}, RDKit {:.17g}", names[d], oracle.smiles[m], ours[d], oracle.values[m][d]));
            }
        }
    }
    for (const auto& [name, count] : by_name) MESSAGE(name, " differs for ", count);
    MESSAGE(molecules, " molecules x ", names.size(), " descriptors, ", differing, " pairs differ");
    return differing;
}

const std::string golden = "tests/chem/golden/descriptors.csv";

}  // namespace

TEST_CASE("descriptors golden: equal to RDKit's Python") {
    const Oracle oracle = read_oracle(golden);
    CHECK(oracle.smiles.size() >= 400);
    CHECK(differences(oracle) == 0);
}

TEST_CASE("descriptors equal RDKit's Python on an oracle file of one's own") {
    const char* path = std::getenv("MOLTEN_DESCRIPTORS_ORACLE");
    if (path == nullptr) {
        fmt::print("SKIPPED: set MOLTEN_DESCRIPTORS_ORACLE to a file of scripts/oracles/descriptors.py\n");
        return;
    }
    const Oracle oracle = read_oracle(path);
    CHECK(!oracle.smiles.empty());
    CHECK(differences(oracle) == 0);
    std::vector<Molecule> molecules;
    for (const std::string& smiles : oracle.smiles) molecules.push_back(parse_smiles(smiles, generous()).molecule);
    const std::clock_t start = std::clock();
    for (const Molecule& molecule : molecules) descriptors::calculate(molecule);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    MESSAGE(fmt::format("{:.0f} molecules/s of processor time", static_cast<double>(molecules.size()) / seconds));
}

TEST_CASE("wanted descriptors come in the order asked for and equal the full row") {
    const Molecule molecule = parse_smiles("CC(=O)Oc1ccccc1C(=O)O").molecule;
    const std::vector<double> all = descriptors::calculate(molecule);
    const auto names = descriptors::names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string_view pair[] = {names[i], names[(i + 7) % names.size()]};
        const std::vector<double> two = descriptors::calculate(parse_smiles("CC(=O)Oc1ccccc1C(=O)O").molecule, pair);
        CHECK(two == std::vector<double>{all[i], all[(i + 7) % names.size()]});
    }
    CHECK(descriptors::calculate(molecule, {}).empty());
}

TEST_CASE("an unknown descriptor is refused with the nearest name") {
    const Molecule molecule = parse_smiles("CCO").molecule;
    const std::string_view wanted[] = {"MolWt", "BertzTC"};
    CHECK_THROWS_WITH_AS(descriptors::calculate(molecule, wanted), "unknown descriptor 'BertzTC': did you mean 'BertzCT'?",
                         std::invalid_argument);
    CHECK_THROWS_AS(descriptors::calculate(Molecule{}), std::invalid_argument);
}

TEST_CASE("what RDKit cannot compute is NaN and leaves the rest alone") {
    const std::vector<double> values = descriptors::calculate(parse_smiles("[Fe]").molecule);
    const auto names = descriptors::names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].starts_with("BCUT2D")) CHECK(std::isnan(values[i]));
        if (names[i] == "HeavyAtomCount") CHECK(values[i] == 1.0);
    }
}

TEST_CASE("threads that work on molecules of their own get the same bits") {
    const Oracle oracle = read_oracle(golden);
    const auto run = [&](std::vector<double>& sink) {
        for (std::size_t m = 0; m < 60; ++m) {
            for (const double value : descriptors::calculate(parse_smiles(oracle.smiles[m * 7], generous()).molecule))
                sink.push_back(value);
        }
    };
    std::vector<std::vector<double>> results(4);
    std::vector<std::thread> threads;
    for (auto& result : results) threads.emplace_back(run, std::ref(result));
    for (std::thread& thread : threads) thread.join();
    for (const auto& result : results) {
        REQUIRE(result.size() == results[0].size());
        for (std::size_t i = 0; i < result.size(); ++i) CHECK(agree(result[i], results[0][i]));
    }
}

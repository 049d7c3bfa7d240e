#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>
#include <string>

#include "chem/fingerprint/fingerprint.h"
#include "chem/molecule/molecule.h"
#include "support.h"

using namespace molten::chem;

TEST_CASE("fingerprint golden: equal to RDKit's Python, bit for bit and count for count") {
    if (!chem_test::golden_release()) return;
    const auto rows = chem_test::golden("fingerprints.tsv");
    REQUIRE(rows.size() > 1000);
    std::set<std::string> kinds;
    for (const auto& row : rows) {
        INFO(row[0] << " " << row[1] << " size " << row[2] << " radius " << row[3] << " counts " << row[4] << " chirality " << row[5]
                    << " features " << row[6]);
        kinds.insert(row[1]);
        const FingerprintOptions options{
            fingerprint_kind(row[1]), std::stoi(row[2]), std::stoi(row[3]), row[4] == "1", row[5] == "1", row[6] == "1"};
        std::vector<FingerprintEntry> expected;
        for (const auto& [index, count] : chem_test::sparse(row[7])) {
            expected.push_back({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(count)});
        }
        CHECK(sparse_fingerprint(parse_smiles(row[0]).molecule, options) == expected);
    }
    CHECK(kinds.size() == 5);
}

TEST_CASE("fingerprint: dense and sparse agree, the width is as announced") {
    const Molecule caffeine = parse_smiles("Cn1cnc2c1c(=O)n(C)c(=O)n2C").molecule;
    for (const char* kind : {"morgan", "rdkit", "atom_pair", "topological_torsion", "maccs"}) {
        FingerprintOptions options{.kind = fingerprint_kind(kind), .size = 300};
        CHECK(fingerprint_name(options.kind) == kind);
        const auto dense = fingerprint(caffeine, options);
        CHECK(static_cast<int>(dense.size()) == fingerprint_width(options));
        std::size_t nonzero = 0;
        for (float value : dense) nonzero += value != 0;
        const auto sparse = sparse_fingerprint(caffeine, options);
        CHECK(nonzero == sparse.size());
        for (const auto& entry : sparse) CHECK(dense[entry.index] == static_cast<float>(entry.count));
    }
}

TEST_CASE("fingerprint: options out of range are refused") {
    const Molecule methane = parse_smiles("C").molecule;
    CHECK_THROWS_AS(fingerprint(methane, {.size = 0}), std::invalid_argument);
    CHECK_THROWS_AS(fingerprint(methane, {.size = 1 << 25}), std::invalid_argument);
    CHECK_THROWS_AS(fingerprint(methane, {.radius = -1}), std::invalid_argument);
    CHECK_THROWS_AS(fingerprint(methane, {.kind = FingerprintKind::maccs, .counts = true}), std::invalid_argument);
    CHECK_THROWS_AS(fingerprint_kind("ecfp"), std::invalid_argument);
}

TEST_CASE("tanimoto: bits and counts against their definition") {
    std::mt19937 random(7);
    for (int size : {0, 1, 63, 64, 65, 300, 2048}) {
        for (int trial = 0; trial < 20; ++trial) {
            std::vector<float> a(static_cast<std::size_t>(size)), b(a.size());
            for (auto* values : {&a, &b}) {
                for (float& value : *values) value = static_cast<float>(random() % 10 < 3 ? random() % 5 : 0);
            }
            int both = 0, either = 0;
            double smaller = 0, larger = 0;
            for (std::size_t i = 0; i < a.size(); ++i) {
                both += a[i] != 0 && b[i] != 0;
                either += a[i] != 0 || b[i] != 0;
                smaller += a[i] < b[i] ? a[i] : b[i];
                larger += a[i] > b[i] ? a[i] : b[i];
            }
            CHECK(tanimoto(pack_bits(a), pack_bits(b)) == (either ? static_cast<double>(both) / either : 0.0));
            CHECK(tanimoto(a, b) == doctest::Approx(larger > 0 ? smaller / larger : 0.0));
        }
    }
    const BitVector query = pack_bits(std::vector<float>{1, 1, 0});
    const std::vector<BitVector> library = {query, pack_bits(std::vector<float>{0, 1, 1}), pack_bits(std::vector<float>{0, 0, 1})};
    std::vector<double> similarity(3);
    tanimoto(query, library, similarity);
    CHECK(similarity == std::vector<double>{1, 1.0 / 3, 0});
    CHECK_THROWS_AS(tanimoto(query, pack_bits(std::vector<float>{1})), std::invalid_argument);
    CHECK_THROWS_AS(tanimoto(std::vector<float>{1}, std::vector<float>{1, 2}), std::invalid_argument);
}

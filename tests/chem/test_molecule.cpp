#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "chem/drawing/drawing.h"
#include "chem/molecule/molecule.h"
#include "chem/scaffold/scaffold.h"
#include "support.h"

using namespace molten::chem;

TEST_CASE("molecule golden: canonical SMILES, formula, size and scaffold equal RDKit's Python") {
    if (!chem_test::golden_release()) return;
    const auto rows = chem_test::golden("molecules.tsv");
    REQUIRE(rows.size() > 250);
    for (const auto& row : rows) {
        INFO(row[0]);
        const Parsed parsed = parse_smiles(row[0]);
        REQUIRE(static_cast<bool>(parsed) == !row[1].empty());
        if (!parsed) continue;
        CHECK(canonical_smiles(parsed.molecule) == row[1]);
        CHECK(molecular_formula(parsed.molecule) == row[2]);
        CHECK(std::to_string(heavy_atoms(parsed.molecule)) == row[3]);
        CHECK(murcko_scaffold(parsed.molecule) == row[4]);
    }
}

TEST_CASE("molecule: what cannot be read says why") {
    const auto reason = [](const char* smiles) { return parse_smiles(smiles).verdict.reason; };
    CHECK(reason("C(") == Reason::parse_error);
    CHECK(reason("C1CC") == Reason::parse_error);
    CHECK(reason("[C") == Reason::parse_error);
    CHECK(reason("notasmiles") == Reason::parse_error);
    CHECK(reason("C%(99999999999999)C") == Reason::parse_error);
    CHECK(reason("[99999999999C]") == Reason::parse_error);
    CHECK(reason("C(C)(C)(C)(C)C") == Reason::valence);
    CHECK(reason("O(C)(C)C") == Reason::valence);
    CHECK(reason("c1cc=oc1") == Reason::valence);
    CHECK(reason("c1ccc2nccccB2c$1") == Reason::valence);
    CHECK(reason("c1cccc1") == Reason::kekulize);
    CHECK(reason("cC") == Reason::kekulize);
    const Parsed parsed = parse_smiles("CC(C)(C)(C)C");
    CHECK_FALSE(static_cast<bool>(parsed));
    CHECK(parsed.verdict.message.find("valence") != std::string::npos);
    CHECK(parsed.verdict.message.back() != '\n');
}

TEST_CASE("molecule: dative bonds, charges, isotopes, radicals, maps and attachment points are fine") {
    for (const char* smiles :
         {"N->[Pt](Cl)(Cl)<-N", "[Fe+2]", "[13CH4]", "[CH3]", "[CH3:4]O", "*CC*", "[*:1]C[*:2]", "[2H]O", "[O-][n+]1ccccc1"}) {
        CHECK_MESSAGE(static_cast<bool>(parse_smiles(smiles)), smiles);
    }
}

TEST_CASE("molecule: the key groups salts, ions, stereoisomers and isotopologues, and nothing else") {
    const auto key = [](const char* smiles) { return canonical_key(parse_smiles(smiles).molecule); };
    CHECK(key("C[C@H](N)C(=O)O") == key("C[C@@H](N)C(=O)O"));
    CHECK(key("C/C=C/C") == key("C/C=C\\C"));
    CHECK(key("CC(=O)[O-].[Na+]") == key("CC(=O)O"));
    CHECK(key("[NH3+]CC(=O)[O-]") == key("NCC(=O)O"));
    CHECK(key("Cl.CN(C)C(=N)NC(N)=N") == key("CN(C)C(=N)NC(N)=N"));
    CHECK(key("C[NH3+].[Cl-]") == key("CN"));
    CHECK(key("[2H]C([2H])([2H])O") == key("CO"));
    CHECK(key("[13CH3:5]O") == key("CO"));
    CHECK(key("c1nnn[n-]1") == key("c1nnn[nH]1"));
    CHECK(key("OC(=O)C.OC(=O)C") == key("CC(=O)O"));
    CHECK(key("C[n+]1cccc(C(=O)[O-])c1") == key("C[n+]1cccc(C(=O)O)c1"));
    CHECK(key("CCO") != key("COC"));
    CHECK(key("[Na+].[Cl-]") != key("[K+].[Cl-]"));
    CHECK(key("CC(=O)O.CCN") != key("CC(=O)O"));
    CHECK(key("C[N+](=O)[O-]") != key("CN(O)O"));
    CHECK(key("*CC*") == "*CC*");
    CHECK(key("[BH4-].[Na+]") == key("[Na+].[BH4-]"));
}

TEST_CASE("molecule: a canonical SMILES reads back to itself, and its key is stable") {
    for (const auto& row : chem_test::golden("molecules.tsv")) {
        if (row[1].empty()) continue;
        INFO(row[0]);
        const Parsed again = parse_smiles(row[1]);
        REQUIRE(static_cast<bool>(again));
        CHECK(canonical_key(again.molecule) == canonical_key(parse_smiles(row[0]).molecule));
        CHECK(static_cast<bool>(parse_smiles(canonical_key(again.molecule))));
    }
}

namespace {
const char* const ethanol_block =
    "ethanol\n  test\n\n  3  2  0  0  0  0            999 V2000\n"
    "    0.0000    0.0000    0.0000 C   0  0\n    1.5000    0.0000    0.0000 C   0  0\n    2.2500    1.2990    0.0000 O   0  0\n"
    "  1  2  1  0\n  2  3  1  0\nM  END\n";
}

TEST_CASE("molecule: mol blocks V2000 and V3000") {
    const Parsed parsed = parse_molblock(ethanol_block);
    REQUIRE(static_cast<bool>(parsed));
    CHECK(canonical_smiles(parsed.molecule) == "CCO");
    const Parsed v3000 = parse_molblock(
        "\n\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\nM  V30 COUNTS 2 1 0 0 0\nM  V30 BEGIN ATOM\n"
        "M  V30 1 C 0 0 0 0\nM  V30 2 N 1.5 0 0 0\nM  V30 END ATOM\nM  V30 BEGIN BOND\nM  V30 1 3 1 2\nM  V30 END BOND\nM  V30 END CTAB\nM "
        " END\n");
    REQUIRE(static_cast<bool>(v3000));
    CHECK(canonical_smiles(v3000.molecule) == "C#N");
}

TEST_CASE("molecule: a mol block cut anywhere is refused or read, never more") {
    const std::string block = ethanol_block;
    int read = 0;
    for (std::size_t length = 0; length < block.size(); ++length) {
        const Parsed parsed = parse_molblock(block.substr(0, length));
        CHECK(static_cast<bool>(parsed) == parsed.verdict.usable());
        read += parsed ? 1 : 0;
    }
    CHECK(read < 30);
}

TEST_CASE("drawing: SVG of the asked size, the same bytes each time") {
    const Molecule aspirin = parse_smiles("CC(=O)Oc1ccccc1C(=O)O").molecule;
    DrawingOptions options{.width = 320, .height = 240};
    const std::string svg = draw_svg(aspirin, options);
    CHECK(svg.rfind("<svg", 0) == 0);
    CHECK(svg.find("width='320px'") != std::string::npos);
    CHECK(svg.find("height='240px'") != std::string::npos);
    CHECK(svg.find("</svg>") != std::string::npos);
    CHECK(svg == draw_svg(parse_smiles("CC(=O)Oc1ccccc1C(=O)O").molecule, options));
    CHECK(svg.find("#FF0000") != std::string::npos);  // oxygen
    options.colour = false;
    CHECK(draw_svg(aspirin, options).find("#FF0000") == std::string::npos);
    options.width = 5;
    CHECK_THROWS_AS(draw_svg(aspirin, options), std::invalid_argument);
    for (const auto& row : chem_test::golden("molecules.tsv")) {
        if (!row[1].empty()) CHECK_NOTHROW(draw_svg(parse_smiles(row[0]).molecule));
    }
}

TEST_CASE("molecule: an empty handle throws instead of crashing") {
    CHECK_THROWS_AS(canonical_smiles(Molecule()), std::invalid_argument);
    CHECK_THROWS_AS(murcko_scaffold(Molecule()), std::invalid_argument);
    CHECK_FALSE(static_cast<bool>(Molecule()));
}

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "chem/guard/guard.h"
#include "chem/molecule/molecule.h"

using namespace molten::chem;

TEST_CASE("guard: every reason has a stable name that reads back") {
    const std::vector<std::string> expected = {"none",     "empty",          "blank",          "control_byte",       "non_ascii",
                                               "too_long", "too_many_atoms", "too_many_rings", "too_many_fragments", "parse_error",
                                               "no_atoms", "valence",        "kekulize",       "sanitize_error",     "rdkit_error",
                                               "timeout",  "memory",         "crashed"};
    REQUIRE(static_cast<int>(expected.size()) == reason_count);
    for (int i = 0; i < reason_count; ++i) {
        const auto reason = static_cast<Reason>(i);
        CHECK(reason_name(reason) == expected[static_cast<std::size_t>(i)]);
        CHECK(reason_of(reason_name(reason)) == reason);
    }
    CHECK_THROWS(reason_name(static_cast<Reason>(reason_count)));
    CHECK(reason_of("no such") == Reason::none);
}

TEST_CASE("guard: the size of a SMILES is counted without RDKit") {
    struct Case {
        const char* smiles;
        int atoms, heavy, rings, fragments;
    };
    for (const auto& c : std::vector<Case>{{"C", 1, 1, 0, 1},
                                           {"[H][H]", 2, 0, 0, 1},
                                           {"[2H]C([2H])Cl", 4, 2, 0, 1},
                                           {"[He]", 1, 1, 0, 1},
                                           {"[Hg+2].[Cl-]", 2, 2, 0, 2},
                                           {"[nH]1cccc1", 5, 5, 1, 1},
                                           {"BrCCl", 3, 3, 0, 1},
                                           {"*CC*", 4, 4, 0, 1},
                                           {"C%12CCCCC%12", 6, 6, 1, 1},
                                           {"C%(123)CC%(123)", 3, 3, 1, 1},
                                           {"C12CC1C2", 4, 4, 2, 1},
                                           {"[13CH4:7]", 1, 1, 0, 1},
                                           {"N->[Pt](Cl)(Cl)<-N", 5, 5, 0, 1}}) {
        INFO(c.smiles);
        const SmilesSize size = measure_smiles(c.smiles);
        CHECK(size.atoms == c.atoms);
        CHECK(size.heavy_atoms == c.heavy);
        CHECK(size.ring_closures == c.rings);
        CHECK(size.fragments == c.fragments);
    }
}

TEST_CASE("guard: text that RDKit would quietly accept is refused with its reason") {
    using namespace std::string_literals;
    const std::vector<std::pair<std::string, Reason>> cases = {{"", Reason::empty},
                                                               {" ", Reason::blank},
                                                               {"\t", Reason::blank},
                                                               {"C C", Reason::blank},
                                                               {"CCO ", Reason::blank},
                                                               {" CCO", Reason::blank},
                                                               {"CCCCC\nC", Reason::control_byte},
                                                               {"CCO\r", Reason::control_byte},
                                                               {"\0C"s, Reason::control_byte},
                                                               {"C\0"s, Reason::control_byte},
                                                               {"C\x7f", Reason::control_byte},
                                                               {"C\xc3\xa9", Reason::non_ascii},
                                                               {"\xef\xbb\xbf"
                                                                "C",
                                                                Reason::non_ascii}};
    for (const auto& [text, reason] : cases) {
        INFO(text);
        const Verdict verdict = check_smiles(text, {});
        CHECK(verdict.reason == reason);
        CHECK_FALSE(verdict.message.empty());
        CHECK(parse_smiles(text).verdict.reason == reason);
    }
}

TEST_CASE("guard: each cap holds at its value, breaks one above, and is named") {
    const auto repeated = [](const std::string& unit, int times) {
        std::string text;
        for (int i = 0; i < times; ++i) text += unit;
        return text;
    };
    Limits limits;
    limits.smiles_chars = 3000;
    struct Case {
        std::string fits, exceeds, cap;
        Reason reason;
    };
    const std::vector<Case> cases = {
        {repeated("C", 500), repeated("C", 501), "heavy_atoms = 500", Reason::too_many_atoms},
        {repeated("C1C1", 200), repeated("C1C1", 201), "ring_closures = 200", Reason::too_many_rings},
        {repeated("C.", 49) + "C", repeated("C.", 50) + "C", "fragments = 50", Reason::too_many_fragments},
        {std::string("C") + repeated("[2H].", 49) + "C", repeated("C", 3001), "smiles_chars = 3000", Reason::too_long},
    };
    for (const auto& c : cases) {
        CHECK(check_smiles(c.fits, limits).usable());
        const Verdict verdict = check_smiles(c.exceeds, limits);
        CHECK(verdict.reason == c.reason);
        CHECK(verdict.message.find(c.cap) != std::string::npos);
    }
    limits.heavy_atoms = 5;
    CHECK(check_smiles("CCCCC", limits).usable());
    CHECK(check_smiles("CCCCCC", limits).message.find("heavy_atoms = 5") != std::string::npos);
}

TEST_CASE("guard: mol blocks") {
    CHECK(check_molblock("", {}).reason == Reason::empty);
    CHECK(check_molblock(" \n\n", {}).reason == Reason::blank);
    CHECK(check_molblock("name\n\n\nabc", {}).reason == Reason::parse_error);
    CHECK(check_molblock("name\n\n\n", {}).reason == Reason::parse_error);
    CHECK(check_molblock("name\x01\n\n\n  1  0", {}).reason == Reason::control_byte);
    CHECK(check_molblock("\xc3\xa9thane\n\n\n  2  1", {}).usable());
    CHECK(check_molblock("name\n\n\n\xc3\xa9", {}).reason == Reason::non_ascii);
    Limits limits;
    limits.heavy_atoms = 100;
    CHECK(check_molblock("name\n\n\n  2  x", {}).reason == Reason::parse_error);
    CHECK(check_molblock("name\n\n\n100299  0", limits).usable());
    CHECK(check_molblock("name\n\n\n100300  0", limits).message.find("ring_closures = 200") != std::string::npos);
    CHECK(check_molblock("name\n\n\n500 10", limits).usable());
    CHECK(check_molblock("name\n\n\n501 10", limits).reason == Reason::too_many_atoms);
    CHECK(check_molblock("name\n\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\nM  V30 COUNTS 999999 1 0 0 0\n", limits)
              .reason == Reason::too_many_atoms);
    CHECK(check_molblock("name\n\n\n  0  0  0     0  0            999 V3000\nM  V30 COUNTS 100 9999999999999 0\n", limits).reason ==
          Reason::too_many_rings);
    limits.molblock_bytes = 10;
    CHECK(check_molblock("name\n\n\n  1  0", limits).message.find("molblock_bytes = 10") != std::string::npos);
}

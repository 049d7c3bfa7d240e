#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/core/error.h"
#include "train/data/nearest.h"
#include "train/data/rejects.h"
#include "train/data/table.h"
#include "train/data/text.h"

using namespace molten;
using namespace molten::data;

namespace {

Table from_text(const std::string& text, Format format, TableOptions options = {}) {
    TableReader reader(Input::memory("t", text), format, options);
    return read_table(reader);
}

template <class Call>
std::string error_of(ExitCode code, Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return std::string(error.what()) + " | " + error.hint();
    }
    return "no error";
}

std::string mol_block(const std::string& title) {
    return title + "\n  molten\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0 0.0 0.0 C   0\nM  END\n";
}

}  // namespace

TEST_CASE("table: formats by extension") {
    CHECK(format_of("a.csv") == Format::csv);
    CHECK(format_of("a.CSV.GZ") == Format::csv);
    CHECK(format_of("dir.sdf/a.txt") == Format::csv);
    CHECK(format_of("a.tsv") == Format::tsv);
    CHECK(format_of("a.smi") == Format::smi);
    CHECK(format_of("a.sdf.gz") == Format::sdf);
    CHECK(format_of("-") == Format::csv);
    CHECK(error_of(ExitCode::usage, [] { format_of("a.xlsx"); }).find("--format") != std::string::npos);
    CHECK(parse_format("SDF") == Format::sdf);
    CHECK(error_of(ExitCode::usage, [] { parse_format("smo"); }).find("Did you mean 'smi'?") != std::string::npos);
}

TEST_CASE("table: a column by name, or what there is and what was meant") {
    const Table table = from_text("smiles, Tg ,Tg2,,dup,dup\nC,1,2,3,4,5\n", Format::csv);
    CHECK(table.column("smiles") == 0);
    CHECK(table.column("Tg") == 1);  // blanks around a header name do not count
    CHECK(table.columns[1] == " Tg ");
    CHECK(error_of(ExitCode::data, [&] { table.column("smlies"); }) ==
          "t: there is no column 'smlies'. Did you mean 'smiles'? | Columns of the file: 'smiles', 'Tg', 'Tg2', '', 'dup', 'dup'.");
    CHECK(error_of(ExitCode::data, [&] { table.column("dup"); }).find("occurs twice, as column 5 and column 6") != std::string::npos);
    CHECK(error_of(ExitCode::data, [&] { table.column("zzzzz"); }).find("Did you mean") == std::string::npos);
    const Table headless = from_text("CCO,1.5\nC,2\n", Format::csv);
    CHECK(error_of(ExitCode::data, [&] { headless.column("smiles"); }).find("looks like data") != std::string::npos);
    CHECK(molecule_column(table.columns) == 0);
    CHECK(molecule_column(std::vector<std::string>{"id", "mol", " SMILES "}) == 2);
    CHECK_FALSE(molecule_column(std::vector<std::string>{"id", "name"}).has_value());
}

TEST_CASE("table: nearest name") {
    const std::vector<std::string> names{"train", "predict", "eval", "featurize", "doctor"};
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("abcd", "abdc") == 1);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("ABC", "abc") == 0);
    CHECK(edit_distance(std::string(100'000, 'a'), "a") == 127);  // long names are cut, not computed
    CHECK(nearest("trian", names) == "train");
    CHECK(nearest("pred", names) == "predict");
    CHECK(nearest("feature", names) == "featurize");
    CHECK(nearest("xyz", names) == "");
    CHECK(nearest("a", std::vector<std::string>{"", "b"}) == "b");
    CHECK(did_you_mean("evel", names) == " Did you mean 'eval'?");
}

TEST_CASE("table: SMI") {
    const Table table = from_text("CCO ethanol 95%\n\nC\tmethane\r\n  N  \n\n\n", Format::smi);
    CHECK(table.columns == std::vector<std::string>{"smiles", "name"});
    REQUIRE(table.rows.size() == 4);
    CHECK(table.rows[0].cells == std::vector<std::string>{"CCO", "ethanol 95%"});
    CHECK(table.rows[1].problem.code == reason::blank_row);
    CHECK(table.rows[1].number == 2);
    CHECK(table.rows[2].cells == std::vector<std::string>{"C", "methane"});
    CHECK(table.rows[2].number == 3);
    CHECK(table.rows[3].cells == std::vector<std::string>{"N", ""});
    const Table gaps = from_text("C\n\n \n\nN\n", Format::smi);
    REQUIRE(gaps.rows.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(gaps.rows[i].number == i + 1);
        CHECK(gaps.rows[i].problem.code.empty() == (i == 0 || i == 4));
    }
    const Table titled = from_text("SMILES id\nC 1\n", Format::smi);
    CHECK(titled.columns == std::vector<std::string>{"SMILES", "id"});
    CHECK(titled.rows.size() == 1);
    CHECK(titled.rows[0].number == 2);
    const Table bad = from_text(std::string("C\xFF x\nC\0C y\nC\n", 14), Format::smi);
    CHECK(bad.rows[0].problem.code == reason::invalid_utf8);
    CHECK(bad.rows[1].problem.code == reason::nul_byte);
    CHECK(bad.rows[2].problem.code.empty());
    CHECK(error_of(ExitCode::data, [] { from_text("\n\n", Format::smi); }).find("no molecule") != std::string::npos);
    CHECK(error_of(ExitCode::data, [] { from_text(std::string(2'000'000, 'C'), Format::smi); }).find("--max-field-bytes") !=
          std::string::npos);
}

TEST_CASE("table: SDF") {
    const std::string text = mol_block("first") + ">  <Tg>  (1)\n373.5\n\n> <note>\nline 1\nline 2\n\n$$$$\n" +  //
                             mol_block(" second ") + "> 25 <logP>\n-1\n\n> <empty>\n\n$$$$\r\n" + mol_block("");
    const Table table = from_text(text, Format::sdf);
    CHECK(table.columns == std::vector<std::string>{"mol_block", "title", "Tg", "note", "logP", "empty"});
    CHECK(table.description == "SDF, 3 records, 4 properties");
    REQUIRE(table.rows.size() == 3);
    CHECK(table.rows[0].cells == std::vector<std::string>{mol_block("first"), "first", "373.5", "line 1\nline 2", "", ""});
    CHECK(table.rows[1].cells == std::vector<std::string>{mol_block(" second "), "second", "", "", "-1", ""});
    CHECK(table.rows[2].cells == std::vector<std::string>{mol_block(""), "", "", "", "", ""});  // the last without $$$$
    CHECK(table.rows[2].number == 3);
    for (const Row& row : table.rows) CHECK(row.problem.code.empty());
}

TEST_CASE("table: broken SDF records are rows with a reason") {
    const std::string text = "no block\n$$$$\n" + mol_block("a") + "> Tg\n1\n\n$$$$\n" + mol_block("b") + "> <x>\n1\n\n> <x>\n2\n\n$$$$\n" +
                             mol_block("c") + mol_block("d") + "$$$$\n" + mol_block("e") + "> <x>\n\xFF\n\n$$$$\n" + mol_block("good") +
                             "$$$$\n\n\n";
    const Table table = from_text(text, Format::sdf);
    REQUIRE(table.rows.size() == 6);
    const std::vector<std::string> codes{reason::sdf_no_end,       reason::sdf_bad_property, reason::sdf_bad_property,
                                         reason::sdf_bad_property, reason::invalid_utf8,     ""};
    for (std::size_t i = 0; i < codes.size(); ++i) CHECK(table.rows[i].problem.code == codes[i]);
    CHECK(table.rows[3].problem.message.find("is a line '$$$$' missing?") != std::string::npos);
    CHECK(error_of(ExitCode::data, [] { from_text("\n\n", Format::sdf); }).find("no SDF record") != std::string::npos);
    TableOptions small;
    small.limits.max_columns = 4;
    small.limits.max_row_bytes = 2000;
    CHECK(error_of(ExitCode::data, [&] {
              from_text(mol_block("a") + "> <1>\n\n> <2>\n\n> <3>\n\n", Format::sdf, small);
          }).find("--max-columns") != std::string::npos);
    CHECK(error_of(ExitCode::data, [&] {
              std::string many;
              for (int i = 0; i < 100; ++i) many += mol_block("a");
              from_text(many, Format::sdf, small);
          }).find("--max-row-bytes") != std::string::npos);
}

TEST_CASE("table: join by key") {
    Table molecules = from_text("CCO m1\nC m2\nN m3\n", Format::smi);
    const Table values = from_text("Name,Act\nm3,7.5\n m1 ,5.5\nm9,1\n", Format::csv);
    const JoinCount count = join(molecules, "name", values, "Name");
    CHECK(molecules.columns == std::vector<std::string>{"smiles", "name", "Act"});
    CHECK(molecules.rows[0].cells[2] == "5.5");
    CHECK(molecules.rows[1].cells[2] == "");
    CHECK(molecules.rows[2].cells[2] == "7.5");
    CHECK(count.matched == 2);
    CHECK(count.without_partner == 1);
    CHECK(count.unused == 1);
    const Table twice = from_text("Name,X\nm1,1\nm1,2\n", Format::csv);
    CHECK(error_of(ExitCode::data, [&] { join(molecules, "name", twice, "Name"); }).find("t:3: the key 'm1' occurs in row 2 already") == 0);
    CHECK(error_of(ExitCode::data, [&] { join(molecules, "name", values, "Name"); }).find("both have a column 'Act'") != std::string::npos);
}

TEST_CASE("table: rejects, the share that is allowed, and rejected.csv") {
    Rejects rejects;
    CHECK(rejects.summary(1000) == "all 1,000 rows are used");
    rejects.check(0);
    for (std::uint64_t row = 2; row < 12; ++row)
        rejects.add({row, "Tg", row == 2 ? "=cmd()" : "x\n\xFF", row < 5 ? "a_code" : "b_code", "t.csv:" + std::to_string(row) + ": why"});
    rejects.add({5, "", "", "later", "the first reason stays"});
    CHECK(rejects.size() == 10);
    CHECK(rejects.contains(5));
    CHECK_FALSE(rejects.contains(12));
    CHECK(rejects.find(5)->reason == "b_code");
    CHECK(rejects.find(99) == nullptr);
    CHECK(rejects.summary(1234) == "10 of 1,234 rows are not used: 7 b_code, 3 a_code");
    rejects.check(100);  // exactly a tenth passes
    CHECK(error_of(ExitCode::data, [&] { rejects.check(99); }) ==
          "10 of 99 rows are not used: 7 b_code, 3 a_code; the first: t.csv:2: why | At most 10 % may be rejected (--max-rejected). See "
          "rejected.csv; are "
          "the column and the delimiter right?");
    std::ostringstream out;
    rejects.write(out);
    const std::string text = out.str();
    CHECK(text.find("row,column,value,reason,message\n2,Tg,'=cmd(),a_code,t.csv:2: why\n3,Tg,x\\x0A\\xFF,a_code,t.csv:3: why\n") == 0);
    Rejects strict(true);
    CHECK(error_of(ExitCode::data, [&] { strict.add({3, "Tg", "x", "a_code", "t.csv:3: why"}); }).find("t.csv:3: why") == 0);
    CHECK(error_of(ExitCode::resources, [&] { rejects.write("/nowhere/rejected.csv"); }) != "no error");
}

TEST_CASE("table: hostile text in messages") {
    CHECK(excerpt("a\nb\x1B[31m\x7F\xFF") == "a\\x0Ab\\x1B[31m\\x7F\\xFF");
    CHECK(excerpt(std::string(100, 'x')) == std::string(60, 'x') + "...");
    CHECK(excerpt(std::string(59, 'x') + "\xE2\x82\xAC") == std::string(59, 'x') + "...");  // no cut inside a letter
    CHECK(grouped(0) == "0");
    CHECK(grouped(1234567) == "1,234,567");
    CHECK(grouped(123) == "123");
    CHECK(trim(" \t\r\n") == "");
}

TEST_CASE("table: the real files read whole") {
    const char* folder = std::getenv("MOLTEN_DATA");
    const std::filesystem::path root = folder != nullptr ? folder : "../shared/data";
    if (!std::filesystem::exists(root / "moleculenet")) {
        MESSAGE("SKIPPED: no data under " << root.string());
        return;
    }
    struct Known {
        const char* file;
        std::size_t rows, columns;
        const char* molecules;
    };
    for (const Known& known :
         {Known{"moleculenet/esol.csv.gz", 1007, 10, "smiles"}, Known{"moleculenet/freesolv.csv.gz", 578, 4, "smiles"},
          Known{"moleculenet/lipo.csv.gz", 3791, 3, "smiles"}, Known{"moleculenet/bbbp.csv.gz", 2039, 2, "smiles"},
          Known{"moleculenet/bace.csv.gz", 1513, 2, "mol"}, Known{"moleculenet/tox21.csv.gz", 7831, 13, "smiles"},
          Known{"moleculenet/sider.csv.gz", 1427, 28, "smiles"}, Known{"moleculenet/hiv.csv.gz", 41126, 3, "smiles"},
          Known{"qm8/qm8.csv.gz", 19516, 14, "smiles"}, Known{"polymer/openpoly2025_train.csv.gz", 6802, 7, "SMILES"}}) {
        const Table table = read_table((root / known.file).string());
        INFO(known.file);
        CHECK(table.rows.size() == known.rows);
        CHECK(table.columns.size() == known.columns);
        CHECK(table.columns[molecule_column(table.columns).value()] == known.molecules);
        std::size_t refused = 0;
        for (const Row& row : table.rows) refused += !row.problem.code.empty();
        CHECK(refused == 0);
    }
}

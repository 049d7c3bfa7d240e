#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "engine/core/error.h"
#include "tests/train/messy_csv.h"
#include "train/data/csv.h"
#include "train/data/rejects.h"

using namespace molten;
using namespace molten::data;

namespace {

std::vector<Row> read_all(CsvReader& reader) {
    std::vector<Row> rows;
    for (Row row; reader.next(row);) rows.push_back(row);
    return rows;
}

std::vector<Row> read_text(const std::string& text, CsvOptions options = {}) {
    CsvReader reader(Input::memory("t.csv", text), options);
    return read_all(reader);
}

std::string error_of(const std::string& text, CsvOptions options = {}, ExitCode code = ExitCode::data) {
    try {
        read_text(text, options);
    } catch (const Error& error) {
        CHECK(error.code() == code);
        CHECK_FALSE(error.hint().empty());
        return error.what();
    }
    return "no error";
}

std::string gzip(const std::string& text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string packed(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

struct Folder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("molten_csv_" + std::to_string(::getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string write(const std::string& name, const std::string& bytes) const {
        std::ofstream(path / name, std::ios::binary) << bytes;
        return (path / name).string();
    }
};

void check_rows(const std::vector<Row>& rows, const MessyCsv& file) {
    REQUIRE(rows.size() == file.rows.size());  // rows in = rows out
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& expected = file.rows[i];
        INFO("row " << i << " of the file of seed " << file.seed);
        CHECK(rows[i].number == i + 2);
        CHECK(rows[i].problem.code == expected.code);
        CHECK(rows[i].cells.size() >= file.header.size());
        if (!expected.code.empty()) {
            CHECK(rows[i].problem.message.find(fmt::format(":{}", i + 2)) != std::string::npos);
            continue;
        }
        CHECK(rows[i].cells == expected.cells);
        CHECK(rows[i].line == expected.line);
    }
}

}  // namespace

TEST_CASE("csv: 200 messy files, each row as the generator wrote it or with its reason") {
    std::map<std::string, std::size_t> codes;
    std::size_t rows_total = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const MessyCsv file = messy_csv(seed);
        CsvReader reader(Input::memory("messy.csv", file.bytes));
        INFO("seed " << seed);
        CHECK(reader.columns() == file.header);
        CHECK(reader.delimiter() == file.delimiter);
        const auto rows = read_all(reader);
        check_rows(rows, file);
        rows_total += rows.size();
        for (const Row& row : rows) ++codes[row.problem.code];
    }
    MESSAGE("200 files, " << rows_total << " rows, " << codes[""] << " sound");
    for (const char* code : {reason::ragged_row, reason::blank_row, reason::nul_byte, reason::invalid_utf8, reason::text_after_quote})
        CHECK_MESSAGE(codes[code] >= 20, code);
    CHECK(codes.size() == 6);
}

TEST_CASE("csv: every reject of the 200 messy files is a row of rejected.csv with its code") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const MessyCsv file = messy_csv(seed);
        CsvReader reader(Input::memory("messy.csv", file.bytes));
        Rejects rejects(false, 1.0);
        for (Row row; reader.next(row);) rejects.add_refused(reader.columns(), row);
        std::ostringstream out;
        rejects.write(out);
        CsvReader back(Input::memory("rejected.csv", out.str()), {.delimiter = ','});
        CHECK(back.columns() == std::vector<std::string>{"row", "column", "value", "reason", "message"});
        const auto rows = read_all(back);
        std::size_t at = 0;
        for (std::size_t i = 0; i < file.rows.size(); ++i) {
            if (file.rows[i].code.empty()) continue;
            REQUIRE(at < rows.size());
            CHECK(rows[at].cells[0] == std::to_string(i + 2));
            CHECK(rows[at].cells[3] == file.rows[i].code);
            CHECK_FALSE(rows[at].cells[4].empty());
            CHECK(rows[at].problem.code.empty());
            ++at;
        }
        CHECK(at == rows.size());
    }
}

TEST_CASE("csv: what the writer writes reads back to the same bytes") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const MessyCsv file = messy_csv(seed);
        std::ostringstream out;
        CsvWriter writer(out, file.delimiter);
        for (const auto& name : file.header) writer.user_cell(name);
        writer.end_row();
        for (const auto& row : file.rows) {
            for (const auto& cell : row.cells) writer.user_cell(cell);
            writer.end_row();
        }
        CsvReader reader(Input::memory("back.csv", out.str()), {.delimiter = file.delimiter});
        CHECK(reader.columns() == file.header);
        const auto rows = read_all(reader);
        REQUIRE(rows.size() == file.rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            auto cells = rows[i].cells;
            if (file.rows[i].cells.size() < cells.size()) cells.resize(file.rows[i].cells.size());
            CHECK(cells == file.rows[i].cells);
        }
    }
}

TEST_CASE("csv: the same rows from a file, from gzip, from gzip in two members, and through small pieces") {
    const Folder folder;
    for (const std::uint64_t seed : {3, 17, 42, 99}) {
        const MessyCsv file = messy_csv(seed);
        const std::size_t half = file.bytes.size() / 2;
        for (const auto& path : {folder.write("a.csv", file.bytes), folder.write("a.csv.gz", gzip(file.bytes)),
                                 folder.write("b.csv.gz", gzip(file.bytes.substr(0, half)) + gzip(file.bytes.substr(half)))}) {
            CsvReader reader(Input::open(path));
            check_rows(read_all(reader), file);
        }
    }
    // Longer than any buffer: 400,000 rows, with quoted line breaks and doubled quotes across the edges of the pieces.
    std::string text = "a,b\n";
    for (int i = 0; i < 400'000; ++i) text += std::to_string(i) + ",\"x\"\"\n" + std::string(static_cast<std::size_t>(i % 7), 'y') + "\"\n";
    CsvReader reader(Input::open(folder.write("long.csv.gz", gzip(text))));
    Row row;
    bool same = true;
    int count = 0;
    for (; reader.next(row); ++count)
        same = same && row.problem.code.empty() && row.cells[0] == std::to_string(count) &&
               row.cells[1] == "x\"\n" + std::string(static_cast<std::size_t>(count % 7), 'y');
    CHECK(same);
    CHECK(count == 400'000);
}

TEST_CASE("csv: handmade files that read") {
    struct Case {
        const char* what;
        std::string text;
        std::vector<std::vector<std::string>> rows;  // sound rows only
        std::vector<std::string> codes;              // of all rows, "" sound
    };
    const std::string nul("a,b\nx\0y,1\nz,2\n", 14);
    const std::vector<Case> cases{
        {"no newline at the end", "a,b\n1,2", {{"1", "2"}}, {""}},
        {"header only", "a,b\n", {}, {}},
        {"header only, no newline", "a,b", {}, {}},
        {"byte order mark",
         "\xEF\xBB\xBF"
         "a,b\n1,2\n",
         {{"1", "2"}},
         {""}},
        {"byte order mark before a quote", "\xEF\xBB\xBF\"a\",b\n1,2\n", {{"1", "2"}}, {""}},
        {"CRLF", "a,b\r\n1,2\r\n", {{"1", "2"}}, {""}},
        {"CR", "a,b\r1,2\r", {{"1", "2"}}, {""}},
        {"mixed line ends", "a,b\n1,2\r\n3,4\r5,6", {{"1", "2"}, {"3", "4"}, {"5", "6"}}, {"", "", ""}},
        {"line break in quotes", "a,b\n\"1\n1\",2\n", {{"1\n1", "2"}}, {""}},
        {"CRLF in quotes stays", "a,b\r\n\"1\r\n1\",2\r\n", {{"1\r\n1", "2"}}, {""}},
        {"doubled quotes", "a,b\n\"\"\"x\"\"\",\"\"\"\"\n", {{"\"x\"", "\""}}, {""}},
        {"empty quoted", "a,b\n\"\",\n", {{"", ""}}, {""}},
        {"quote inside a plain field", "a,b\n5\" pipe,2\n", {{"5\" pipe", "2"}}, {""}},
        {"delimiter in quotes", "a,b\n\"1,1\",2\n", {{"1,1", "2"}}, {""}},
        {"tab", "a\tb\n1,5\t2\n", {{"1,5", "2"}}, {""}},
        {"semicolon with decimal commas", "a;b\n1,5;2,5\n3,5;4,5\n", {{"1,5", "2,5"}, {"3,5", "4,5"}}, {"", ""}},
        {"one column", "smiles\nCCO\nC\n", {{"CCO"}, {"C"}}, {"", ""}},
        {"one column with an empty quoted cell", "a\n\"\"\nb\n", {{""}, {"b"}}, {"", ""}},
        {"blanks around cells stay", "a,b\n 1 ,\t2\n", {{" 1 ", "\t2"}}, {""}},
        {"blank lines at the end", "a,b\n1,2\n\n\r\n\n", {{"1", "2"}}, {""}},
        {"blank lines in between", "a,b\n1,2\n\n\n3,4\n", {{"1", "2"}, {"3", "4"}}, {"", "blank_row", "blank_row", ""}},
        {"blank lines before the header", "\n\na,b\n1,2\n", {{"1", "2"}}, {""}},
        {"short row", "a,b,c\n1,2\n1,2,3\n", {{"1", "2", "3"}}, {"ragged_row", ""}},
        {"long row", "a,b\n1,2,3\n1,2\n", {{"1", "2"}}, {"ragged_row", ""}},
        {"trailing delimiter", "a,b\n1,2,\n", {}, {"ragged_row"}},
        {"text after a quote", "a,b\n\"x\"y,2\n3,4\n", {{"3", "4"}}, {"text_after_quote", ""}},
        {"blank after a quote", "a,b\n\"x\" ,2\n", {}, {"text_after_quote"}},
        {"NUL", nul, {{"z", "2"}}, {"nul_byte", ""}},
        {"Latin-1", "a,b\nna\xEFve,1\nx,2\n", {{"x", "2"}}, {"invalid_utf8", ""}},
        {"overlong UTF-8", "a,b\n\xC0\xAF,1\n\xED\xA0\x80,2\n\xF4\x90\x80\x80,3\n", {}, {"invalid_utf8", "invalid_utf8", "invalid_utf8"}},
        {"sound UTF-8 of all lengths",
         "a,b\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA7\xAA,1\n",
         {{"\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA7\xAA", "1"}},
         {""}},
        {"duplicate and empty header names are kept", "a,a,\n1,2,3\n", {{"1", "2", "3"}}, {""}},
    };
    CHECK(cases.size() >= 30);
    for (const Case& c : cases) {
        INFO(c.what);
        std::vector<std::vector<std::string>> sound;
        std::vector<std::string> codes;
        for (const Row& row : read_text(c.text)) {
            codes.push_back(row.problem.code);
            if (row.problem.code.empty()) sound.push_back(row.cells);
        }
        CHECK(codes == c.codes);
        CHECK(sound == c.rows);
    }
}

TEST_CASE("csv: after the last row there is none, however often one asks") {
    CsvReader reader(Input::memory("t.csv", "a,b\n1,2\n\n\n"));
    Row row;
    CHECK(reader.next(row));
    for (int i = 0; i < 3; ++i) CHECK_FALSE(reader.next(row));
}

TEST_CASE("csv: a problem says file:row:column") {
    const auto rows = read_text("smiles,Tg\n\"C\nC\",1\nCCO,2,9\nC\xFF,3\n");
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].line == 2);
    CHECK(rows[1].number == 3);
    CHECK(rows[1].line == 4);  // the row before has two lines
    CHECK(rows[1].problem.message == "t.csv:3:3: 3 fields where the header has 2");
    CHECK(rows[1].cells == std::vector<std::string>{"CCO", "2", "9"});
    CHECK(rows[2].problem.message == "t.csv:4:1: 'C\\xFF' is not UTF-8 text");
}

TEST_CASE("csv: files that cannot be read, each with its own message") {
    CHECK(error_of("") == "t.csv: the file is empty");
    CHECK(error_of("\n\r\n\n") == "t.csv: there are only blank lines");
    CHECK(error_of(",,\n1,2,3\n") == "t.csv:1: the header names no column");
    CHECK(error_of(" , \n1,2\n") == "t.csv:1: the header names no column");
    CHECK(error_of(std::string("\xFF\xFE"
                               "a\0,\0",
                               6)) == "t.csv: the file is UTF-16");
    CHECK(error_of("PK\x03\x04...").find("spreadsheet or zip") != std::string::npos);
    CHECK(error_of("a,b\xE9\n1,2\n") == "t.csv:1:2: the column name 'b\\xE9' is not UTF-8 text");
    CHECK(error_of("\"a\"x,b\n1,2\n").find("text follows the closing quote") != std::string::npos);
    // The row and the line where the quote opened, not the end of the file.
    CHECK(error_of("a,b\n\"1\n1\",2\n3,\"4\n5,6\n7,8\n") == "t.csv:3:2: the quote opened here (line 4) is never closed");
    CHECK(error_of("a,\"b\n1,2\n") == "t.csv:1:2: the quote opened here (line 1) is never closed");
}

TEST_CASE("csv: every cap ends the file with an error that names its flag, and no more is read") {
    CsvOptions options;
    options.limits.max_field_bytes = 100;
    options.limits.max_row_bytes = 250;
    options.limits.max_columns = 5;
    const std::string long_field(101, 'x'), field(99, 'x');
    CHECK(read_text("a,b\n" + std::string(100, 'x') + ",1\n", options).size() == 1);
    CHECK(error_of("a,b\n" + long_field + ",1\n", options) == "t.csv:2:1: a field of more than 100 bytes (--max-field-bytes)");
    CHECK(error_of("a,b\n1,\"" + long_field + "\"\n", options).find("--max-field-bytes") != std::string::npos);
    CHECK(error_of("a,b,c\n" + field + "," + field + "," + field + "\n", options) ==
          "t.csv:2: a row of more than 250 bytes (--max-row-bytes)");
    CHECK(error_of("a,b,c,d,e,f\n1,2,3,4,5,6\n", options) == "t.csv:1: more than 5 columns (--max-columns)");
    const auto wide = read_text("a,b\n1,2,3,4,5,6,7,8,9\n", options);
    CHECK(wide[0].problem.code == reason::ragged_row);
    CHECK(wide[0].cells.size() == 5);
    // A quote that is never closed is stopped by the field cap and the message leads to it.
    std::string open = "a,b\n1,\"2\n";
    for (int i = 0; i < 100'000; ++i) open += "3,4\n";
    CHECK(error_of(open, options).find("t.csv:2:2: a field of more than 100 bytes (--max-field-bytes); the quote opened at line 2") == 0);
    CHECK(error_of("a,b\n" + std::string(5'000'000, 'x')).find("--max-field-bytes") != std::string::npos);
    CHECK(error_of("a\n" + std::string(5'000'000, ',')).find("--max-row-bytes") != std::string::npos);
    CHECK(error_of(std::string(5'000'000, ',')).find("--max-row-bytes") != std::string::npos);
}

TEST_CASE("csv: gzip that is cut, damaged, followed by junk, or a bomb") {
    const Folder folder;
    std::string text = "a,b\n";
    for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919) + ",x\n";
    const std::string packed = gzip(text);
    const auto error_of_file = [&](const std::string& bytes, ExitCode code, const Limits& limits = {}) -> std::string {
        const auto path = folder.write("x.csv.gz", bytes);
        try {
            CsvReader reader(Input::open(path, limits));
            read_all(reader);
        } catch (const Error& error) {
            CHECK(error.code() == code);
            return error.what();
        }
        return "no error";
    };
    for (std::size_t size : {std::size_t{3}, packed.size() / 2, packed.size() - 1})
        CHECK(error_of_file(packed.substr(0, size), ExitCode::corrupt).find("ends too early") != std::string::npos);
    std::string damaged = packed;
    damaged[packed.size() - 6] ^= 1;  // the checksum
    CHECK(error_of_file(damaged, ExitCode::corrupt).find("damaged gzip file") != std::string::npos);
    CHECK(error_of_file(packed + "junk", ExitCode::corrupt).find("damaged gzip file") != std::string::npos);
    Limits limits;
    limits.max_inflated_bytes = 1000;
    CHECK(error_of_file(packed, ExitCode::data, limits).find("--max-inflated-bytes") != std::string::npos);
    std::string bomb = "a\n";
    for (int i = 0; i < 200; ++i) bomb += std::string(500'000, 'x') + "\n";
    CHECK(error_of_file(gzip(bomb), ExitCode::data).find("--max-inflation") != std::string::npos);
}

TEST_CASE("csv: a missing file names the nearest, a folder is no file") {
    const Folder folder;
    folder.write("molecules.csv", "a\n1\n");
    const auto message = [&](const std::string& path) -> std::string {
        try {
            Input::open(path);
        } catch (const Error& error) {
            CHECK(error.code() == ExitCode::data);
            return error.what();
        }
        return "no error";
    };
    CHECK(message((folder.path / "molecule.csv").string()).find("no such file. Did you mean 'molecules.csv'?") != std::string::npos);
    CHECK(message((folder.path / "nowhere" / "m.csv").string()).find("does not exist either") != std::string::npos);
    CHECK(message(folder.path.string()).find("is a folder") != std::string::npos);
    CHECK(message("").find("no such file") != std::string::npos);
}

TEST_CASE("csv: the writer guards cells of its own and leaves the user's alone") {
    std::ostringstream out;
    CsvWriter writer(out);
    for (const char* text : {"=1+1", "+cmd", "-x", "@sum", "\tx", "-3.5", "+2e3", "plain", "", "say \"a\""}) writer.own_cell(text);
    writer.end_row();
    for (const char* text : {"=1+1", "+cmd", "-x"}) writer.user_cell(text);
    writer.end_row();
    writer.user_cell("");
    writer.end_row();
    writer.number(0.1);
    writer.number(-1e300);
    writer.number(std::nan(""));
    writer.integer(7);
    writer.end_row();
    CHECK(out.str() ==
          "'=1+1,'+cmd,'-x,'@sum,\"'\tx\",-3.5,+2e3,plain,,\"say \"\"a\"\"\"\n"
          "=1+1,+cmd,-x\n"
          "\"\"\n"
          "0.1,-1e+300,,7\n");
    std::ofstream full("/dev/full");
    CsvWriter failing(full);
    CHECK_THROWS_AS(
        {
            for (int i = 0; i < 100'000; ++i) {
                failing.integer(1);
                failing.end_row();
            }
        },
        Error);
}

TEST_CASE("csv: the delimiter is recognised, and said") {
    const auto described = [](const std::string& text, CsvOptions options = {}) {
        return CsvReader(Input::memory("t", text), options).description();
    };
    CHECK(described("a,b\n1,2\n") == "CSV, comma separated (recognised), 2 columns");
    CHECK(described("a\tb\n1\t2\n") == "TSV, tab separated (recognised), 2 columns");
    CHECK(described("a;b\n1;2\n", {.delimiter = ';'}) == "CSV, semicolon separated, 2 columns");
    CHECK(described("\xEF\xBB\xBF"
                    "a\n1\n") == "CSV, comma separated (recognised), 1 column, byte order mark skipped");
    // A comma in every quoted cell of a semicolon file, a semicolon in one cell of a comma file.
    CHECK(sniff_delimiter("\"a,x\";b\n\"1,5\";2\n", true, true) == ';');
    CHECK(sniff_delimiter("smiles,name\nC,a;b\nCC,c\n", true, true) == ',');
    CHECK(sniff_delimiter("smiles,names; all\nC,a\nCC,c\n", true, true) == ',');
    CHECK(sniff_delimiter("a,b\tc\n1,2\t3\n", true, true, '\t') == '\t');
    CHECK(sniff_delimiter("a;b,c\n1;2,3\n", true, true) == ',');
    CHECK(sniff_delimiter("one\ntwo\n", true, true) == ',');
    const auto rows = read_text("CCO,1\nC,2\n", {.header = false});
    CHECK(rows.size() == 2);
    CHECK(rows[0].number == 1);
    CHECK(rows[0].cells == std::vector<std::string>{"CCO", "1"});
    CHECK(read_text("a\tb\n\"x\t1\n", {.quotes = false})[0].cells == std::vector<std::string>{"\"x", "1"});
}

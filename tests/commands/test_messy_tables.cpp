#include <doctest/doctest.h>

#include <set>

#include "tests/commands/program.h"
#include "tests/train/messy_csv.h"
#include "train/data/table.h"

using namespace molten;
using namespace molten::program;
namespace fs = std::filesystem;

TEST_CASE("messy tables: rows in = rows out, each with a prediction or a reason") {
    const Home home;
    const fs::path model = home.path / "run", data = home.path / "messy.csv", out = home.path / "p.csv";
    write_text(home.path / "t.csv", molecule_table(40));
    REQUIRE(run(tiny_training(home.path / "t.csv", model, {"--target", "y"})).code == 0);
    std::size_t rows = 0, predicted = 0;
    std::set<std::string> reasons;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const MessyCsv messy = messy_csv(seed);
        write_text(data, messy.bytes);
        const Ended ended = run({"predict", "--model", model.string(), "--data", data.string(), "--out", out.string(), "--smiles-column", messy.header[0]});
        INFO("seed " << seed << "\n" << ended.all());
        REQUIRE(ended.code == 0);
        data::TableOptions comma;
        comma.delimiter = ',';
        const data::Table table = data::read_table(out.string(), comma);
        const std::size_t columns = messy.header.size();
        REQUIRE(table.columns.size() == columns + 4);
        for (std::size_t c = 0; c < columns; ++c) CHECK(table.columns[c] == messy.header[c]);
        REQUIRE(table.rows.size() == messy.rows.size());
        for (std::size_t r = 0; r < table.rows.size(); ++r) {
            const data::Row& row = table.rows[r];
            const MessyRow& given = messy.rows[r];
            INFO("row " << r << " reason '" << row.cells[columns + 3] << "' meant '" << given.code << "'");
            if (given.code.empty())
                for (std::size_t c = 0; c < columns; ++c) CHECK((row.cells[c] == given.cells[c]));
            const std::string& reason = row.cells[columns + 3];
            if (!given.code.empty()) CHECK(reason == given.code);
            for (std::size_t c = columns; c < columns + 3; ++c) CHECK(row.cells[c].empty() == !reason.empty());
            ++rows;
            predicted += reason.empty();
            reasons.insert(reason);
        }
    }
    CHECK(rows > 1000);
    CHECK(predicted > 20);
    CHECK(reasons.size() >= 8);
}

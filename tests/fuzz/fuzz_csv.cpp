// Any bytes as CSV, SMI, SDF and splits.json, and every cell of the CSV as a target: either rows or an Error, within small caps, and what
// the writer writes of a row reads back to the same bytes.
#include "train/data/csv.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "engine/core/error.h"
#include "train/data/splits.h"
#include "train/data/table.h"
#include "train/data/target.h"

using namespace molten;
using namespace molten::data;

namespace {

Limits small_limits() {
    Limits limits;
    limits.max_field_bytes = 4096;
    limits.max_row_bytes = 16384;
    limits.max_columns = 64;
    return limits;
}

void require(bool holds) {
    if (!holds) std::abort();
}

void read_as(const std::string& bytes, Format format) {
    TableReader reader(Input::memory("fuzz", bytes), format, {.limits = small_limits()});
    std::uint64_t last = 0;
    for (Row row; reader.next(row);) {
        require(row.cells.size() >= reader.columns().size());
        require(row.number > last);
        last = row.number;
        require(row.problem.code.empty() == row.problem.message.empty());
        for (const std::string& cell : row.cells) parse_number(cell);
    }
}

// The rows of `bytes`, written and read again.
void round_trip(const std::string& bytes) {
    CsvReader reader(Input::memory("fuzz", bytes), {.limits = small_limits()});
    for (Row row; reader.next(row);) {
        std::ostringstream out;
        CsvWriter writer(out);
        for (std::size_t i = 0; i < row.cells.size(); ++i) writer.user_cell("name");
        writer.end_row();
        for (const std::string& cell : row.cells) writer.user_cell(cell);
        writer.end_row();
        CsvReader back(Input::memory("back", out.str()), {.delimiter = ','});
        Row same;
        require(back.next(same) && same.cells == row.cells);
        require(!back.next(same));
    }
}

template <class Call>
void guarded(Call&& call) {
    try {
        call();
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    for (const Format format : {Format::csv, Format::tsv, Format::smi, Format::sdf}) guarded([&] { read_as(bytes, format); });
    guarded([&] { round_trip(bytes); });
    guarded([&] { parse_splits(bytes, "fuzz", 100); });
    guarded([&] {
        TableReader reader(Input::memory("fuzz", bytes), Format::csv, {.limits = small_limits()});
        const Table table = read_table(reader);
        Rejects rejects(false, 1);
        const Target target = read_target(table, table.columns.back(), rejects);
        require(target.values.size() == table.rows.size());
        require(target.problem().size() < 10'000);
    });
    return 0;
}

#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace molten::data {

// Reason codes of rows that a file reader or a target column refuses; chem adds its own for molecules. They go into rejected.csv
// and into the `reason` column of predictions, so they are part of the interface: never rename one.
namespace reason {
inline constexpr const char* ragged_row = "ragged_row";              // more or fewer fields than the header
inline constexpr const char* blank_row = "blank_row";                // an empty line before the last row
inline constexpr const char* nul_byte = "nul_byte";                  // a NUL byte in a cell
inline constexpr const char* invalid_utf8 = "invalid_utf8";          // bytes that are not UTF-8 in a cell
inline constexpr const char* text_after_quote = "text_after_quote";  // "abc"d: a closing quote inside a field
inline constexpr const char* sdf_no_end = "sdf_no_end";              // an SDF record without M  END
inline constexpr const char* sdf_bad_property = "sdf_bad_property";  // an SDF data header without <name>, or a name twice
inline constexpr const char* target_not_a_number = "target_not_a_number";
inline constexpr const char* target_decimal_comma = "target_decimal_comma";  // 3,14
inline constexpr const char* target_has_unit = "target_has_unit";            // 12 mg
inline constexpr const char* target_censored = "target_censored";            // >5
inline constexpr const char* target_not_finite = "target_not_finite";        // inf, 1e999
inline constexpr const char* target_not_a_class = "target_not_a_class";      // outside the classes asked for
}  // namespace reason

// Why a row cannot be used. `column` counts fields from 1; 0 is the row as a whole.
struct Problem {
    std::string code;  // "" = none
    std::size_t column = 0;
    std::string message;
};

// One row of a table, in the order of the file. cells.size() >= number of columns: a short row is filled up with empty cells, a
// long one keeps what it has; both carry reason::ragged_row.
struct Row {
    std::uint64_t number = 0;  // CSV: row of the file as a spreadsheet shows it, the header counts. SMI, SDF: record from 1
    std::uint64_t line = 0;    // line of its first byte, from 1
    std::vector<std::string> cells;
    Problem problem;
};

// What reads rows out of one kind of file.
class RecordReader {
  public:
    virtual ~RecordReader() = default;
    virtual const std::vector<std::string>& columns() const = 0;
    // The next row, or false at the end. Throws where the rest of the file cannot be read (open quote, a cap, damage).
    virtual bool next(Row& row) = 0;
    // What was recognised, for the log: "CSV, comma, 3 columns".
    virtual std::string description() const = 0;
};

}  // namespace molten::data

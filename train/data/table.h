#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "train/data/input.h"
#include "train/data/row.h"

namespace molten::data {

enum class Format { csv, tsv, smi, sdf };

// By extension, a trailing .gz aside: .csv .txt | .tsv .tab | .smi .smiles .ism | .sdf .sd. Error(usage) for any other.
Format format_of(const std::string& path);
// "csv", "tsv", "smi", "sdf". Error(usage) with the nearest for any other.
Format parse_format(std::string_view name);
const char* name_of(Format);

struct TableOptions {
    std::optional<Format> format{};  // none: by the extension; standard input is CSV
    char delimiter = 0;              // CSV and TSV; 0: recognised
    bool header = true;              // CSV and TSV
    bool quotes = true;              // CSV and TSV
    Limits limits{};
};

// The rows of a file of molecules, one after the other.
class TableReader {
  public:
    explicit TableReader(const std::string& path, const TableOptions& options = {});
    TableReader(Input input, Format format, const TableOptions& options = {});

    const std::string& name() const { return name_; }
    const std::vector<std::string>& columns() const { return reader_->columns(); }
    std::size_t column(std::string_view wanted) const;  // see find_column
    bool next(Row& row) { return reader_->next(row); }
    std::string description() const { return reader_->description(); }

  private:
    std::string name_;
    std::unique_ptr<RecordReader> reader_;
};

// A file that was read as a whole: columns and rows in their order, refused rows among them.
struct Table {
    std::string name;         // of the file
    std::string description;  // what was recognised
    std::vector<std::string> columns;
    std::vector<Row> rows;

    std::size_t column(std::string_view wanted) const;  // see find_column
};

Table read_table(const std::string& path, const TableOptions& options = {});
Table read_table(TableReader& reader);

// Index of the column `wanted` (exact; blanks around a header name do not count). Error(data) where there is none: what the file has
// and the nearest name. Error(data) where two columns bear it.
std::size_t find_column(const std::string& file, std::span<const std::string> columns, std::string_view wanted);

// The column of molecules when no flag names it: smiles, psmiles, canonical_smiles, isomeric_smiles, smiles_canonical, mol_block, mol (case
// ignored), the first of this list that the file has.
std::optional<std::size_t> molecule_column(std::span<const std::string> columns);

// Adds the columns of `other` but its key to `table`, row by row where the keys (trimmed) are equal; empty cells where no row of `other`
// has the key. Error(data) where a key occurs twice in `other`, or both have a column of one name. Refused rows take no part.
struct JoinCount {
    std::size_t matched = 0, without_partner = 0, unused = 0;  // rows of table, rows of table, rows of other
};
JoinCount join(Table& table, std::string_view key, const Table& other, std::string_view other_key);

}  // namespace molten::data

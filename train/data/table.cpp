#include "train/data/table.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <unordered_map>

#include "engine/core/error.h"
#include "train/data/csv.h"
#include "train/data/molecule_files.h"
#include "train/data/nearest.h"
#include "train/data/text.h"

namespace molten::data {

Format format_of(const std::string& path) {
    if (path == "-") return Format::csv;
    std::string name = lower(path);
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    const auto ends = [&](std::initializer_list<const char*> extensions) {
        for (const char* extension : extensions)
            if (name.ends_with(extension)) return true;
        return false;
    };
    if (ends({".csv", ".txt"})) return Format::csv;
    if (ends({".tsv", ".tab"})) return Format::tsv;
    if (ends({".smi", ".smiles", ".ism"})) return Format::smi;
    if (ends({".sdf", ".sd"})) return Format::sdf;
    throw Error(ExitCode::usage, fmt::format("{}: the extension tells no format", path),
                "Say --format csv, tsv, smi or sdf, or use .csv .txt .tsv .tab .smi .smiles .ism .sdf .sd (and .gz behind it).");
}

static const std::array<std::string, 4> kFormatNames{"csv", "tsv", "smi", "sdf"};

Format parse_format(std::string_view name) {
    for (std::size_t i = 0; i < kFormatNames.size(); ++i)
        if (lower(name) == kFormatNames[i]) return static_cast<Format>(i);
    throw Error(ExitCode::usage, fmt::format("'{}' is no format.{}", excerpt(name), did_you_mean(name, kFormatNames)),
                "Formats: csv, tsv, smi, sdf.");
}

const char* name_of(Format format) { return kFormatNames[static_cast<std::size_t>(format)].c_str(); }

TableReader::TableReader(const std::string& path, const TableOptions& options)
    : TableReader{Input::open(path, options.limits), options.format ? *options.format : format_of(path), options} {}  // {}: opened first

TableReader::TableReader(Input input, Format format, const TableOptions& options) : name_(input.name()) {
    if (format == Format::smi) {
        reader_ = std::make_unique<SmiReader>(std::move(input), options.limits);
    } else if (format == Format::sdf) {
        reader_ = std::make_unique<SdfReader>(std::move(input), options.limits);
    } else {
        CsvOptions csv{.delimiter = options.delimiter,
                       .preferred = format == Format::tsv ? '\t' : ',',
                       .header = options.header,
                       .quotes = options.quotes,
                       .limits = options.limits};
        reader_ = std::make_unique<CsvReader>(std::move(input), csv);
    }
}

std::size_t TableReader::column(std::string_view wanted) const { return find_column(name_, columns(), wanted); }
std::size_t Table::column(std::string_view wanted) const { return find_column(name, columns, wanted); }

Table read_table(const std::string& path, const TableOptions& options) {
    TableReader reader(path, options);
    return read_table(reader);
}

Table read_table(TableReader& reader) {
    Table table{reader.name(), reader.description(), reader.columns(), {}};
    for (Row row; reader.next(row);) table.rows.push_back(std::move(row));
    return table;
}

namespace {

// "smiles, Tg, Tc and 12 more"
std::string listed(std::span<const std::string> columns) {
    constexpr std::size_t shown = 20;
    std::string text;
    for (std::size_t i = 0; i < std::min(columns.size(), shown); ++i) text += (i == 0 ? "'" : ", '") + excerpt(trim(columns[i])) + "'";
    if (columns.size() > shown) text += fmt::format(" and {} more", columns.size() - shown);
    return text;
}

bool is_number(std::string_view text) {
    double value = 0;
    text = trim(text);
    return !text.empty() && std::from_chars(text.data(), text.data() + text.size(), value).ptr == text.data() + text.size();
}

}  // namespace

std::size_t find_column(const std::string& file, std::span<const std::string> columns, std::string_view wanted) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (trim(columns[i]) != trim(wanted)) continue;
        if (found)
            throw Error(
                ExitCode::data,
                fmt::format("{}: the column '{}' occurs twice, as column {} and column {}", file, excerpt(wanted), *found + 1, i + 1),
                "Rename one of them.");
        found = i;
    }
    if (found) return *found;
    std::string hint = "Columns of the file: " + listed(columns) + ".";
    for (const std::string& name : columns)
        if (is_number(name)) {
            hint += " The first line looks like data; has the file a header? (--no-header)";
            break;
        }
    throw Error(ExitCode::data, fmt::format("{}: there is no column '{}'.{}", file, excerpt(wanted), did_you_mean(wanted, columns)), hint);
}

std::optional<std::size_t> molecule_column(std::span<const std::string> columns) {
    for (const char* wanted : {"smiles", "psmiles", "canonical_smiles", "isomeric_smiles", "smiles_canonical", "mol_block", "mol"})
        for (std::size_t i = 0; i < columns.size(); ++i)
            if (lower(trim(columns[i])) == wanted) return i;
    return std::nullopt;
}

JoinCount join(Table& table, std::string_view key, const Table& other, std::string_view other_key) {
    const std::size_t key_column = table.column(key), other_column = other.column(other_key);
    std::unordered_map<std::string, const Row*> partners;
    for (const Row& row : other.rows) {
        if (!row.problem.code.empty()) continue;
        const auto [place, fresh] = partners.emplace(trim(row.cells[other_column]), &row);
        if (!fresh)
            throw Error(ExitCode::data,
                        fmt::format("{}:{}: the key '{}' occurs in row {} already", other.name, row.number, excerpt(place->first),
                                    place->second->number),
                        "Keep one row a key.");
    }
    const std::size_t width = table.columns.size();
    std::vector<std::size_t> added;
    for (std::size_t i = 0; i < other.columns.size(); ++i) {
        if (i == other_column) continue;
        for (std::size_t j = 0; j < width; ++j)
            if (trim(table.columns[j]) == trim(other.columns[i]))
                throw Error(ExitCode::data,
                            fmt::format("{} and {} both have a column '{}'", table.name, other.name, excerpt(other.columns[i])),
                            "Rename one of them.");
        added.push_back(i);
        table.columns.push_back(other.columns[i]);
    }
    JoinCount count;
    for (Row& row : table.rows) {
        row.cells.resize(width);
        const auto partner = row.problem.code.empty() ? partners.find(std::string(trim(row.cells[key_column]))) : partners.end();
        const bool matched = partner != partners.end();
        ++(matched ? count.matched : count.without_partner);
        for (const std::size_t i : added) row.cells.push_back(matched ? partner->second->cells[i] : std::string());
    }
    std::unordered_map<std::string, bool> keys;
    for (const Row& row : table.rows)
        if (row.problem.code.empty()) keys.emplace(trim(row.cells[key_column]), true);
    for (const auto& [text, row] : partners) count.unused += !keys.contains(text);
    return count;
}

}  // namespace molten::data

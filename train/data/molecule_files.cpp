#include "train/data/molecule_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/error.h"
#include "train/data/text.h"

namespace molten::data {

LineReader::LineReader(Input input, const Limits& limits) : input_(std::move(input)), limits_(limits), buffer_(64 * 1024) {}

int LineReader::peek() {
    if (position_ == end_) {
        position_ = 0;
        end_ = input_.read(buffer_.data(), buffer_.size());
        if (end_ == 0) return -1;
    }
    return static_cast<unsigned char>(buffer_[position_]);
}

bool LineReader::next(std::string& line) {
    line.clear();
    if (peek() < 0) return false;
    ++number_;
    for (;;) {
        if (peek() < 0) break;
        const char* const begin = buffer_.data() + position_;
        const char* const end = buffer_.data() + end_;
        const char* stop = std::find_if(begin, end, [](char c) { return c == '\n' || c == '\r'; });
        const auto count = static_cast<std::size_t>(stop - begin);
        if (line.size() + count > limits_.max_field_bytes)
            throw Error(ExitCode::data,
                        fmt::format("{}:{}: a line of more than {} bytes (--max-field-bytes)", name(), number_, limits_.max_field_bytes),
                        "Is this the right kind of file? --format names another.");
        line.append(begin, count);
        position_ += count;
        if (stop == end) continue;
        const char c = buffer_[position_++];
        if (c == '\r' && peek() == '\n') ++position_;
        break;
    }
    if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    return true;
}

void LineReader::rewind() {
    input_.rewind();
    position_ = end_ = 0;
    number_ = 0;
}

namespace {

// The first word of a line and the rest behind the blanks, both without blanks around them.
std::pair<std::string_view, std::string_view> first_word(std::string_view line) {
    line = trim(line);
    const std::size_t stop = line.find_first_of(" \t");
    if (stop == std::string_view::npos) return {line, {}};
    return {line.substr(0, stop), trim(line.substr(stop))};
}

void check_text(Row& row, const std::string& file) {
    for (std::size_t i = 0; i < row.cells.size() && row.problem.code.empty(); ++i) {
        const std::string& cell = row.cells[i];
        const auto where = fmt::format("{}:{}:{}", file, row.number, i + 1);
        if (cell.find('\0') != std::string::npos)
            row.problem = {reason::nul_byte, i + 1, where + ": a NUL byte"};
        else if (!valid_utf8(cell))
            row.problem = {reason::invalid_utf8, i + 1, fmt::format("{}: '{}' is not UTF-8 text", where, excerpt(cell))};
    }
}

}  // namespace

SmiReader::SmiReader(Input input, const Limits& limits) : lines_(std::move(input), limits) {
    do {
        if (!lines_.next(pending_))
            throw Error(ExitCode::data, lines_.name() + ": the file holds no molecule", "One SMILES a line is needed.");
    } while (trim(pending_).empty());
    const auto [first, rest] = first_word(pending_);
    if (lower(first) == "smiles") {
        columns_ = {std::string(first), rest.empty() ? "name" : std::string(rest)};
        if (!valid_utf8(pending_) || pending_.find('\0') != std::string::npos)
            throw Error(ExitCode::data, fmt::format("{}:1: the title line is not UTF-8 text", lines_.name()), "Save the file as UTF-8.");
        return;
    }
    has_pending_ = true;
    pending_number_ = lines_.number();
}

bool SmiReader::next(Row& row) {
    row.problem = {};
    if (!has_pending_) {
        blanks_ = 0;
        for (;;) {
            if (!lines_.next(pending_)) return false;
            if (!trim(pending_).empty()) break;
            ++blanks_;
        }
        has_pending_ = true;
        pending_number_ = lines_.number();
    }
    row.number = row.line = pending_number_ - blanks_;
    row.cells.assign(2, {});
    if (blanks_ > 0) {
        --blanks_;
        row.problem = {reason::blank_row, 0, fmt::format("{}:{}: the line is blank", lines_.name(), row.number)};
        return true;
    }
    has_pending_ = false;
    const auto [smiles, name] = first_word(pending_);
    row.cells[0] = smiles;
    row.cells[1] = name;
    check_text(row, lines_.name());
    return true;
}

std::string SmiReader::description() const { return "SMI, one SMILES and name a line"; }

SdfReader::SdfReader(Input input, const Limits& limits) : lines_(std::move(input), limits), limits_(limits) {
    Row row;
    while (read_record(row, true)) ++records_;
    if (records_ == 0) throw Error(ExitCode::data, lines_.name() + ": the file holds no SDF record", "Is this the right kind of file?");
    for (const std::string& name : columns_)
        if (!valid_utf8(name) || name.find('\0') != std::string::npos)
            throw Error(ExitCode::data, fmt::format("{}: the property name '{}' is not UTF-8 text", lines_.name(), excerpt(name)),
                        "Save the file as UTF-8.");
    lines_.rewind();
    record_ = 0;
}

bool SdfReader::take_line(std::string& line) {
    if (!lines_.next(line)) return false;
    record_bytes_ += line.size() + 1;
    if (record_bytes_ > limits_.max_row_bytes)
        throw Error(ExitCode::data,
                    fmt::format("{}:{}: record {} has more than {} bytes (--max-row-bytes)", lines_.name(), lines_.number(), record_,
                                limits_.max_row_bytes),
                    "Is a line '$$$$' missing? Raise --max-row-bytes if the record is meant.");
    return true;
}

// The first pass (names_only) collects the property names, the second fills the row.
bool SdfReader::read_record(Row& row, bool names_only) {
    record_bytes_ = 0;
    ++record_;
    row.number = record_;
    row.line = lines_.number() + 1;
    row.problem = {};
    if (!names_only) row.cells.assign(columns_.size(), {});
    std::vector<bool> seen(columns_.size(), false);
    bool in_block = true, any = false;
    std::string block, title;
    std::size_t block_lines = 0;
    while (take_line(line_)) {
        if (line_.starts_with("$$$$")) {
            any = true;
            break;
        }
        any = any || !trim(line_).empty();
        if (!in_block) {
            if (line_.starts_with(">"))
                read_property(row, std::string(line_), seen, names_only);
            else if (!trim(line_).empty())
                stray_text(row);
            if (line_.starts_with("$$$$")) break;
            continue;
        }
        if (block_lines++ == 0) title = line_;
        block += line_;
        block += '\n';
        if (line_.starts_with("M  END")) in_block = false;
    }
    if (!any) return false;  // the end of the file, or blank lines before it
    if (names_only) return true;
    if (block.size() > limits_.max_field_bytes)
        throw Error(
            ExitCode::data,
            fmt::format("{}:{}: a mol block of more than {} bytes (--max-field-bytes)", lines_.name(), row.line, limits_.max_field_bytes),
            "Raise --max-field-bytes if the block is meant.");
    row.cells[0] = std::move(block);
    row.cells[1] = std::string(trim(title));
    if (in_block)
        row.problem = {reason::sdf_no_end, 1, fmt::format("{}:{}: record {} has no line 'M  END'", lines_.name(), row.line, row.number)};
    check_text(row, lines_.name());
    return true;
}

void SdfReader::stray_text(Row& row) const {
    if (row.problem.code.empty())
        row.problem = {
            reason::sdf_bad_property, 0,
            fmt::format("{}:{}: text outside a property: '{}'; is a line '$$$$' missing?", lines_.name(), lines_.number(), excerpt(line_))};
}

// "> <NAME>" with anything around the brackets, then the value up to a blank line or the end of the record.
void SdfReader::read_property(Row& row, const std::string& header, std::vector<bool>& seen, bool names_only) {
    const std::uint64_t line = lines_.number();
    const std::size_t open = header.find('<'), close = header.rfind('>');
    const bool named = open != std::string::npos && close != std::string::npos && close > open + 1;
    const std::string name = named ? std::string(trim(std::string_view(header).substr(open + 1, close - open - 1))) : std::string();
    std::string value;
    bool first = true;
    while (take_line(line_)) {
        if (line_.starts_with("$$$$") || trim(line_).empty()) break;
        if (!first) value += '\n';
        value += line_;
        first = false;
    }
    if (name.empty()) {
        if (row.problem.code.empty())
            row.problem = {reason::sdf_bad_property, 0,
                           fmt::format("{}:{}: a data header without <name>: '{}'", lines_.name(), line, excerpt(header))};
        return;
    }
    const auto found = index_.find(name);
    if (names_only) {
        if (found != index_.end()) return;
        if (columns_.size() >= limits_.max_columns)
            throw Error(ExitCode::data,
                        fmt::format("{}:{}: more than {} properties (--max-columns)", lines_.name(), line, limits_.max_columns),
                        "Raise --max-columns if that is meant.");
        index_.emplace(name, columns_.size());
        columns_.push_back(name);
        return;
    }
    if (found == index_.end())
        throw Error(ExitCode::data, fmt::format("{}:{}: the file changed while it was read", lines_.name(), line),
                    "Run again when it is at rest.");
    const std::size_t column = found->second;
    if (seen[column] && row.problem.code.empty())
        row.problem = {reason::sdf_bad_property, column + 1,
                       fmt::format("{}:{}: the property '{}' occurs twice in record {}", lines_.name(), line, excerpt(name), row.number)};
    seen[column] = true;
    row.cells[column] = std::move(value);
}

bool SdfReader::next(Row& row) { return read_record(row, false); }

std::string SdfReader::description() const {
    return fmt::format("SDF, {} records, {} propert{}", records_, columns_.size() - 2, columns_.size() == 3 ? "y" : "ies");
}

}  // namespace molten::data

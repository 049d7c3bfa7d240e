#include "train/data/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/core/error.h"
#include "train/data/text.h"

namespace molten::data {

namespace {

constexpr std::size_t chunk = 64 * 1024;

const char* name_of(char delimiter) {
    switch (delimiter) {
        case ',':
            return "comma";
        case '\t':
            return "tab";
        case ';':
            return "semicolon";
        case ' ':
            return "space";
        default:
            return "own delimiter";
    }
}

}  // namespace

CsvReader::CsvReader(Input input, CsvOptions options) : input_(std::move(input)), options_(options), buffer_(chunk) {
    begin_file();
    read_header();
}

// Reads on behind what is left in the buffer; false at the end of the input.
bool CsvReader::fill() {
    if (ended_) return false;
    if (position_ == end_) position_ = end_ = 0;
    if (end_ == buffer_.size()) {
        std::memmove(buffer_.data(), buffer_.data() + position_, end_ - position_);
        end_ -= position_;
        position_ = 0;
    }
    const std::size_t count = input_.read(buffer_.data() + end_, buffer_.size() - end_);
    end_ += count;
    ended_ = count == 0;
    return !ended_;
}

int CsvReader::peek() {
    if (position_ == end_ && !fill()) return -1;
    return static_cast<unsigned char>(buffer_[position_]);
}

std::string CsvReader::where(std::uint64_t row, std::size_t column) const {
    return column == 0 ? fmt::format("{}:{}", input_.name(), row) : fmt::format("{}:{}:{}", input_.name(), row, column);
}

// The first chunk decides: kind of file, byte order mark, delimiter.
void CsvReader::begin_file() {
    while (end_ < buffer_.size() && fill()) {
    }
    const std::string_view head(buffer_.data(), end_);
    if (head.empty())
        throw Error(ExitCode::data, input_.name() + ": the file is empty", "A header line and one line per molecule are needed.");
    if (head.substr(0, 2) == "\xFF\xFE" || head.substr(0, 2) == "\xFE\xFF")
        throw Error(ExitCode::data, input_.name() + ": the file is UTF-16", "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8').");
    if (head.substr(0, 4) == "PK\x03\x04" || head.substr(0, 4) == "\xD0\xCF\x11\xE0")
        throw Error(ExitCode::data, input_.name() + ": this is a spreadsheet or zip file, not CSV", "Export it as CSV.");
    byte_order_mark_ = head.substr(0, 3) == "\xEF\xBB\xBF";
    if (byte_order_mark_) position_ = 3;
    delimiter_ =
        options_.delimiter != 0 ? options_.delimiter : sniff_delimiter(head.substr(position_), ended_, options_.quotes, options_.preferred);
}

void CsvReader::read_header() {
    Row row;
    do {
        if (!read_record(row)) throw Error(ExitCode::data, input_.name() + ": there are only blank lines", "A header line is needed.");
    } while (blank(row));
    if (field_index_ > options_.limits.max_columns)
        throw Error(ExitCode::data, fmt::format("{}: more than {} columns (--max-columns)", where(row_, 0), options_.limits.max_columns),
                    "Raise --max-columns if that is meant.");
    columns_ = row.cells;
    if (!options_.header) {
        for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i] = fmt::format("column_{}", i + 1);
        pending_ = row;
        has_pending_ = true;
        check(pending_);
        return;
    }
    for (std::size_t i = 0; i < columns_.size(); ++i)
        if (columns_[i].find('\0') != std::string::npos || !valid_utf8(columns_[i]))
            throw Error(ExitCode::data, fmt::format("{}: the column name '{}' is not UTF-8 text", where(row_, i + 1), excerpt(columns_[i])),
                        "Save the file as UTF-8.");
    if (!row.problem.code.empty()) throw Error(ExitCode::data, row.problem.message, "Mend the header line.");
    if (std::all_of(columns_.begin(), columns_.end(), [](const std::string& name) { return trim(name).empty(); }))
        throw Error(ExitCode::data, where(row_, 0) + ": the header names no column", "The first line must name the columns.");
}

bool CsvReader::blank(const Row& row) const { return field_index_ == 1 && row.cells[0].empty() && !row_quoted_; }

bool CsvReader::next(Row& row) {
    if (blanks_ > 0) {
        --blanks_;
        row.number = blank_row_++;
        row.line = blank_line_++;
        row.cells.assign(columns_.size(), {});
        row.problem = {};
        refuse(row, reason::blank_row, 0, "the line is blank");
        return true;
    }
    if (has_pending_) {
        has_pending_ = false;
        std::swap(row, pending_);
        return true;
    }
    if (!read_record(row)) return false;
    if (!blank(row)) {
        check(row);
        return true;
    }
    // Blank lines are rows only when a row follows them.
    blank_row_ = row.number;
    blank_line_ = row.line;
    do {
        ++blanks_;
        if (!read_record(pending_)) {
            blanks_ = 0;
            return false;
        }
    } while (blank(pending_));
    check(pending_);
    has_pending_ = true;
    return next(row);
}

// One record without the judgement that needs the header. Fields beyond the column cap are counted, not kept.
bool CsvReader::read_record(Row& row) {
    if (peek() < 0) return false;
    row.number = ++row_;
    row.line = line_;
    row.problem = {};
    row_bytes_ = 0;
    row_quoted_ = false;
    std::string surplus;
    for (field_index_ = 1;; ++field_index_) {
        const bool kept = field_index_ <= options_.limits.max_columns;
        if (kept && row.cells.size() < field_index_) row.cells.emplace_back();
        std::string& field = kept ? row.cells[field_index_ - 1] : surplus;
        field.clear();
        const End end = options_.quotes && peek() == '"' ? quoted_field(row, field) : plain_field(row, field);
        if (end == End::record) break;
    }
    row.cells.resize(std::min(field_index_, options_.limits.max_columns));
    return true;
}

CsvReader::End CsvReader::line_break() {
    const char c = buffer_[position_++];
    if (c == '\r' && peek() == '\n') ++position_;
    ++line_;
    return End::record;
}

CsvReader::End CsvReader::plain_field(Row& row, std::string& field) {
    for (;;) {
        if (peek() < 0) return End::record;
        const char* const begin = buffer_.data() + position_;
        const char* const end = buffer_.data() + end_;
        const char* stop = begin;
        while (stop != end && *stop != delimiter_ && *stop != '\n' && *stop != '\r') ++stop;
        append(row, field, begin, static_cast<std::size_t>(stop - begin));
        position_ += static_cast<std::size_t>(stop - begin);
        if (stop == end) continue;
        if (*stop != delimiter_) return line_break();
        ++position_;
        ++row_bytes_;
        return End::delimiter;
    }
}

CsvReader::End CsvReader::quoted_field(Row& row, std::string& field) {
    const std::uint64_t opened_line = line_;
    row_quoted_ = true;
    ++position_;
    try {
        for (;;) {
            if (peek() < 0)
                throw Error(ExitCode::data,
                            fmt::format("{}: the quote opened here (line {}) is never closed", where(row_, field_index_), opened_line),
                            "Close it, or double it (\"\") if it belongs to the text.");
            const char* const begin = buffer_.data() + position_;
            const char* const end = buffer_.data() + end_;
            const auto* const quote = static_cast<const char*>(std::memchr(begin, '"', static_cast<std::size_t>(end - begin)));
            const char* const stop = quote == nullptr ? end : quote;
            append(row, field, begin, static_cast<std::size_t>(stop - begin));
            for (const char* c = begin; c != stop; ++c) line_ += *c == '\n';
            position_ += static_cast<std::size_t>(stop - begin);
            if (quote == nullptr) continue;
            ++position_;
            if (peek() != '"') break;
            append(row, field, "\"", 1);
            ++position_;
        }
    } catch (const Error& error) {
        if (std::string_view(error.what()).find("--max-") == std::string_view::npos) throw;
        throw Error(ExitCode::data, fmt::format("{}; the quote opened at line {} may never be closed", error.what(), opened_line),
                    error.hint());
    }
    const int after = peek();
    if (after >= 0 && after != delimiter_ && after != '\n' && after != '\r')
        refuse(row, reason::text_after_quote, field_index_,
               fmt::format("text follows the closing quote of a field that began at line {}", opened_line));
    return plain_field(row, field);
}

void CsvReader::append(Row& row, std::string& field, const char* bytes, std::size_t count) {
    const Limits& limits = options_.limits;
    row_bytes_ += count;
    if (field.size() + count > limits.max_field_bytes)
        throw Error(
            ExitCode::data,
            fmt::format("{}: a field of more than {} bytes (--max-field-bytes)", where(row.number, field_index_), limits.max_field_bytes),
            "Look for a quote without its partner; raise --max-field-bytes if the field is meant.");
    if (row_bytes_ > limits.max_row_bytes)
        throw Error(ExitCode::data,
                    fmt::format("{}: a row of more than {} bytes (--max-row-bytes)", where(row.number, 0), limits.max_row_bytes),
                    "Look for a quote without its partner; raise --max-row-bytes if the row is meant.");
    field.append(bytes, count);
}

void CsvReader::refuse(Row& row, const char* code, std::size_t column, const std::string& why) const {
    if (row.problem.code.empty()) row.problem = {code, column, where(row.number, column) + ": " + why};
}

void CsvReader::check(Row& row) const {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
        const std::string& cell = row.cells[i];
        if (cell.find('\0') != std::string::npos) refuse(row, reason::nul_byte, i + 1, "a NUL byte in the cell");
        if (!valid_utf8(cell)) refuse(row, reason::invalid_utf8, i + 1, fmt::format("'{}' is not UTF-8 text", excerpt(cell)));
    }
    if (field_index_ != columns_.size())
        refuse(row, reason::ragged_row, std::min(field_index_, columns_.size() + 1),
               fmt::format("{} field{} where the header has {}", field_index_, field_index_ == 1 ? "" : "s", columns_.size()));
    if (row.cells.size() < columns_.size()) row.cells.resize(columns_.size());
}

std::string CsvReader::description() const {
    return fmt::format("{}, {} separated{}, {} column{}{}", delimiter_ == '\t' ? "TSV" : "CSV", name_of(delimiter_),
                       options_.delimiter == 0 ? " (recognised)" : "", columns_.size(), columns_.size() == 1 ? "" : "s",
                       byte_order_mark_ ? ", byte order mark skipped" : "");
}

}  // namespace molten::data

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <ostream>

#include "engine/core/error.h"
#include "train/data/csv.h"

namespace molten::data {

namespace {

// A cell that a spreadsheet could take for a formula. Numbers such as -3.5 are none.
bool formula(std::string_view text) {
    if (text.empty() || std::string_view("=+-@\t\r").find(text[0]) == std::string_view::npos) return false;
    double value = 0;
    const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
    const auto [stop, code] = std::from_chars(begin, text.data() + text.size(), value);
    return code != std::errc() || stop != text.data() + text.size();
}

}  // namespace

void CsvWriter::put(std::string_view text, bool guard) {
    if (cells_ > 0) out_ << delimiter_;
    ++cells_;
    const bool apostrophe = guard && formula(text);
    lone_empty_ = cells_ == 1 && text.empty();
    if (text.find_first_of("\"\r\n\t,;") == std::string_view::npos && text.find(delimiter_) == std::string_view::npos) {
        if (apostrophe) out_ << '\'';
        out_ << text;
        return;
    }
    out_ << '"';
    if (apostrophe) out_ << '\'';
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t quote = text.find('"', begin);
        out_ << text.substr(begin, quote == std::string_view::npos ? quote : quote - begin + 1);
        if (quote == std::string_view::npos) break;
        out_ << '"';
        begin = quote + 1;
    }
    out_ << '"';
}

void CsvWriter::user_cell(std::string_view text) { put(text, false); }
void CsvWriter::own_cell(std::string_view text) { put(text, true); }

void CsvWriter::number(double value) { put(std::isnan(value) ? std::string() : fmt::format("{}", value), true); }

void CsvWriter::integer(std::uint64_t value) { put(std::to_string(value), true); }

void CsvWriter::end_row() {
    if (cells_ == 1 && lone_empty_) out_ << "\"\"";  // a row of one empty cell is no blank line
    out_ << '\n';
    cells_ = 0;
    if (!out_) throw Error(ExitCode::resources, "a CSV file cannot be written", "Is the disk full? Are the permissions right?");
}

}  // namespace molten::data

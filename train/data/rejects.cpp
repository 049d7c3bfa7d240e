#include "train/data/rejects.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "engine/core/error.h"
#include "engine/io/file.h"
#include "train/data/csv.h"
#include "train/data/text.h"

namespace molten::data {

void Rejects::add(Reject reject) {
    if (strict_) throw Error(ExitCode::data, reject.message, "Mend the row, or leave out --strict to go on without it.");
    const std::uint64_t row = reject.row;
    rejects_.try_emplace(row, std::move(reject));
}

void Rejects::add_refused(const Table& table) {
    for (const Row& row : table.rows) add_refused(table.columns, row);
}

void Rejects::add_refused(const std::vector<std::string>& columns, const Row& row) {
    const Problem& problem = row.problem;
    if (problem.code.empty()) return;
    Reject reject{row.number, {}, {}, problem.code, problem.message};
    const std::size_t index = problem.column - 1;  // beyond every column where the problem is the whole row
    if (index < columns.size()) reject.column = columns[index];
    if (index < row.cells.size()) reject.value = row.cells[index];
    add(std::move(reject));
}

const Reject* Rejects::find(std::uint64_t row) const {
    const auto found = rejects_.find(row);
    return found == rejects_.end() ? nullptr : &found->second;
}

std::vector<std::pair<std::string, std::size_t>> Rejects::by_reason() const {
    std::map<std::string, std::size_t> counts;
    for (const auto& [row, reject] : rejects_) ++counts[reject.reason];
    std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    return sorted;
}

std::string Rejects::summary(std::size_t rows) const {
    if (rejects_.empty()) return fmt::format("all {} rows are used", grouped(rows));
    std::string text = fmt::format("{} of {} rows are not used:", grouped(rejects_.size()), grouped(rows)), separator = " ";
    for (const auto& [reason, count] : by_reason()) {
        text += fmt::format("{}{} {}", separator, grouped(count), reason);
        separator = ", ";
    }
    return text;
}

void Rejects::check(std::size_t rows) const {
    if (static_cast<double>(rejects_.size()) <= max_share_ * static_cast<double>(rows)) return;
    throw Error(ExitCode::data, fmt::format("{}; the first: {}", summary(rows), rejects_.begin()->second.message),
                fmt::format("At most {:g} % may be rejected (--max-rejected). See rejected.csv; are the column and the delimiter right?",
                            100 * max_share_));
}

void Rejects::write(std::ostream& out) const {
    CsvWriter csv(out);
    for (const char* name : {"row", "column", "value", "reason", "message"}) csv.own_cell(name);
    csv.end_row();
    for (const auto& [row, reject] : rejects_) {
        csv.integer(row);
        csv.own_cell(excerpt(reject.column, 200));
        csv.own_cell(excerpt(reject.value, 200));
        csv.own_cell(reject.reason);
        csv.own_cell(reject.message);
        csv.end_row();
    }
}

void Rejects::write(const std::string& path) const {
    std::ostringstream text;
    write(text);
    io::write_file_atomically(path, text.view());
}

}  // namespace molten::data

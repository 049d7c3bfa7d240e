#include "train/data/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "engine/core/error.h"
#include "train/data/nearest.h"
#include "train/data/text.h"

namespace molten::data {

namespace {

constexpr std::size_t most_classes = 100;
constexpr std::size_t most_recognised_words = 20;
constexpr std::size_t fewest_rows_for_two_integers = 10;

struct Number {
    bool any = false;     // a number starts the text
    bool finite = false;  // it is finite and in the range of double
    double value = 0;
    std::string_view rest;  // behind it
};

Number read_number(std::string_view text) {
    const char* begin = text.data();
    const char* const end = begin + text.size();
    if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') ++begin;
    Number number;
    const auto [stop, code] = std::from_chars(begin, end, number.value);
    number.any = code != std::errc::invalid_argument;
    number.finite = code == std::errc() && std::isfinite(number.value);
    number.rest = std::string_view(stop, static_cast<std::size_t>(end - stop));
    return number;
}

bool is_missing(const std::string& word) {
    static const std::set<std::string, std::less<>> words{"", "-", "--", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?"};
    return words.contains(word);
}

Cell bad(const char* code, const char* why) { return {Cell::Kind::bad, 0, code, why}; }

// "3,14", "1,000.5", "1.234,5": digits and commas, with a number before the first comma.
bool has_comma(std::string_view rest) {
    return rest.size() > 1 && rest[0] == ',' && rest.find_first_not_of("0123456789.,eE+-") == std::string_view::npos;
}

}  // namespace

Cell parse_number(std::string_view text) {
    text = trim(text);
    if (text.size() <= 8 && is_missing(lower(text))) return {};
    const Number number = read_number(text);
    if (number.any && number.rest.empty()) {
        if (number.finite) return {Cell::Kind::value, number.value, nullptr, nullptr};
        return bad(reason::target_not_finite, "it is infinite or beyond the range of a double");
    }
    if (number.any && has_comma(number.rest))
        return bad(reason::target_decimal_comma, "it holds a comma; write numbers with a point and without grouping");
    const bool is_word = number.any && !number.finite;  // "inf...", "nan..." as the start of a word
    if (number.any && !is_word &&
        std::string_view(" \tabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%/\xC2\xB0\xB5").find(number.rest[0]) !=
            std::string_view::npos) {
        const bool hexadecimal = number.value == 0 && (number.rest[0] == 'x' || number.rest[0] == 'X');
        if (!hexadecimal) return bad(reason::target_has_unit, "something follows the number; keep units in the column's name");
    }
    if (!text.empty() &&
        (text[0] == '<' || text[0] == '>' || text[0] == '~' || text.starts_with("\xE2\x89\xA4") || text.starts_with("\xE2\x89\xA5")))
        return bad(reason::target_censored, "it is a bound, not a measured value");
    return bad(reason::target_not_a_number, "it is not a number");
}

const char* name_of(Task task) {
    switch (task) {
        case Task::regression:
            return "regression";
        case Task::binary:
            return "binary classification";
        default:
            return "multiclass classification";
    }
}

Task parse_task(std::string_view text) {
    static const std::array<std::string, 4> names{"regression", "classification", "binary", "multiclass"};
    static constexpr std::array<Task, 4> tasks{Task::regression, Task::binary, Task::binary, Task::multiclass};
    for (std::size_t i = 0; i < names.size(); ++i)
        if (lower(text) == names[i]) return tasks[i];
    throw Error(ExitCode::usage, fmt::format("'{}' is no task.{}", excerpt(text), did_you_mean(text, names)),
                "Tasks: regression, classification, multiclass.");
}

namespace {

// The cells of one column, looked at but not judged.
struct Survey {
    std::vector<Cell> cells;                   // one a row; missing where the row takes no part
    std::map<double, std::size_t> values;      // different numbers, with their counts
    std::map<std::string, std::size_t> words;  // different texts that are no numbers
    std::size_t numbers = 0, bad = 0, missing = 0;
    bool only_words = true;  // no bad cell begins as a number or a bound
    const Row* first_bad = nullptr;
};

Survey survey(const Table& table, std::size_t column, const Rejects& rejects) {
    Survey result;
    result.cells.resize(table.rows.size());
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const Row& row = table.rows[i];
        if (!row.problem.code.empty() || rejects.contains(row.number)) continue;
        Cell& cell = result.cells[i];
        cell = parse_number(row.cells[column]);
        if (cell.kind == Cell::Kind::missing) ++result.missing;
        if (cell.kind == Cell::Kind::value) {
            ++result.numbers;
            ++result.values[cell.value == 0 ? 0.0 : cell.value];  // -0 is 0
        }
        if (cell.kind == Cell::Kind::bad) {
            if (result.bad++ == 0) result.first_bad = &row;
            ++result.words[std::string(trim(row.cells[column]))];
            result.only_words = result.only_words && cell.reason == reason::target_not_a_number;
        }
    }
    return result;
}

std::string joined(const std::vector<std::string>& labels) {
    std::string text;
    for (std::size_t i = 0; i < labels.size() && i < 5; ++i) text += (i == 0 ? "" : ", ") + excerpt(labels[i], 30);
    return labels.size() > 5 ? text + ", ..." : text;
}

std::string label_of(const Cell& cell, std::string_view text) {
    if (cell.kind == Cell::Kind::value) return fmt::format("{}", cell.value == 0 ? 0.0 : cell.value);
    return std::string(trim(text));
}

// Numbers in their order, then words in byte order.
std::vector<std::string> labels_of(const Survey& survey) {
    std::vector<std::string> labels;
    for (const auto& [value, count] : survey.values) labels.push_back(fmt::format("{}", value));
    for (const auto& [word, count] : survey.words) labels.push_back(word);
    return labels;
}

// Classes 0 .. k-1 with k from 3 to 10, all there: could be classes as well as counts.
bool look_like_classes(const Survey& survey) {
    if (survey.values.size() < 3 || survey.values.size() > 10) return false;
    double expected = 0;
    for (const auto& [value, count] : survey.values)
        if (value != expected++) return false;
    return true;
}

void recognise(const Survey& survey, const std::string& where, Target& target) {
    const std::size_t distinct = survey.values.size();
    if (survey.numbers == 0 && survey.bad > 0) {
        const std::size_t kinds = survey.words.size();
        const bool classes = survey.only_words && kinds <= most_recognised_words && survey.bad >= 2 * kinds;
        if (!classes)
            throw Error(ExitCode::data, fmt::format("{}: no cell of the target '{}' is a number", where, excerpt(target.name)),
                        "Is this the right column? Classes of many different words need --task multiclass.");
        target.task = kinds > 2 ? Task::multiclass : Task::binary;
        target.why = fmt::format("{} different words ({}) in {} rows", kinds, joined(labels_of(survey)), grouped(survey.bad));
        return;
    }
    const bool integers =
        std::all_of(survey.values.begin(), survey.values.end(), [](const auto& v) { return v.first == std::floor(v.first); });
    const bool zero_one = distinct == 2 && survey.values.contains(0) && survey.values.contains(1);
    target.why = fmt::format("{} distinct value{} in {} rows", grouped(distinct), distinct == 1 ? "" : "s", grouped(survey.numbers));
    if (zero_one || (distinct == 2 && integers && survey.numbers >= fewest_rows_for_two_integers)) {
        const auto labels = labels_of(Survey{.cells = {}, .values = survey.values, .words = {}});
        target.task = Task::binary;
        target.why = fmt::format("2 distinct values {} and {} in {} rows", labels[0], labels[1], grouped(survey.numbers));
    } else if (look_like_classes(survey)) {
        target.why += fmt::format(", the integers 0 to {} (--task multiclass if they are classes)", distinct - 1);
    }
}

void refuse(const Table& table, const Row& row, const Target& target, const Cell& cell, Rejects& rejects) {
    rejects.add({row.number, target.name, row.cells[target.column], cell.reason,
                 fmt::format("{}:{}:{}: '{}' in the target '{}': {}", table.name, row.number, target.column + 1,
                             excerpt(row.cells[target.column]), excerpt(target.name), cell.why)});
}

// The classes of a classification target, and a check that their number can be one.
std::vector<std::string> choose_classes(const Survey& survey, const Target& target, const TargetOptions& options) {
    if (!options.classes.empty()) return options.classes;
    Survey counted{.cells = {}, .values = survey.values, .words = survey.words};
    if (!options.task && survey.numbers > 0) counted.words.clear();  // recognised from numbers: words are bad cells
    const auto labels = labels_of(counted);
    const std::size_t most = target.task == Task::binary ? 2 : most_classes;
    if (labels.size() > most)
        throw Error(ExitCode::data,
                    fmt::format("the target '{}' has {} different values ({}), {} allows {}", excerpt(target.name), grouped(labels.size()),
                                joined(labels), name_of(target.task), most),
                    target.task == Task::binary ? "--task multiclass takes up to 100 classes." : "Is this a regression target?");
    return labels;
}

}  // namespace

Target read_target(const Table& table, std::string_view name, Rejects& rejects, const TargetOptions& options) {
    Target target;
    target.column = table.column(name);
    target.name = std::string(trim(table.columns[target.column]));
    const Survey looked = survey(table, target.column, rejects);
    if (options.task) {
        target.task = *options.task;
        target.why = "as asked";
    } else {
        const std::string where =
            looked.first_bad == nullptr ? table.name : fmt::format("{}:{}:{}", table.name, looked.first_bad->number, target.column + 1);
        recognise(looked, where, target);
    }
    target.why += fmt::format(": {}", name_of(target.task));
    std::map<std::string, double> index;
    if (target.task != Task::regression) {
        target.classes = choose_classes(looked, target, options);
        for (std::size_t i = 0; i < target.classes.size(); ++i) index.emplace(target.classes[i], static_cast<double>(i));
        if (target.task == Task::binary && target.classes.size() == 2)
            target.why += fmt::format(", positive class {}", excerpt(target.classes[1], 30));
    }
    target.values.assign(table.rows.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const Row& row = table.rows[i];
        Cell cell = looked.cells[i];
        if (target.task != Task::regression && cell.kind != Cell::Kind::missing) {
            const auto found = index.find(label_of(cell, row.cells[target.column]));
            if (found != index.end())
                cell = {Cell::Kind::value, found->second, nullptr, nullptr};
            else if (cell.kind == Cell::Kind::value)
                cell = bad(reason::target_not_a_class, "it is none of the classes");
        }
        if (cell.kind == Cell::Kind::value) {
            target.values[i] = cell.value;
            ++target.present;
        } else if (cell.kind == Cell::Kind::bad) {
            ++target.bad;
            refuse(table, row, target, cell, rejects);
        }
    }
    target.missing = looked.missing;
    return target;
}

std::string Target::problem() const {
    if (present == 0) return fmt::format("the target '{}' has no value in {} rows", excerpt(name), grouped(values.size()));
    double first = std::numeric_limits<double>::quiet_NaN();
    for (const double value : values) {
        if (std::isnan(value)) continue;
        if (std::isnan(first)) first = value;
        if (value != first) return {};
    }
    const std::string shown = task == Task::regression ? fmt::format("{}", first) : excerpt(classes[static_cast<std::size_t>(first)], 30);
    return fmt::format("the target '{}' is {} in all of its {} rows: nothing can be learned from it", excerpt(name), shown,
                       grouped(present));
}

void require_trainable(std::span<const Target> targets) {
    std::string problems;
    for (const Target& target : targets) {
        const std::string problem = target.problem();
        if (!problem.empty()) problems += (problems.empty() ? "" : "; ") + problem;
    }
    if (!problems.empty()) throw Error(ExitCode::data, problems, "Leave the column out, or check that it is the right one.");
}

}  // namespace molten::data

#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "train/data/rejects.h"
#include "train/data/table.h"

namespace molten::data {

// What one cell of a target column says.
struct Cell {
    enum class Kind { value, missing, bad };
    Kind kind = Kind::missing;
    double value = 0;              // where kind is value; finite
    const char* reason = nullptr;  // reason code, where kind is bad
    const char* why = nullptr;     // in words, where kind is bad
};

// A number in the C locale whatever the locale of the process: 1, -2.5, +3, 1e3, .5. Blanks around it do not count.
// Missing: "", -, --, NA, N/A, #N/A, <NA>, NaN, null, none, ? (case ignored). Everything else is bad: 3,14 and 1,000 (decimal comma),
// "12 mg" (unit), >5 (censored), inf and 1e999 (not finite), text, 0x10.
Cell parse_number(std::string_view text);

enum class Task { regression, binary, multiclass };

const char* name_of(Task task);          // "regression", "binary classification", "multiclass classification"
Task parse_task(std::string_view text);  // "regression", "classification" or "binary", "multiclass"; Error(usage) with the nearest

// One target column, read.
struct Target {
    std::string name;
    std::size_t column = 0;
    Task task = Task::regression;
    std::string why;                   // how the task was found, in words
    std::vector<std::string> classes;  // label of class 0, 1, ...; binary: the second is the positive one. Empty for regression
    std::vector<double> values;        // one for each row of the table: the number or the class index; NaN where missing or refused
    std::size_t present = 0, missing = 0, bad = 0;

    // Why nothing can be learned from it ("" where something can): no value at all, or one value only.
    std::string problem() const;
};

struct TargetOptions {
    std::optional<Task> task{};          // none: recognised
    std::vector<std::string> classes{};  // the classes of a trained model; empty: those of the column
};

// Reads a target column. Rows that `rejects` holds already, and rows the reader refused, take no part; a bad cell rejects its row
// (strict: throws). The task when none is given:
//   no cell is a number, 2 to 20 different words, each 2 times on average   classification, binary when there are two
//   numbers, 2 different values: 0 and 1, or any two integers in 10 rows up   binary classification
//   any other numbers                                                         regression
// Integers are never taken for more than two classes (counts look the same); `why` names the flag when they could be.
// Error(data) where no cell is a number nor a class, or where classification is asked of more than 100 different values.
Target read_target(const Table& table, std::string_view name, Rejects& rejects, const TargetOptions& options = {});

// Error(data) naming every target with a problem(), before anything is trained.
void require_trainable(std::span<const Target> targets);

}  // namespace molten::data

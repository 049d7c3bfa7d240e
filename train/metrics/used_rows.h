#pragma once
#include "train/metrics/metrics.h"

// The rows of a sample that count, checked, in one place for all metrics.

namespace molten::metrics {

struct UsedRows {
    std::vector<double> target;      // [n]
    std::vector<double> prediction;  // [n, width]
    std::size_t n = 0, width = 1;
    std::string problem;  // why no metric of these rows has a value: nothing measured, a non-finite prediction
};

// Throws Error(data) as metrics.h says; `name` is the metric's, for messages.
UsedRows used_rows(const Sample&, std::string_view name);

inline Score undefined(std::string reason, std::size_t rows) { return {std::nullopt, std::move(reason), rows}; }
// A value that overflowed is no value.
Score defined(double value, std::size_t rows);

// Throws Error(usage) unless the metric exists for the task.
void require_task(const Sample&, std::string_view name, std::initializer_list<Task> allowed);

}  // namespace molten::metrics

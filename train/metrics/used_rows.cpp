#include "train/metrics/used_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"

namespace molten::metrics {

std::string_view task_name(Task task) {
    switch (task) {
        case Task::regression:
            return "regression";
        case Task::binary:
            return "binary classification";
        case Task::multiclass:
            return "multiclass classification";
    }
    return "unknown task";
}

UsedRows used_rows(const Sample& s, std::string_view name) {
    const std::size_t n = s.target.size();
    if (s.task == Task::multiclass && s.classes < 2)
        throw Error(ExitCode::data, fmt::format("{}: a multiclass target needs at least two classes, not {}", name, s.classes));
    const std::size_t width = s.task == Task::multiclass ? static_cast<std::size_t>(s.classes) : 1;
    if (s.prediction.size() != n * width || (!s.mask.empty() && s.mask.size() != n))
        throw Error(ExitCode::data, fmt::format("{}: {} targets do not fit {} predictions of width {} and a mask of {}", name, n,
                                                s.prediction.size(), width, s.mask.size()));
    UsedRows used;
    used.width = width;
    for (std::size_t row = 0; row < n; ++row) {
        const double y = s.target[row];
        if ((!s.mask.empty() && s.mask[row] == 0) || std::isnan(y)) continue;
        const double top = s.task == Task::multiclass ? s.classes - 1 : 1;
        if (s.task == Task::regression ? !std::isfinite(y) : !(y >= 0 && y <= top && y == std::floor(y)))
            throw Error(ExitCode::data, fmt::format("{}: target {} of row {} does not fit {}", name, y, row, task_name(s.task)));
        const auto prediction = s.prediction.subspan(row * width, width);
        if (used.problem.empty() && !std::ranges::all_of(prediction, [](double f) { return std::isfinite(f); }))
            used.problem = fmt::format("the prediction of row {} is not a finite number", row);
        used.target.push_back(y);
        used.prediction.insert(used.prediction.end(), prediction.begin(), prediction.end());
    }
    used.n = used.target.size();
    if (used.n == 0) used.problem = "no row has a measured target";
    return used;
}

Score defined(double value, std::size_t rows) {
    if (!std::isfinite(value)) return undefined("the values are too large for double precision", rows);
    return {value, {}, rows};
}

void require_task(const Sample& s, std::string_view name, std::initializer_list<Task> allowed) {
    if (std::find(allowed.begin(), allowed.end(), s.task) == allowed.end())
        throw Error(ExitCode::usage, fmt::format("metric {} does not exist for {}", name, task_name(s.task)));
}

}  // namespace molten::metrics

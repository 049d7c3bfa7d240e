#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "engine/core/error.h"
#include "train/data/nearest.h"
#include "train/metrics/metrics.h"

namespace molten::metrics {
namespace {

//   name, label, larger is better, regression, binary, multiclass, needs probability, in target units, function
constexpr std::array table{
    Metric{"rmse", "RMSE", false, true, false, false, false, true, rmse},
    Metric{"mae", "MAE", false, true, false, false, false, true, mae},
    Metric{"r2", "R2", true, true, false, false, false, false, r2},
    Metric{"pearson", "Pearson r", true, true, false, false, false, false, pearson},
    Metric{"spearman", "Spearman rho", true, true, false, false, false, false, spearman},
    Metric{"kendall", "Kendall tau-b", true, true, false, false, false, false, kendall},
    Metric{"roc_auc", "ROC-AUC", true, false, true, false, false, false, roc_auc},
    Metric{"pr_auc", "PR-AUC", true, false, true, false, false, false, pr_auc},
    Metric{"balanced_accuracy", "Balanced accuracy", true, false, true, true, false, false, balanced_accuracy},
    Metric{"accuracy", "Accuracy", true, false, true, true, false, false, accuracy},
    Metric{"f1", "F1", true, false, true, true, false, false, f1},
    Metric{"mcc", "Matthews correlation", true, false, true, true, false, false, mcc},
    Metric{"log_loss", "Log loss", false, false, true, true, true, false, log_loss},
    Metric{"brier", "Brier score", false, false, true, true, true, false, brier},
    Metric{"ece", "Calibration error (10 bins)", false, false, true, true, true, false, ece},
};

}  // namespace

std::span<const Metric> all() { return table; }

std::vector<const Metric*> metrics_of(Task task) {
    std::vector<const Metric*> found;
    for (const auto& m : table)
        if (m.suits(task)) found.push_back(&m);
    return found;
}

const Metric& find(std::string_view name, Task task) {
    std::vector<std::string> known;
    for (const auto* m : metrics_of(task)) {
        if (m->name == name) return *m;
        known.emplace_back(m->name);
    }
    auto hint = fmt::format("{} has:", task_name(task));
    for (const auto& k : known) hint += " " + k;
    if (std::ranges::find(table, name, &Metric::name) != table.end())
        throw Error(ExitCode::usage, fmt::format("metric {} does not exist for {}", name, task_name(task)), hint);
    throw Error(ExitCode::usage, fmt::format("unknown metric '{}'.{}", name, data::did_you_mean(name, known)), hint);
}

const Metric& default_metric(Task task) {
    return find(task == Task::regression ? "rmse" : task == Task::binary ? "roc_auc" : "log_loss", task);
}

Score mean_score(std::span<const Score> scores) {
    double sum = 0;
    std::size_t count = 0, rows = 0;
    for (const auto& s : scores) {
        rows += s.rows;
        if (!s.value) continue;
        sum += *s.value;
        ++count;
    }
    if (count == 0)
        return {std::nullopt, scores.empty() ? "there is no score" : fmt::format("no target has a value: {}", scores[0].reason), rows};
    Score mean{sum / static_cast<double>(count), {}, rows};
    if (count < scores.size()) mean.reason = fmt::format("mean of {} of {} targets, the others are undefined", count, scores.size());
    return mean;
}

}  // namespace molten::metrics

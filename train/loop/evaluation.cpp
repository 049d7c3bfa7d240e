#include "train/loop/evaluation.h"

#include <algorithm>
#include <cmath>

namespace molten::train {
namespace {

// Columns of one target over the chosen rows: what metrics::Sample wants.
struct Columns {
    std::vector<double> target, prediction;
};

Columns columns_of(const TargetInfo& info, std::int64_t outputs, std::span<const double> values, std::span<const double> predictions,
                   std::span<const std::int64_t> rows) {
    Columns c;
    for (const std::int64_t r : rows) {
        const double* y = values.data() + r * outputs + info.first_output;
        const double* p = predictions.data() + r * outputs + info.first_output;
        if (info.task == data::Task::multiclass) {
            const auto one = std::find(y, y + info.outputs, 1.0);
            c.target.push_back(one == y + info.outputs ? std::nan("") : static_cast<double>(one - y));
            c.prediction.insert(c.prediction.end(), p, p + info.outputs);
        } else {
            c.target.push_back(*y);
            c.prediction.push_back(*p);
        }
    }
    return c;
}

}  // namespace

metrics::Task metrics_task(data::Task task) {
    if (task == data::Task::regression) return metrics::Task::regression;
    return task == data::Task::binary ? metrics::Task::binary : metrics::Task::multiclass;
}

std::vector<Measure> evaluate(const std::vector<TargetInfo>& targets, std::span<const double> values, std::span<const double> predictions,
                              std::span<const std::int64_t> rows) {
    std::vector<Measure> result;
    const std::int64_t outputs = targets.back().first_output + targets.back().outputs;
    for (const TargetInfo& info : targets) {
        const Columns columns = columns_of(info, outputs, values, predictions, rows);
        const metrics::Sample sample{
            columns.target, columns.prediction, {}, metrics_task(info.task), static_cast<int>(std::max<std::int64_t>(info.outputs, 2))};
        for (const metrics::Metric* metric : metrics::metrics_of(sample.task))
            result.push_back({info.name, std::string(metric->name), metric->compute(sample), metric->larger_is_better});
    }
    if (targets.size() < 2) return result;
    std::vector<Measure> means;
    for (const Measure& measure : result) {
        if (std::any_of(means.begin(), means.end(), [&](const Measure& m) { return m.metric == measure.metric; })) continue;
        std::vector<metrics::Score> scores;
        for (const Measure& other : result)
            if (other.metric == measure.metric) scores.push_back(other.score);
        means.push_back({"", measure.metric, metrics::mean_score(scores), measure.larger_is_better});
    }
    result.insert(result.end(), means.begin(), means.end());
    return result;
}

std::vector<Measure> headline(const std::vector<TargetInfo>& targets, const std::vector<Measure>& measures) {
    const std::vector<std::string> wanted = {"mae",      "rmse",     "r2", "spearman", "roc_auc", "pr_auc", "balanced_accuracy",
                                             "accuracy", "log_loss", "ece"};
    const std::string target = targets.size() == 1 ? targets[0].name : "";
    std::vector<Measure> result;
    for (const std::string& metric : wanted)
        for (const Measure& measure : measures)
            if (measure.metric == metric && measure.target == target) result.push_back(measure);
    return result;
}

io::Json to_json(const std::vector<Measure>& measures) {
    io::Json list = io::Json::array();
    for (const Measure& measure : measures) {
        io::Json j = io::Json::object();
        j.set("target", measure.target).set("metric", measure.metric);
        j.set("value", measure.score.value && std::isfinite(*measure.score.value) ? io::Json(*measure.score.value) : io::Json());
        j.set("rows", static_cast<std::int64_t>(measure.score.rows));
        if (!measure.score.reason.empty()) j.set("reason", measure.score.reason);
        list.push_back(std::move(j));
    }
    return list;
}

}  // namespace molten::train

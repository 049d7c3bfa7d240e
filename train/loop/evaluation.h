#pragma once
#include <span>
#include <string>
#include <vector>

#include "engine/io/json.h"
#include "train/metrics/metrics.h"
#include "train/loop/pipeline.h"

namespace molten::train {

// One measure of one target.
struct Measure {
    std::string target, metric;
    metrics::Score score;
    bool larger_is_better = false;
    std::string name() const { return target.empty() ? metric : metric + " " + target; }
};

// All measures of all targets over the molecules `rows`, then, with several targets, the mean over targets of each metric that may be
// averaged (target ""). values and predictions are [molecules, outputs] in target units and probabilities; values NaN = missing.
std::vector<Measure> evaluate(const std::vector<TargetInfo>&, std::span<const double> values, std::span<const double> predictions,
                              std::span<const std::int64_t> rows);

metrics::Task metrics_task(data::Task);

// The measures a table of models shows: of one target all that matter for its task, of several the means.
std::vector<Measure> headline(const std::vector<TargetInfo>&, const std::vector<Measure>&);

io::Json to_json(const std::vector<Measure>&);

}  // namespace molten::train

#include "train/loop/baselines.h"

#include <fmt/format.h>

#include <algorithm>

#include "train/log/progress_bar.h"

namespace molten::train {
namespace {

std::vector<std::size_t> as_sizes(const std::vector<std::int64_t>& rows) { return {rows.begin(), rows.end()}; }

// One column a target: the value or the class number.
std::vector<double> target_columns(const Material& material) {
    std::vector<double> result;
    for (const std::size_t row : material.molecules->rows)
        for (const data::Target& target : material.targets) result.push_back(target.values[row]);
    return result;
}

std::vector<std::int64_t> key_numbers(const std::vector<std::string>& keys) {
    std::vector<std::string> sorted = keys;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::int64_t> result;
    for (const std::string& key : keys) result.push_back(std::lower_bound(sorted.begin(), sorted.end(), key) - sorted.begin());
    return result;
}

}  // namespace

void run_baselines(const TrainOptions& options, const Material& material, Outcome& outcome, log::RunLog& log) {
    if (options.baselines.empty()) return;
    const data::Task task = material.targets[0].task;
    if (std::any_of(material.targets.begin(), material.targets.end(), [&](const data::Target& t) { return t.task != task; }) ||
        (task == data::Task::multiclass && material.targets.size() > 1)) {
        log.warn("no baselines: they want targets of one kind, and at most one with several classes");
        return;
    }
    const std::vector<double> targets = target_columns(material);
    const std::vector<std::size_t> train = as_sizes(outcome.split.train), validation = as_sizes(outcome.split.val);
    const std::vector<std::int64_t> keys = key_numbers(material.molecules->key);
    baselines::Problem problem;
    problem.rows = material.molecules->rows.size();
    problem.descriptors = material.molecules->descriptors;
    problem.descriptor_count = static_cast<std::size_t>(material.molecules->descriptor_count);
    problem.fingerprints = material.molecules->bits;
    problem.fingerprint_words = static_cast<std::size_t>(material.molecules->words);
    problem.targets = targets;
    problem.target_count = material.targets.size();
    problem.train = train;
    problem.validation = validation;
    problem.keys = keys;
    problem.task = metrics_task(task);
    problem.classes = task == data::Task::multiclass ? static_cast<int>(material.targets[0].classes.size()) : 2;
    problem.seed = static_cast<std::uint64_t>(options.seed);
    log::ProgressBar bar("baselines", options.baselines.size(), "models");
    for (std::size_t b = 0; b < options.baselines.size(); ++b) {
        bar.update(b, options.baselines[b]);
        outcome.baselines.push_back(baselines::run(baselines::find(options.baselines[b]), problem));
        for (const std::string& note : outcome.baselines.back().notes) log.note(fmt::format("{}: {}", options.baselines[b], note));
        // [rows, targets, width] and [rows, outputs] are the same order where the targets are of one kind.
        outcome.baseline_test.push_back(
            evaluate(outcome.pipeline.targets, material.values, outcome.baselines.back().values, outcome.split.test));
    }
    bar.finish();
}

}  // namespace molten::train

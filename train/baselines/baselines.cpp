#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include "engine/core/error.h"
#include "train/baselines/boosting.h"
#include "train/baselines/forest.h"
#include "train/baselines/knn.h"
#include "train/baselines/linear.h"
#include "train/baselines/svm.h"
#include "train/baselines/target.h"
#include "train/data/nearest.h"

namespace molten::baselines {
namespace {

void run_mean(const Problem& p, Prediction& prediction) {
    for_each_target(p, prediction, [&](const Target& target, std::span<double> values) -> std::string {
        predict_prior(p, target, values);
        return p.task == metrics::Task::regression ? "mean of the training rows" : "class shares of the training rows";
    });
}

constexpr std::array table{
    Baseline{"mean", "the mean, or the class shares, of the training part", false, false, run_mean},
    Baseline{"knn", "nearest neighbours by Tanimoto similarity of fingerprints", true, false, run_knn},
    Baseline{"ridge", "ridge or logistic regression", true, true, run_ridge},
    Baseline{"random_forest", "random forest", true, true, run_random_forest},
    Baseline{"extra_trees", "extremely randomised trees", true, true, run_extra_trees},
    Baseline{"boosted_trees", "gradient boosted trees", true, true, run_boosted_trees},
    Baseline{"svm", "support vector machine, RBF or Tanimoto kernel", true, true, run_svm},
};

void check_size(std::string_view what, std::size_t size, std::size_t expected) {
    if (size != expected) throw Error(ExitCode::data, fmt::format("baselines: {} has {} values instead of {}", what, size, expected));
}

void check(const Baseline& baseline, const Problem& p) {
    check_size("descriptors", p.descriptors.size(), p.rows * p.descriptor_count);
    check_size("fingerprints", p.fingerprints.size(), p.rows * p.fingerprint_words);
    check_size("targets", p.targets.size(), p.rows * p.target_count);
    if (!p.mask.empty()) check_size("mask", p.mask.size(), p.rows * p.target_count);
    if (!p.keys.empty()) check_size("keys", p.keys.size(), p.rows);
    if (p.train.empty()) throw Error(ExitCode::data, "baselines: the training part is empty");
    for (const auto part : {p.train, p.validation})
        for (std::size_t row : part)
            if (row >= p.rows)
                throw Error(ExitCode::data, fmt::format("baselines: row {} of a split is past the last row {}", row, p.rows - 1));
    if (p.task == metrics::Task::multiclass && p.classes < 2)
        throw Error(ExitCode::data, "baselines: a multiclass target has at least two classes");
    const double top = p.task == metrics::Task::multiclass ? p.classes - 1 : 1;
    for (std::size_t i = 0; i < p.targets.size(); ++i) {
        const double y = p.targets[i];
        if (std::isnan(y) || (!p.mask.empty() && p.mask[i] == 0)) continue;
        if (p.task == metrics::Task::regression ? std::isinf(y) : !(y >= 0 && y <= top && y == std::floor(y)))
            throw Error(ExitCode::data, fmt::format("baselines: target {} of row {}, column {} does not fit {}", y, i / p.target_count,
                                                    i % p.target_count, metrics::task_name(p.task)));
    }
    if (!suits(baseline, p))
        throw Error(ExitCode::data, fmt::format("baseline {} needs {}", baseline.name,
                                                baseline.needs_fingerprints && baseline.needs_descriptors ? "descriptors or fingerprints"
                                                : baseline.needs_fingerprints                             ? "fingerprints"
                                                                                                          : "descriptors"));
}

}  // namespace

std::span<const Baseline> all() { return table; }

const Baseline& find(std::string_view name) {
    std::vector<std::string> known;
    for (const auto& b : table) {
        if (b.name == name) return b;
        known.emplace_back(b.name);
    }
    std::string hint = "baselines:";
    for (const auto& k : known) hint += " " + k;
    throw Error(ExitCode::usage, fmt::format("unknown baseline '{}'.{}", name, data::did_you_mean(name, known)), hint);
}

bool suits(const Baseline& b, const Problem& p) {
    const bool fingerprints = p.fingerprint_words > 0, descriptors = p.descriptor_count > 0;
    return (!b.needs_fingerprints && !b.needs_descriptors) || (b.needs_fingerprints && fingerprints) ||
           (b.needs_descriptors && descriptors);
}

std::vector<double> Prediction::target(const Problem& p, std::size_t index) const {
    std::vector<double> column;
    for (std::size_t row = 0; row < p.rows; ++row)
        for (std::size_t c = 0; c < p.width(); ++c) column.push_back(values[(row * p.target_count + index) * p.width() + c]);
    return column;
}

Prediction run(const Baseline& baseline, const Problem& p) {
    check(baseline, p);
    const auto start = std::chrono::steady_clock::now();
    Prediction prediction;
    prediction.name = baseline.name;
    prediction.values.assign(p.rows * p.target_count * p.width(), std::numeric_limits<double>::quiet_NaN());
    baseline.run(p, prediction);
    prediction.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return prediction;
}

}  // namespace molten::baselines

#include "train/baselines/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "train/baselines/random.h"

namespace molten::baselines {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool one_class(const Target& target) {
    return std::ranges::all_of(target.train, [&](std::size_t row) { return target.y[row] == target.y[target.train[0]]; });
}

}  // namespace

Target make_target(const Problem& p, std::size_t index) {
    Target target;
    target.index = index;
    target.y.resize(p.rows);
    for (std::size_t row = 0; row < p.rows; ++row) {
        const std::size_t at = row * p.target_count + index;
        target.y[row] = !p.mask.empty() && p.mask[at] == 0 ? nan : p.targets[at];
    }
    const auto measured = [&](std::size_t row) { return !std::isnan(target.y[row]); };
    std::ranges::copy_if(p.train, std::back_inserter(target.train), measured);
    std::ranges::copy_if(p.validation, std::back_inserter(target.selection), measured);
    target.fit = target.train;
    if (target.selection.empty() && target.train.size() >= 8) {
        Random(p.seed, 0x5e1ec7).shuffle(target.fit);
        const auto kept = static_cast<std::ptrdiff_t>(target.fit.size() - target.fit.size() / 8);
        target.selection.assign(target.fit.begin() + kept, target.fit.end());
        target.fit.resize(static_cast<std::size_t>(kept));
        target.held_out = true;
    }
    return target;
}

Scale standard_scale(const Target& target) {
    double mean = 0, squares = 0, n = 0;  // Welford
    for (std::size_t row : target.train) {
        const double before = target.y[row] - mean;
        mean += before / ++n;
        squares += before * (target.y[row] - mean);
    }
    return {mean, squares > 0 ? std::sqrt(squares / n) : 1};
}

void predict_prior(const Problem& p, const Target& target, std::span<double> values) {
    std::vector<double> prior(p.width());
    for (std::size_t row : target.train) {
        if (p.task == metrics::Task::multiclass)
            prior[static_cast<std::size_t>(target.y[row])] += 1;
        else
            prior[0] += target.y[row];
    }
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = prior[i % p.width()] / static_cast<double>(target.train.size());
}

double selection_loss(const Problem& p, const Target& target, std::span<const std::size_t> rows, std::span<const double> values) {
    double sum = 0;
    for (std::size_t row : rows) {
        const double* f = values.data() + row * p.width();
        if (p.task == metrics::Task::regression) {
            sum += (target.y[row] - f[0]) * (target.y[row] - f[0]);
        } else {
            const double right = p.task == metrics::Task::multiclass ? f[static_cast<std::size_t>(target.y[row])]
                                 : target.y[row] == 1                ? f[0]
                                                                     : 1 - f[0];
            sum -= std::log(std::max(right, 1e-6));
        }
    }
    return std::isnan(sum) ? std::numeric_limits<double>::infinity() : sum / static_cast<double>(std::max<std::size_t>(rows.size(), 1));
}

std::vector<std::uint64_t> gather_fingerprints(const Problem& p, std::span<const std::size_t> rows) {
    std::vector<std::uint64_t> packed;
    packed.reserve(rows.size() * p.fingerprint_words);
    for (std::size_t row : rows) {
        const auto bits = p.fingerprints.subspan(row * p.fingerprint_words, p.fingerprint_words);
        packed.insert(packed.end(), bits.begin(), bits.end());
    }
    return packed;
}

std::string summary_of(std::span<const std::string> settings) {
    std::vector<std::pair<std::string, int>> counted;
    for (const auto& s : settings) {
        auto found = std::ranges::find(counted, s, &std::pair<std::string, int>::first);
        if (found == counted.end()) found = counted.insert(counted.end(), {s, 0});
        ++found->second;
    }
    std::string text;
    for (const auto& [s, count] : counted) {
        if (!text.empty()) text += "; ";
        text += counted.size() == 1 ? s : fmt::format("{} ({} target{})", s, count, count == 1 ? "" : "s");
    }
    return text;
}

void for_each_target(const Problem& p, Prediction& prediction, const std::function<std::string(const Target&, std::span<double>)>& fit) {
    std::vector<std::string> settings;
    std::vector<double> values(p.rows * p.width());
    for (std::size_t index = 0; index < p.target_count; ++index) {
        const Target target = make_target(p, index);
        std::ranges::fill(values, nan);
        if (target.train.empty()) {
            prediction.notes.push_back(fmt::format("target {}: no training row is measured, so there is no prediction", index));
        } else if (p.task != metrics::Task::regression && one_class(target)) {
            prediction.notes.push_back(fmt::format("target {}: the training rows have one class only, so it is predicted for all", index));
            predict_prior(p, target, values);
        } else {
            settings.push_back(fit(target, values));
        }
        for (std::size_t row = 0; row < p.rows; ++row)
            std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(row * p.width()), p.width(),
                        prediction.values.begin() + static_cast<std::ptrdiff_t>((row * p.target_count + index) * p.width()));
    }
    prediction.settings = summary_of(settings);
}

}  // namespace molten::baselines

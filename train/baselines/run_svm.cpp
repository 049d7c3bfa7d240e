#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "train/baselines/design.h"
#include "train/baselines/parallel.h"
#include "train/baselines/random.h"
#include "train/baselines/svm.h"
#include "train/baselines/tanimoto.h"
#include "train/baselines/target.h"
#include "train/uncertainty/classification.h"

namespace molten::baselines {
namespace {

constexpr std::size_t selection_rows = 1000, fit_rows = 3000;
constexpr double costs[] = {1, 10, 100};
constexpr double gammas[] = {0.2, 1, 5};  // over the number of descriptors; |x - x'|^2 is about twice that number
constexpr double tubes[] = {0.1, 0.02};   // in standard deviations of the target

struct Setting {
    bool tanimoto = false;
    double gamma = 1, cost = 1, tube = 0.1;
    std::string text(metrics::Task task) const {
        return fmt::format("{}{}, C={:g}{}",
                           tanimoto ? "Tanimoto kernel" : "RBF kernel, gamma=", tanimoto ? "" : fmt::format("{:g}/descriptors", gamma),
                           cost, task == metrics::Task::regression ? fmt::format(", epsilon={:g} deviations", tube) : "");
    }
};

std::vector<Setting> grid(const Problem& p) {
    std::vector<Setting> settings;
    const auto add = [&](bool tanimoto, double gamma) {
        for (double cost : costs)
            for (double tube : tubes)
                if (p.task == metrics::Task::regression || tube == tubes[0]) settings.push_back({tanimoto, gamma, cost, tube});
    };
    if (p.fingerprint_words > 0) add(true, 0);
    if (p.descriptor_count > 0)
        for (double gamma : gammas) add(false, gamma);
    return settings;
}

// Kernel values between rows of a problem.
class Kernel {
  public:
    Kernel(const Problem& p, const Design& design) : p_(p), design_(design) {}

    // [a, b]
    std::vector<double> matrix(const Setting& s, std::span<const std::size_t> a, std::span<const std::size_t> b) const {
        if (s.tanimoto) {
            const auto left = gather_fingerprints(p_, a), right = gather_fingerprints(p_, b);
            return tanimoto_matrix({left.data(), a.size(), p_.fingerprint_words}, {right.data(), b.size(), p_.fingerprint_words}, 1);
        }
        const double gamma = s.gamma / static_cast<double>(std::max<std::size_t>(design_.dense, 1));
        std::vector<double> k(a.size() * b.size());
        for (std::size_t i = 0; i < a.size(); ++i)
            for (std::size_t j = 0; j < b.size(); ++j) k[i * b.size() + j] = std::exp(-gamma * squared_distance(a[i], b[j]));
        return k;
    }

  private:
    double squared_distance(std::size_t a, std::size_t b) const {
        const auto x = design_.dense_row(a), y = design_.dense_row(b);
        double lanes[4] = {};
        std::size_t i = 0;
        for (; i + 4 <= x.size(); i += 4)
            for (std::size_t l = 0; l < 4; ++l) lanes[l] += (x[i + l] - y[i + l]) * (x[i + l] - y[i + l]);
        for (; i < x.size(); ++i) lanes[0] += (x[i] - y[i]) * (x[i] - y[i]);
        return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    }
    const Problem& p_;
    const Design& design_;
};

std::vector<std::size_t> at_most(std::vector<std::size_t> rows, std::size_t count, Random random) {
    if (rows.size() <= count) return rows;
    random.shuffle(rows);
    rows.resize(count);
    std::ranges::sort(rows);
    return rows;
}

// Decision values for rows `wanted` of machines (one per output) fitted on `rows`, written to out[row * outputs + o].
class Machines {
  public:
    Machines(const Problem& p, const Kernel& kernel, const Setting& setting, std::vector<std::size_t> rows)
        : p_(p), kernel_(kernel), setting_(setting), rows_(std::move(rows)) {}

    // y of output o in [rows of the problem]; false when a class is missing among the rows.
    bool fit(const std::vector<std::vector<double>>& y) {
        const auto k = kernel_.matrix(setting_, rows_, rows_);
        for (const auto& column : y) {
            std::vector<double> targets;
            for (std::size_t row : rows_) targets.push_back(column[row]);
            const SvmOptions options{setting_.cost, setting_.tube, 1e-3};
            if (p_.task == metrics::Task::regression) {
                models_.push_back(fit_support_vector_regression(k, targets, options));
            } else {
                if (std::ranges::count(targets, 1.0) == 0 || std::ranges::count(targets, 0.0) == 0) return false;
                models_.push_back(fit_support_vector_classifier(k, targets, options));
            }
        }
        return true;
    }

    void decide(std::span<const std::size_t> wanted, std::span<double> out) const {
        const auto k = kernel_.matrix(setting_, wanted, rows_);
        for (std::size_t i = 0; i < wanted.size(); ++i)
            for (std::size_t o = 0; o < models_.size(); ++o) {
                double sum = models_[o].offset;
                for (std::size_t j = 0; j < rows_.size(); ++j) sum += models_[o].coefficient[j] * k[i * rows_.size() + j];
                out[wanted[i] * models_.size() + o] = sum;
            }
    }

  private:
    const Problem& p_;
    const Kernel& kernel_;
    Setting setting_;
    std::vector<std::size_t> rows_;
    std::vector<SvmModel> models_;
};

class SvmTarget {
  public:
    SvmTarget(const Problem& p, const Target& target, const Kernel& kernel)
        : p_(p), target_(target), kernel_(kernel), scale_(standard_scale(target)) {
        if (p.task == metrics::Task::multiclass) {
            for (std::size_t c = 0; c < p.width(); ++c) {
                y_.push_back(target.y);
                for (double& v : y_.back()) v = v == static_cast<double>(c) ? 1 : 0;
            }
        } else {
            y_.push_back(target.y);
            if (p.task == metrics::Task::regression)
                for (double& v : y_.back()) v = (v - scale_.mean) / scale_.deviation;
        }
    }

    // Loss on the selection rows of a machine fitted on a part of the fit rows.
    double try_setting(const Setting& setting) const {
        Machines machines(p_, kernel_, setting, at_most(target_.fit, selection_rows, Random(p_.seed, target_.index)));
        if (!machines.fit(y_)) return std::numeric_limits<double>::infinity();
        std::vector<double> values(p_.rows * p_.width());
        machines.decide(target_.selection, values);
        finish(target_.selection, target_.selection, values);
        return selection_loss(p_, target_, target_.selection, values);
    }

    // False when a class is missing among the rows drawn.
    bool predict(const Setting& setting, std::span<double> values) const {
        Machines machines(p_, kernel_, setting, at_most(target_.train, fit_rows, Random(p_.seed, target_.index)));
        if (!machines.fit(y_)) return false;
        std::vector<std::size_t> everything(p_.rows);
        for (std::size_t row = 0; row < p_.rows; ++row) everything[row] = row;
        parallel_for(p_.rows, 128, p_.threads, [&](std::size_t begin, std::size_t end) {
            machines.decide(std::span(everything).subspan(begin, end - begin), values);
        });
        finish(everything, target_.selection.empty() ? target_.train : target_.selection, values);
        return true;
    }

  private:
    // Decision values of `rows` become values or probabilities; Platt's sigmoids are fitted on the rows `on`.
    void finish(std::span<const std::size_t> rows, std::span<const std::size_t> on, std::span<double> values) const {
        if (p_.task == metrics::Task::regression) {
            for (std::size_t row : rows) values[row] = scale_.mean + scale_.deviation * values[row];
            return;
        }
        const std::size_t width = p_.width();
        for (std::size_t o = 0; o < width; ++o) {
            std::vector<double> score, label;
            for (std::size_t row : on) {
                score.push_back(values[row * width + o]);
                label.push_back(y_[o][row]);
            }
            const auto platt = uncertainty::fit_platt(score, label);
            for (std::size_t row : rows) values[row * width + o] = platt.probability(values[row * width + o]);
        }
        if (width == 1) return;
        for (std::size_t row : rows) {
            double sum = 0;
            for (std::size_t o = 0; o < width; ++o) sum += values[row * width + o];
            for (std::size_t o = 0; o < width; ++o) values[row * width + o] /= sum;
        }
    }

    const Problem& p_;
    const Target& target_;
    const Kernel& kernel_;
    Scale scale_;
    std::vector<std::vector<double>> y_;  // [outputs][rows]: standardised values, or 0 and 1
};

}  // namespace

void run_svm(const Problem& p, Prediction& prediction) {
    const Design design = p.descriptor_count > 0 ? make_design(p, Inputs::descriptors, p.train) : Design{};
    const Kernel kernel(p, design);
    const auto settings = grid(p);
    for_each_target(p, prediction, [&](const Target& target, std::span<double> values) -> std::string {
        const SvmTarget svm(p, target, kernel);
        std::size_t best = 0;
        if (!target.selection.empty()) {
            std::vector<double> loss(settings.size());
            parallel_for(settings.size(), 1, p.threads,
                         [&](std::size_t begin, std::size_t) { loss[begin] = svm.try_setting(settings[begin]); });
            best = static_cast<std::size_t>(std::ranges::min_element(loss) - loss.begin());
        }
        if (!svm.predict(settings[best], values)) {
            predict_prior(p, target, values);
            return "a class is missing among the rows drawn: predicts the shares of the classes";
        }
        if (target.train.size() > fit_rows)
            prediction.notes.push_back(fmt::format("target {}: fitted on {} of {} training rows, because the time grows with their cube",
                                                   target.index, fit_rows, target.train.size()));
        return settings[best].text(p.task);
    });
}

}  // namespace molten::baselines

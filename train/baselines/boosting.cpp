#include "train/baselines/boosting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "train/baselines/parallel.h"
#include "train/baselines/target.h"
#include "train/baselines/tree.h"

namespace molten::baselines {
namespace {

constexpr int most_rounds = 1500, patience = 60;
constexpr double row_share = 0.8, feature_share = 0.4, lambda = 1;
constexpr std::size_t min_leaf = 4;
constexpr std::array depths{4, 7};

// Rounds times rows over all targets and depths: about a minute and a half on two cores.
constexpr double work_limit = 1e8;
constexpr int fewest_rounds = 100;

int round_limit(const Problem& p, std::size_t rows) {
    const double rounds = work_limit / static_cast<double>(rows * p.target_count * p.width() * depths.size());
    return static_cast<int>(std::clamp(rounds, 1.0 * fewest_rounds, 1.0 * most_rounds));
}

// Small steps generalise better; on many rows twice the step costs little accuracy and half the time.
double learning_rate(std::size_t rows) { return rows <= 5000 ? 0.05 : 0.1; }

struct Boosted {
    std::vector<double> values;  // [rows, width]
    double loss = std::numeric_limits<double>::infinity();
    int rounds = 0;
};

class Booster {
  public:
    Booster(const Problem& p, const BinnedFeatures& f, const Target& target, std::span<const std::size_t> fit, int depth)
        : p_(p),
          f_(f),
          target_(target),
          fit_(fit),
          scale_(standard_scale(target)),
          k_(p.width()),
          raw_(p.rows * k_),
          values_(p.rows * k_),
          sum_(p.rows),
          weight_(p.rows),
          rate_(learning_rate(target.train.size())),
          random_(p.seed, 0xb0057 + target.index) {
        options_.max_depth = depth;
        options_.min_leaf = min_leaf;
        options_.lambda = lambda;
        options_.features_per_node = static_cast<std::size_t>(std::ceil(feature_share * static_cast<double>(f.count())));
        start();
    }

    // Stops `patience` rounds after the smallest loss on the selection rows and gives the values of that round.
    Boosted run_until_best() {
        Boosted best;
        const int limit = round_limit(p_, fit_.size());
        for (int round = 1; round <= limit && round - best.rounds <= patience; ++round) {
            add_round();
            const double loss = selection_loss(p_, target_, target_.selection, values_);
            if (loss < best.loss) best = {values_, loss, round};
        }
        return best;
    }

    Boosted run(int rounds) {
        for (int round = 0; round < rounds; ++round) add_round();
        return {values_, 0, rounds};
    }

  private:
    // The constant that fits best: 0 for standardised values, the log odds or log shares for classes.
    void start() {
        if (p_.task == metrics::Task::regression) {
            link();
            return;
        }
        std::vector<double> prior(p_.rows * k_);
        predict_prior(p_, target_, prior);
        for (std::size_t i = 0; i < raw_.size(); ++i) {
            const double share = std::clamp(prior[i], 1e-6, 1 - 1e-6);
            raw_[i] = k_ == 1 ? std::log(share / (1 - share)) : std::log(share);
        }
        link();
    }

    // values = what the raw sums mean.
    void link() {
        for (std::size_t row = 0; row < p_.rows; ++row) {
            const double* raw = raw_.data() + row * k_;
            double* value = values_.data() + row * k_;
            if (p_.task == metrics::Task::regression) {
                value[0] = scale_.mean + scale_.deviation * raw[0];
            } else if (k_ == 1) {
                value[0] = 1 / (1 + std::exp(-raw[0]));
            } else {
                const double top = *std::max_element(raw, raw + k_);
                double total = 0;
                for (std::size_t c = 0; c < k_; ++c) total += value[c] = std::exp(raw[c] - top);
                for (std::size_t c = 0; c < k_; ++c) value[c] /= total;
            }
        }
    }

    void add_round() {
        std::vector<std::uint32_t> drawn;
        for (std::size_t row : fit_)
            if (random_.uniform() < row_share) drawn.push_back(static_cast<std::uint32_t>(row));
        if (drawn.empty()) return;
        for (std::size_t output = 0; output < k_; ++output) {
            for (std::uint32_t row : drawn) set_gradient(row, output);
            std::vector<std::uint32_t> samples = drawn;
            const Tree tree = grow_tree(f_, {1, sum_, weight_}, samples, options_, random_);
            for (std::size_t row = 0; row < p_.rows; ++row) raw_[row * k_ + output] += rate_ * *tree.leaf_values(f_, row, 1);
        }
        link();
    }

    // sum = -gradient and weight = second derivative of the loss in the raw output.
    void set_gradient(std::uint32_t row, std::size_t output) {
        const double y = target_.y[row];
        if (p_.task == metrics::Task::regression) {
            sum_[row] = (y - scale_.mean) / scale_.deviation - raw_[row];
            weight_[row] = 1;
            return;
        }
        const double probability = values_[row * k_ + output];
        const double wanted = k_ == 1 ? y : (y == static_cast<double>(output) ? 1 : 0);
        sum_[row] = wanted - probability;
        weight_[row] = std::max(probability * (1 - probability), 1e-9);
    }

    const Problem& p_;
    const BinnedFeatures& f_;
    const Target& target_;
    std::span<const std::size_t> fit_;
    Scale scale_;
    std::size_t k_;
    std::vector<double> raw_, values_;  // [rows, width]
    std::vector<double> sum_, weight_;  // [rows]
    double rate_;
    Random random_;
    TreeOptions options_;
};

struct Outcome {
    std::vector<double> values;
    std::string settings;
};

Outcome boost(const Problem& p, const BinnedFeatures& features, const Target& target, int threads) {
    std::array<Boosted, depths.size()> tried;
    parallel_for(depths.size(), 1, threads, [&](std::size_t begin, std::size_t) {
        tried[begin] = Booster(p, features, target, target.fit, depths[begin]).run_until_best();
    });
    std::size_t best = 0;
    for (std::size_t i = 1; i < depths.size(); ++i)
        if (tried[i].loss < tried[best].loss) best = i;
    const int rounds = tried[best].rounds;
    const bool limited = rounds == round_limit(p, target.fit.size());
    if (target.held_out) tried[best] = Booster(p, features, target, target.train, depths[best]).run(rounds);
    return {std::move(tried[best].values),
            fmt::format("depth {}, {} rounds of rate {}{}", depths[best], rounds, learning_rate(target.train.size()),
                        limited ? " (the most allowed for so many rows)" : "")};
}

}  // namespace

void run_boosted_trees(const Problem& p, Prediction& prediction) {
    const auto features = bin_features(p, p.train);
    for_each_target(p, prediction, [&](const Target& target, std::span<double> values) -> std::string {
        if (target.selection.empty()) {
            predict_prior(p, target, values);
            return "too few rows to choose the number of rounds: predicts the mean";
        }
        auto outcome = boost(p, features, target, p.threads);
        std::ranges::copy(outcome.values, values.begin());
        return outcome.settings;
    });
}

}  // namespace molten::baselines

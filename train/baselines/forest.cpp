#include "train/baselines/forest.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "train/baselines/parallel.h"
#include "train/baselines/target.h"

namespace molten::baselines {
namespace {

constexpr std::size_t trees_per_batch = 16;

// Sums and counts of what trees say, per row.
struct Votes {
    std::vector<double> all, out_of_bag;  // [rows, outputs]
    std::vector<double> bag_votes;        // [rows]
};

struct Forest {
    const BinnedFeatures& features;
    std::span<const double> y;
    std::size_t outputs;
    std::span<const std::size_t> train;
    const ForestOptions& options;
    TreeOptions tree_options;
    std::uint64_t seed;

    void add_tree(std::size_t number, Votes& votes) const {
        Random random(seed, number + 1);
        std::vector<double> weight(features.rows), sum(features.rows * outputs);
        for (std::size_t i = 0; i < train.size(); ++i) weight[options.extra_trees ? train[i] : train[random.below(train.size())]] += 1;
        std::vector<std::uint32_t> samples;
        for (std::size_t row : train) {
            if (weight[row] == 0) continue;
            samples.push_back(static_cast<std::uint32_t>(row));
            for (std::size_t k = 0; k < outputs; ++k) sum[row * outputs + k] = weight[row] * y[row * outputs + k];
        }
        const Tree tree = grow_tree(features, {outputs, sum, weight}, samples, tree_options, random);
        for (std::size_t row = 0; row < features.rows; ++row) {
            const double* values = tree.leaf_values(features, row, outputs);
            const bool out = weight[row] == 0;
            for (std::size_t k = 0; k < outputs; ++k) {
                votes.all[row * outputs + k] += values[k];
                if (out) votes.out_of_bag[row * outputs + k] += values[k];
            }
            votes.bag_votes[row] += out;
        }
    }
};

}  // namespace

// Trees are added to one sum per batch and the batches in order, so that threads do not change the rounding.
std::vector<double> forest_predictions(const BinnedFeatures& features, std::span<const double> y, std::size_t outputs,
                                       std::span<const std::size_t> train, const ForestOptions& options, bool regression,
                                       std::uint64_t seed, int threads, std::vector<double>* out_of_bag) {
    const auto count = static_cast<double>(features.count());
    const double share = options.feature_share > 0 ? options.feature_share : regression ? 1.0 / 3 : 1 / std::sqrt(std::max(count, 1.0));
    TreeOptions tree_options;
    tree_options.features_per_node = static_cast<std::size_t>(std::max(1.0, std::round(share * count)));
    tree_options.min_leaf = options.min_leaf;
    tree_options.random_thresholds = options.extra_trees;
    const Forest forest{features, y, outputs, train, options, tree_options, seed};
    const auto trees = static_cast<std::size_t>(options.trees);
    std::vector<Votes> batches((trees + trees_per_batch - 1) / trees_per_batch);
    parallel_for(trees, trees_per_batch, threads, [&](std::size_t begin, std::size_t end) {
        Votes& votes = batches[begin / trees_per_batch];
        votes = {std::vector<double>(features.rows * outputs), std::vector<double>(features.rows * outputs),
                 std::vector<double>(features.rows)};
        for (std::size_t t = begin; t < end; ++t) forest.add_tree(t, votes);
    });
    std::vector<double> mean(features.rows * outputs), bag_sum(mean.size()), bag_votes(features.rows);
    for (const auto& b : batches) {
        for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += b.all[i] / options.trees, bag_sum[i] += b.out_of_bag[i];
        for (std::size_t row = 0; row < features.rows; ++row) bag_votes[row] += b.bag_votes[row];
    }
    if (out_of_bag) {
        out_of_bag->assign(mean.size(), std::numeric_limits<double>::quiet_NaN());
        for (std::size_t row : train)
            for (std::size_t k = 0; k < outputs && bag_votes[row] > 0; ++k)
                (*out_of_bag)[row * outputs + k] = bag_sum[row * outputs + k] / bag_votes[row];
    }
    return mean;
}

namespace {

// Predictions of a group of regression targets with the same training rows, one vector [rows] each.
std::vector<std::vector<double>> regression_group(const Problem& p, const BinnedFeatures& features, std::span<const Target> group,
                                                  const ForestOptions& options) {
    std::vector<double> y(p.rows * group.size());
    std::vector<Scale> scale;
    for (std::size_t t = 0; t < group.size(); ++t) {
        scale.push_back(standard_scale(group[t]));
        for (std::size_t row : group[t].train) y[row * group.size() + t] = (group[t].y[row] - scale[t].mean) / scale[t].deviation;
    }
    const auto all = forest_predictions(features, y, group.size(), group[0].train, options, true, p.seed, p.threads);
    std::vector<std::vector<double>> values(group.size(), std::vector<double>(p.rows));
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t t = i % group.size();
        values[t][i / group.size()] = scale[t].mean + scale[t].deviation * all[i];
    }
    return values;
}

std::vector<double> classification(const Problem& p, const BinnedFeatures& features, const Target& target, const ForestOptions& options) {
    std::vector<double> y(p.rows * p.width());
    for (std::size_t row : target.train) {
        if (p.width() == 1)
            y[row] = target.y[row];
        else
            y[row * p.width() + static_cast<std::size_t>(target.y[row])] = 1;
    }
    return forest_predictions(features, y, p.width(), target.train, options, false, p.seed + target.index, p.threads);
}

void run(const Problem& p, ForestOptions options, Prediction& prediction) {
    if (p.train.size() > 5000) options.trees = 100;  // more rows need fewer trees to average over
    const auto features = bin_features(p, p.train);
    std::vector<std::vector<double>> ready(p.target_count);  // regression targets of a group that was already grown
    for_each_target(p, prediction, [&](const Target& target, std::span<double> values) {
        if (p.task != metrics::Task::regression) {
            std::ranges::copy(classification(p, features, target, options), values.begin());
        } else {
            if (ready[target.index].empty()) {
                std::vector<Target> group{target};
                for (std::size_t t = target.index + 1; t < p.target_count; ++t)
                    if (auto other = make_target(p, t); other.train == target.train) group.push_back(std::move(other));
                auto predictions = regression_group(p, features, group, options);
                for (std::size_t g = 0; g < group.size(); ++g) ready[group[g].index] = std::move(predictions[g]);
            }
            std::ranges::copy(ready[target.index], values.begin());
        }
        return fmt::format("{} trees on {} features", options.trees, features.count());
    });
}

}  // namespace

void run_random_forest(const Problem& p, Prediction& prediction) { run(p, {}, prediction); }

void run_extra_trees(const Problem& p, Prediction& prediction) {
    ForestOptions options;
    options.extra_trees = true;
    run(p, options, prediction);
}

}  // namespace molten::baselines

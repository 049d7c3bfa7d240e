#pragma once
#include "train/baselines/problem.h"
#include "train/baselines/tree.h"

namespace molten::baselines {

// Random forest (Breiman 2001): each tree on a bootstrap of the rows, a random share of the features at each node, mean of the trees.
// Extra-trees (Geurts 2006): all rows, random thresholds. Tree i depends on (seed, i) only.
struct ForestOptions {
    int trees = 300;
    bool extra_trees = false;
    double feature_share = 0;  // of all features at a node; 0: a third for regression, the root of their number for classes
    std::size_t min_leaf = 1;
};

// y [rows, outputs]: values, the label 0 or 1, or one-hot classes; only the rows in `train` are read. Returns [rows, outputs] for all
// rows, and out-of-bag values for the training rows in `out_of_bag` [rows, outputs] when given (NaN elsewhere and for extra-trees).
std::vector<double> forest_predictions(const BinnedFeatures&, std::span<const double> y, std::size_t outputs,
                                       std::span<const std::size_t> train, const ForestOptions&, bool regression, std::uint64_t seed,
                                       int threads, std::vector<double>* out_of_bag = nullptr);

// Baselines. Regression targets with the same training rows share their trees (multi-output, on standardised targets).
void run_random_forest(const Problem&, Prediction&);
void run_extra_trees(const Problem&, Prediction&);

}  // namespace molten::baselines

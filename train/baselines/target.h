#pragma once
#include <functional>

#include "train/baselines/problem.h"

// One target of a problem, and the loop over the targets that most baselines share.

namespace molten::baselines {

struct Target {
    std::size_t index = 0;
    std::vector<double> y;                    // [rows], NaN where not measured
    std::vector<std::size_t> train;           // measured training rows
    std::vector<std::size_t> fit, selection;  // settings are fitted on `fit` and compared on `selection`
    bool held_out = false;                    // selection is an eighth of the training rows: fit again on all of them afterwards
};

Target make_target(const Problem&, std::size_t index);

// Mean and standard deviation (1 when constant) of a regression target's training rows.
struct Scale {
    double mean = 0, deviation = 1;
};
Scale standard_scale(const Target&);

// Writes the mean of the target's training rows (class shares for classification) for every row into values [rows, width].
void predict_prior(const Problem&, const Target&, std::span<double> values);

// Loss on `rows` of predictions [rows of the problem, width]: mean squared error, or log loss. Settings with the smallest win.
double selection_loss(const Problem&, const Target&, std::span<const std::size_t> rows, std::span<const double> values);

// For each learnable target: values = NaN [rows, width], fills them by fit(target, values), which returns the settings chosen.
// Targets that cannot be learned get the prior (one class only) or NaN (nothing measured) and a note.
void for_each_target(const Problem&, Prediction&, const std::function<std::string(const Target&, std::span<double>)>& fit);

// The fingerprints of the rows, [rows, words].
std::vector<std::uint64_t> gather_fingerprints(const Problem&, std::span<const std::size_t> rows);

// "a (2 targets), b": each setting once, in order of appearance.
std::string summary_of(std::span<const std::string> settings);

}  // namespace molten::baselines

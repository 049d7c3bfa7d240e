#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "train/metrics/metrics.h"

// What every baseline gets and gives. All matrices are row-major views of the caller's memory; rows are molecules.

namespace molten::baselines {

struct Problem {
    std::size_t rows = 0;
    std::span<const double> descriptors;          // [rows, descriptor_count]; NaN and infinity count as the training mean
    std::size_t descriptor_count = 0;             // 0: no descriptors
    std::span<const std::uint64_t> fingerprints;  // [rows, fingerprint_words], bit b of a row is bit b % 64 of word b / 64
    std::size_t fingerprint_words = 0;            // 0: no fingerprints
    std::span<const double> targets;              // [rows, target_count]; NaN = not measured
    std::size_t target_count = 1;
    std::span<const std::uint8_t> mask;       // [rows, target_count], 0 = not measured; empty: only NaN is not measured
    std::span<const std::size_t> train;       // row numbers; nothing else is ever fitted to
    std::span<const std::size_t> validation;  // settings are chosen on these rows; when empty, on an eighth of the training rows
    std::span<const std::int64_t> keys;       // [rows] equal keys = same molecule (never its own neighbour); empty: row numbers
    metrics::Task task = metrics::Task::regression;
    int classes = 2;  // multiclass only
    std::uint64_t seed = 0;
    int threads = 0;  // 0: one per core; results do not depend on it

    // Numbers a row and target gets: its class probabilities, or one value (regression) or the probability of class 1 (binary).
    std::size_t width() const { return task == metrics::Task::multiclass ? static_cast<std::size_t>(classes) : 1; }
};

struct Prediction {
    std::string name;
    std::vector<double> values;      // [rows, target_count, width]; NaN for a target that could not be learned
    std::string settings;            // what was chosen, for people: "lambda=10 (3 targets), lambda=30 (9 targets)"
    std::vector<std::string> notes;  // what was left out and why
    double seconds = 0;

    // The values of one target, [rows, width]: what metrics::Sample::prediction wants.
    std::vector<double> target(const Problem&, std::size_t index) const;
};

struct Baseline {
    std::string_view name;                       // as in configuration: "random_forest"
    std::string_view description;                // one line for people
    bool needs_fingerprints, needs_descriptors;  // both: either will do
    void (*run)(const Problem&, Prediction&);
};

std::span<const Baseline> all();

// Throws Error(usage) naming the nearest baseline.
const Baseline& find(std::string_view name);

// True when the problem has the inputs that the baseline needs.
bool suits(const Baseline&, const Problem&);

// Fits the baseline on the training rows and predicts every row. Throws Error(data) when sizes do not fit, a row number is outside, the
// training part is empty or the inputs are missing. A target that cannot be learned (nothing measured, one class) becomes a note.
Prediction run(const Baseline&, const Problem&);

}  // namespace molten::baselines

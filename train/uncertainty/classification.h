#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace molten::uncertainty {

// p(1) = 1 / (1 + exp(-(slope score + offset))).
struct Platt {
    double slope = 1, offset = 0;
    double probability(double score) const;
};
// Platt 1999 with the smoothed targets (N1 + 1) / (N1 + 2) and 1 / (N0 + 2), by Newton's method (Lin, Lin and Weng 2007).
// score [n] any real, label [n] 0 or 1. With no rows, or one class only, slope is 0 and the offset gives the smoothed share.
Platt fit_platt(std::span<const double> score, std::span<const double> label);

// The T > 0 that minimises -sum log softmax(logits / T)[label] (Guo et al. 2017), by golden section on log T in [-4, 4].
// logits [n, classes], label [n] class numbers; for two classes with one logit use {0, z}. 1 when there are no rows.
double fit_temperature(std::span<const double> logits, std::span<const double> label, std::size_t classes);
// softmax(logits / T), [n, classes].
std::vector<double> apply_temperature(std::span<const double> logits, std::size_t classes, double temperature);

// Prediction sets {c : p_c >= 1 - q}, q the conformal quantile of 1 - p(right class) over the calibration rows (Sadinle et al. 2019).
// They hold the right class with probability >= 1 - alpha. Everything is in them when there are too few calibration rows.
struct ConformalSets {
    double alpha = 0.1;
    double quantile = 1;  // q
    std::size_t classes = 2, calibration_rows = 0;
    std::string message;
    // 1 for each class in the set; probabilities [classes].
    std::vector<std::uint8_t> at(std::span<const double> probabilities) const;
};
// probabilities [n, classes], label [n]; rows with a NaN label are left out. Two classes: pass {1 - p, p}.
ConformalSets fit_sets(std::span<const double> probabilities, std::span<const double> label, std::size_t classes, double alpha = 0.1);

struct SetCoverage {
    std::size_t rows = 0;
    double share = 0, mean_size = 0;  // NaN without rows
};
SetCoverage measure(const ConformalSets&, std::span<const double> probabilities, std::span<const double> label);

// One point per bin of equal width that has rows: mean probability, share of label 1, rows.
struct CalibrationPoint {
    double probability, share;
    std::size_t rows;
};
std::vector<CalibrationPoint> calibration_curve(std::span<const double> probability, std::span<const double> label, std::size_t bins = 10);

// [1 - p, p] per row: binary probabilities in the form of the functions above.
std::vector<double> two_columns(std::span<const double> probability);

}  // namespace molten::uncertainty

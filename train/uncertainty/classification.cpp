#include "train/uncertainty/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/error.h"
#include "train/uncertainty/regression.h"

namespace molten::uncertainty {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void check_sizes(std::size_t cells, std::size_t rows, std::size_t classes) {
    if (classes < 1 || cells != rows * classes)
        throw Error(ExitCode::data, fmt::format("{} labels do not fit {} values of {} classes", rows, cells, classes));
}

std::size_t class_of(double label, std::size_t classes) {
    if (!(label >= 0 && label < static_cast<double>(classes) && label == std::floor(label)))
        throw Error(ExitCode::data, fmt::format("label {} is none of the classes 0 to {}", label, classes - 1));
    return static_cast<std::size_t>(label);
}

// log(1 + exp(z)) without overflow.
double softplus(double z) { return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)); }

double negative_log_likelihood(std::span<const double> logits, std::span<const double> label, std::size_t classes, double temperature) {
    double loss = 0;
    for (std::size_t i = 0; i < label.size(); ++i) {
        if (std::isnan(label[i])) continue;
        const auto row = logits.subspan(i * classes, classes);
        const double top = *std::ranges::max_element(row);
        double sum = 0;
        for (double z : row) sum += std::exp((z - top) / temperature);
        loss += std::log(sum) - (row[class_of(label[i], classes)] - top) / temperature;
    }
    return loss;
}

}  // namespace

double Platt::probability(double score) const { return 1 / (1 + std::exp(-(slope * score + offset))); }

Platt fit_platt(std::span<const double> score, std::span<const double> label) {
    check_sizes(score.size(), label.size(), 1);
    double ones = 0, zeros = 0;
    for (double y : label) (class_of(y, 2) == 1 ? ones : zeros) += 1;
    const double high = (ones + 1) / (ones + 2), low = 1 / (zeros + 2);
    Platt fit{0, std::log((ones + 1) / (zeros + 1))};
    if (ones == 0 || zeros == 0) return fit;
    const auto loss = [&](const Platt& p) {
        double sum = 0;
        for (std::size_t i = 0; i < score.size(); ++i) {
            const double z = p.slope * score[i] + p.offset;
            sum += softplus(z) - (label[i] == 1 ? high : low) * z;
        }
        return sum;
    };
    double value = loss(fit);
    for (int step = 0; step < 100; ++step) {
        double g_slope = 0, g_offset = 0, h_slope = 1e-12, h_cross = 0, h_offset = 1e-12;
        for (std::size_t i = 0; i < score.size(); ++i) {
            const double p = fit.probability(score[i]), difference = p - (label[i] == 1 ? high : low), weight = p * (1 - p);
            g_slope += difference * score[i];
            g_offset += difference;
            h_slope += weight * score[i] * score[i];
            h_cross += weight * score[i];
            h_offset += weight;
        }
        if (std::max(std::abs(g_slope), std::abs(g_offset)) < 1e-9) break;
        const double determinant = h_slope * h_offset - h_cross * h_cross;
        const double d_slope = -(h_offset * g_slope - h_cross * g_offset) / determinant;
        const double d_offset = -(h_slope * g_offset - h_cross * g_slope) / determinant;
        const double slope = g_slope * d_slope + g_offset * d_offset;
        bool accepted = false;
        for (double length = 1; length > 1e-10 && !accepted; length /= 2) {
            const Platt trial{fit.slope + length * d_slope, fit.offset + length * d_offset};
            const double trial_value = loss(trial);
            if (trial_value < value + 1e-4 * length * slope) {
                fit = trial;
                value = trial_value;
                accepted = true;
            }
        }
        if (!accepted) break;
    }
    return fit;
}

double fit_temperature(std::span<const double> logits, std::span<const double> label, std::size_t classes) {
    check_sizes(logits.size(), label.size(), classes);
    if (std::ranges::all_of(label, [](double y) { return std::isnan(y); })) return 1;
    const double ratio = (std::sqrt(5.0) - 1) / 2;
    double low = -4, high = 4;
    const auto loss = [&](double log_temperature) { return negative_log_likelihood(logits, label, classes, std::exp(log_temperature)); };
    double left = high - ratio * (high - low), right = low + ratio * (high - low);
    double left_loss = loss(left), right_loss = loss(right);
    while (high - low > 1e-9) {
        if (left_loss <= right_loss) {
            high = right, right = left, right_loss = left_loss;
            left_loss = loss(left = high - ratio * (high - low));
        } else {
            low = left, left = right, left_loss = right_loss;
            right_loss = loss(right = low + ratio * (high - low));
        }
    }
    return std::exp((low + high) / 2);
}

std::vector<double> apply_temperature(std::span<const double> logits, std::size_t classes, double temperature) {
    check_sizes(logits.size(), logits.size() / std::max<std::size_t>(classes, 1), classes);
    std::vector<double> p(logits.begin(), logits.end());
    for (auto row = p.begin(); row != p.end(); row += static_cast<std::ptrdiff_t>(classes)) {
        const auto end = row + static_cast<std::ptrdiff_t>(classes);
        const double top = *std::max_element(row, end);
        double sum = 0;
        for (auto z = row; z != end; ++z) sum += * z = std::exp((*z - top) / temperature);
        for (auto z = row; z != end; ++z) *z /= sum;
    }
    return p;
}

std::vector<std::uint8_t> ConformalSets::at(std::span<const double> probabilities) const {
    std::vector<std::uint8_t> in(classes);
    for (std::size_t c = 0; c < classes; ++c) in[c] = 1 - probabilities[c] <= quantile;
    return in;
}

ConformalSets fit_sets(std::span<const double> probabilities, std::span<const double> label, std::size_t classes, double alpha) {
    check_sizes(probabilities.size(), label.size(), classes);
    std::vector<double> scores;
    for (std::size_t i = 0; i < label.size(); ++i)
        if (!std::isnan(label[i])) scores.push_back(1 - probabilities[i * classes + class_of(label[i], classes)]);
    ConformalSets fitted;
    fitted.alpha = alpha;
    fitted.classes = classes;
    fitted.calibration_rows = scores.size();
    fitted.quantile = conformal_quantile(scores, alpha);
    if (std::isinf(fitted.quantile))
        fitted.message =
            fmt::format("{} calibration rows are too few for {:g} % sets, so every class is in them", scores.size(), 100 * (1 - alpha));
    return fitted;
}

SetCoverage measure(const ConformalSets& sets, std::span<const double> probabilities, std::span<const double> label) {
    check_sizes(probabilities.size(), label.size(), sets.classes);
    SetCoverage c;
    double inside = 0, size = 0;
    for (std::size_t i = 0; i < label.size(); ++i) {
        if (std::isnan(label[i])) continue;
        const auto in = sets.at(probabilities.subspan(i * sets.classes, sets.classes));
        ++c.rows;
        inside += in[class_of(label[i], sets.classes)];
        size += static_cast<double>(std::ranges::count(in, 1));
    }
    c.share = c.rows > 0 ? inside / static_cast<double>(c.rows) : nan;
    c.mean_size = c.rows > 0 ? size / static_cast<double>(c.rows) : nan;
    return c;
}

std::vector<CalibrationPoint> calibration_curve(std::span<const double> probability, std::span<const double> label, std::size_t bins) {
    check_sizes(probability.size(), label.size(), 1);
    std::vector<CalibrationPoint> sums(std::max<std::size_t>(bins, 1));
    for (std::size_t i = 0; i < label.size(); ++i) {
        const double p = probability[i];
        if (std::isnan(label[i]) || !(p >= 0 && p <= 1)) continue;
        auto& bin = sums[std::min(static_cast<std::size_t>(p * static_cast<double>(sums.size())), sums.size() - 1)];
        bin.probability += p;
        bin.share += static_cast<double>(class_of(label[i], 2));
        ++bin.rows;
    }
    std::erase_if(sums, [](const CalibrationPoint& b) { return b.rows == 0; });
    for (auto& b : sums) {
        b.probability /= static_cast<double>(b.rows);
        b.share /= static_cast<double>(b.rows);
    }
    return sums;
}

std::vector<double> two_columns(std::span<const double> probability) {
    std::vector<double> columns;
    for (double p : probability) {
        columns.push_back(1 - p);
        columns.push_back(p);
    }
    return columns;
}

}  // namespace molten::uncertainty

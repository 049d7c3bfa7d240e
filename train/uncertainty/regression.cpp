#include "train/uncertainty/regression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/error.h"

namespace molten::uncertainty {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Row {
    double target, prediction, spread;
    double error() const { return std::abs(target - prediction); }
};

std::vector<Row> used_rows(const Measured& m) {
    const std::size_t n = m.target.size();
    if (m.prediction.size() != n || (!m.spread.empty() && m.spread.size() != n) || (!m.mask.empty() && m.mask.size() != n))
        throw Error(ExitCode::data, fmt::format("{} targets do not fit {} predictions, {} spreads and a mask of {}", n, m.prediction.size(),
                                                m.spread.size(), m.mask.size()));
    std::vector<Row> rows;
    for (std::size_t i = 0; i < n; ++i) {
        if ((!m.mask.empty() && m.mask[i] == 0) || std::isnan(m.target[i]) || std::isnan(m.prediction[i])) continue;
        rows.push_back({m.target[i], m.prediction[i], m.spread.empty() ? 0 : m.spread[i]});
    }
    return rows;
}

void check_alpha(double alpha) {
    if (!(alpha > 0 && alpha < 1)) throw Error(ExitCode::usage, fmt::format("alpha is {}, but must be between 0 and 1", alpha));
}

std::string too_few(std::size_t n, double alpha) {
    return fmt::format("{} calibration rows are too few for {:g} % intervals: at least {:.0f} are needed, so the intervals are infinite", n,
                       100 * (1 - alpha), std::ceil(1 / alpha - 1e-9) - 1);
}

// Share of the normal interval in which the target lies: 2 Phi(|z|) - 1.
std::vector<double> sorted_levels(const Measured& m) {
    std::vector<double> levels;
    for (const auto& row : used_rows(m)) {
        const double z = row.error() == 0 ? 0 : row.error() / row.spread;  // no spread but an error: infinitely far out
        levels.push_back(std::erf(z / std::sqrt(2.0)));
    }
    std::ranges::sort(levels);
    return levels;
}

}  // namespace

Ensemble combine(std::span<const std::vector<double>> members) {
    if (members.empty()) throw Error(ExitCode::data, "an ensemble needs at least one member");
    const std::size_t n = members[0].size();
    for (const auto& member : members)
        if (member.size() != n) throw Error(ExitCode::data, fmt::format("ensemble members predict {} and {} rows", n, member.size()));
    Ensemble e{std::vector<double>(n), std::vector<double>(n)};
    const auto m = static_cast<double>(members.size());
    for (std::size_t i = 0; i < n; ++i) {
        for (const auto& member : members) e.mean[i] += member[i] / m;
        double squares = 0;
        for (const auto& member : members) squares += (member[i] - e.mean[i]) * (member[i] - e.mean[i]);
        e.spread[i] = members.size() > 1 ? std::sqrt(squares / (m - 1)) : 0;
    }
    return e;
}

double conformal_quantile(std::span<const double> scores, double alpha) {
    check_alpha(alpha);
    const std::size_t n = scores.size();
    // ceil((n + 1)(1 - alpha)) = n + 1 - floor((n + 1) alpha); the hair keeps 10 * 0.1 from rounding below 1.
    const auto above = static_cast<std::size_t>(static_cast<double>(n + 1) * alpha + 1e-9);
    if (above == 0) return infinity;
    std::vector<double> sorted(scores.begin(), scores.end());
    const auto kth = sorted.begin() + static_cast<std::ptrdiff_t>(n + 1 - above) - 1;
    std::ranges::nth_element(sorted, kth);
    return *kth;
}

Interval ConformalIntervals::at(double prediction, double spread) const {
    const double half = normalised ? quantile * std::max(spread, floor) : quantile;
    return {prediction - half, prediction + half};
}

ConformalIntervals fit_intervals(const Measured& calibration, double alpha) {
    check_alpha(alpha);
    std::vector<double> scores;
    for (const auto& row : used_rows(calibration)) scores.push_back(row.error());
    ConformalIntervals fitted;
    fitted.alpha = alpha;
    fitted.calibration_rows = scores.size();
    fitted.quantile = conformal_quantile(scores, alpha);
    if (std::isinf(fitted.quantile)) fitted.message = too_few(scores.size(), alpha);
    return fitted;
}

ConformalIntervals fit_normalised_intervals(const Measured& calibration, double alpha) {
    check_alpha(alpha);
    const auto rows = used_rows(calibration);
    std::vector<double> spreads;
    for (const auto& row : rows) spreads.push_back(row.spread);
    const auto middle = spreads.begin() + static_cast<std::ptrdiff_t>(spreads.size() / 2);
    if (!spreads.empty()) std::ranges::nth_element(spreads, middle);
    if (spreads.empty() || !(*middle > 0) || !std::isfinite(*middle)) {
        auto plain = fit_intervals(calibration, alpha);
        if (plain.message.empty())
            plain.message = "the ensemble has no spread on the calibration rows, so all intervals have the same width";
        return plain;
    }
    ConformalIntervals fitted;
    fitted.alpha = alpha;
    fitted.normalised = true;
    fitted.floor = *middle / 10;
    fitted.calibration_rows = rows.size();
    std::vector<double> scores;
    for (const auto& row : rows) scores.push_back(row.error() / std::max(row.spread, fitted.floor));
    fitted.quantile = conformal_quantile(scores, alpha);
    if (std::isinf(fitted.quantile)) fitted.message = too_few(rows.size(), alpha);
    return fitted;
}

Coverage measure(const ConformalIntervals& intervals, const Measured& test) {
    Coverage c;
    double inside = 0, width = 0;
    for (const auto& row : used_rows(test)) {
        const auto [lower, upper] = intervals.at(row.prediction, row.spread);
        ++c.rows;
        inside += row.target >= lower && row.target <= upper;
        width += upper - lower;
    }
    c.share = c.rows > 0 ? inside / static_cast<double>(c.rows) : nan;
    c.mean_width = c.rows > 0 ? width / static_cast<double>(c.rows) : nan;
    return c;
}

double miscalibration_area(const Measured& m) {
    const auto levels = sorted_levels(m);
    if (levels.empty()) return nan;
    const auto n = static_cast<double>(levels.size());
    double area = 0;
    for (std::size_t i = 0; i <= levels.size(); ++i) {  // between levels i - 1 and i the share is i / n
        const double from = i == 0 ? 0 : levels[i - 1], to = i == levels.size() ? 1 : levels[i], share = static_cast<double>(i) / n;
        const auto half_square = [&](double p) { return (p - share) * std::abs(p - share) / 2; };  // primitive of |p - share|
        area += half_square(to) - half_square(from);
    }
    return area;
}

std::vector<Interval> interval_calibration_curve(const Measured& m, std::size_t points) {
    const auto levels = sorted_levels(m);
    std::vector<Interval> curve;
    for (std::size_t i = 0; i <= points && !levels.empty() && points > 0; ++i) {
        const double p = static_cast<double>(i) / static_cast<double>(points);
        const auto within = std::ranges::upper_bound(levels, p) - levels.begin();
        curve.push_back({p, static_cast<double>(within) / static_cast<double>(levels.size())});
    }
    return curve;
}

double ence(const Measured& m, std::size_t bins) {
    auto rows = used_rows(m);
    if (bins == 0 || rows.size() < bins) return nan;
    std::ranges::stable_sort(rows, {}, &Row::spread);
    double sum = 0;
    for (std::size_t b = 0; b < bins; ++b) {
        double variance = 0, squares = 0;
        const std::size_t first = b * rows.size() / bins, last = (b + 1) * rows.size() / bins;
        for (std::size_t i = first; i < last; ++i) {
            variance += rows[i].spread * rows[i].spread;
            squares += rows[i].error() * rows[i].error();
        }
        if (!(variance > 0)) return nan;
        sum += std::abs(std::sqrt(variance) - std::sqrt(squares)) / std::sqrt(variance);
    }
    return sum / static_cast<double>(bins);
}

double spread_scale(const Measured& calibration) {
    double squares = 0, n = 0;
    for (const auto& row : used_rows(calibration)) {
        if (!(row.spread > 0)) continue;
        squares += row.error() / row.spread * (row.error() / row.spread);
        ++n;
    }
    return n > 0 && squares > 0 ? std::sqrt(squares / n) : 1;
}

}  // namespace molten::uncertainty

#include <algorithm>
#include <cmath>
#include <numeric>

#include "train/metrics/used_rows.h"

namespace molten::metrics {
namespace {

double mean(std::span<const double> v) { return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size()); }

bool constant(std::span<const double> v) {
    return std::ranges::all_of(v, [&](double x) { return x == v.front(); });
}

UsedRows regression_rows(const Sample& s, std::string_view name) {
    require_task(s, name, {Task::regression});
    return used_rows(s, name);
}

// Why no correlation of the two columns exists, or an empty string.
std::string no_correlation(const UsedRows& rows) {
    if (!rows.problem.empty()) return rows.problem;
    if (rows.n < 2) return "needs at least two measured rows";
    if (constant(rows.target)) return "the target is constant";
    if (constant(rows.prediction)) return "the prediction is constant";
    return {};
}

// Deviations from the mean, divided by the largest one so that their squares neither overflow nor vanish.
std::vector<double> scaled_deviations(std::span<const double> v) {
    const double center = mean(v);
    std::vector<double> d(v.size());
    double largest = 0;
    for (std::size_t i = 0; i < v.size(); ++i) largest = std::max(largest, std::abs(d[i] = v[i] - center));
    for (double& x : d) x /= largest;
    return d;
}

Score correlation(std::span<const double> a, std::span<const double> b) {
    const auto x = scaled_deviations(a), y = scaled_deviations(b);
    double xx = 0, yy = 0, xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) xx += x[i] * x[i], yy += y[i] * y[i], xy += x[i] * y[i];
    const double r = xy / std::sqrt(xx) / std::sqrt(yy);
    return defined(std::isfinite(r) ? std::clamp(r, -1.0, 1.0) : r, a.size());
}

double pairs(double n) { return n * (n - 1) / 2; }

// Pairs within runs of equal neighbours, `same(i)` telling whether i equals i - 1.
template <class Same>
double tied_pairs(std::size_t n, Same same) {
    double total = 0, run = 1;
    for (std::size_t i = 1; i <= n; ++i) {
        if (i < n && same(i)) {
            ++run;
        } else {
            total += pairs(run);
            run = 1;
        }
    }
    return total;
}

// Sorts `v` by merging and counts the pairs that were in falling order.
double count_inversions(std::vector<double>& v) {
    std::vector<double> merged(v.size());
    double inversions = 0;
    for (std::size_t width = 1; width < v.size(); width *= 2) {
        for (std::size_t low = 0; low < v.size(); low += 2 * width) {
            const std::size_t middle = std::min(low + width, v.size()), high = std::min(low + 2 * width, v.size());
            std::size_t left = low, right = middle;
            for (std::size_t out = low; out < high; ++out) {
                if (left < middle && (right == high || v[left] <= v[right])) {
                    merged[out] = v[left++];
                } else {
                    merged[out] = v[right++];
                    inversions += static_cast<double>(middle - left);
                }
            }
        }
        v.swap(merged);
    }
    return inversions;
}

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values[a] != values[b] ? values[a] < values[b] : a < b; });
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
        for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = 1 + 0.5 * static_cast<double>(first + last);
        first = last + 1;
    }
    return ranks;
}

Score mae(const Sample& s) {
    const auto rows = regression_rows(s, "mae");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    double sum = 0;
    for (std::size_t i = 0; i < rows.n; ++i) sum += std::abs(rows.target[i] - rows.prediction[i]);
    return defined(sum / static_cast<double>(rows.n), rows.n);
}

Score rmse(const Sample& s) {
    const auto rows = regression_rows(s, "rmse");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    double sum = 0;
    for (std::size_t i = 0; i < rows.n; ++i) sum += (rows.target[i] - rows.prediction[i]) * (rows.target[i] - rows.prediction[i]);
    return defined(std::sqrt(sum / static_cast<double>(rows.n)), rows.n);
}

Score r2(const Sample& s) {
    const auto rows = regression_rows(s, "r2");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    if (rows.n < 2) return undefined("needs at least two measured rows", rows.n);
    if (constant(rows.target)) return undefined("the target is constant", rows.n);
    const double center = mean(rows.target);
    double residual = 0, total = 0;
    for (std::size_t i = 0; i < rows.n; ++i) {
        residual += (rows.target[i] - rows.prediction[i]) * (rows.target[i] - rows.prediction[i]);
        total += (rows.target[i] - center) * (rows.target[i] - center);
    }
    return defined(1 - residual / total, rows.n);
}

Score pearson(const Sample& s) {
    const auto rows = regression_rows(s, "pearson");
    if (auto why = no_correlation(rows); !why.empty()) return undefined(why, rows.n);
    return correlation(rows.target, rows.prediction);
}

Score spearman(const Sample& s) {
    const auto rows = regression_rows(s, "spearman");
    if (auto why = no_correlation(rows); !why.empty()) return undefined(why, rows.n);
    return correlation(average_ranks(rows.target), average_ranks(rows.prediction));
}

// Knight 1966: sort by target, then prediction; the discordant pairs are the inversions that are left in the predictions.
Score kendall(const Sample& s) {
    const auto rows = regression_rows(s, "kendall");
    if (auto why = no_correlation(rows); !why.empty()) return undefined(why, rows.n);
    std::vector<std::pair<double, double>> sorted(rows.n);
    for (std::size_t i = 0; i < rows.n; ++i) sorted[i] = {rows.target[i], rows.prediction[i]};
    std::ranges::sort(sorted);
    const double target_ties = tied_pairs(rows.n, [&](std::size_t i) { return sorted[i].first == sorted[i - 1].first; });
    const double both_ties = tied_pairs(rows.n, [&](std::size_t i) { return sorted[i] == sorted[i - 1]; });
    std::vector<double> predictions(rows.n);
    for (std::size_t i = 0; i < rows.n; ++i) predictions[i] = sorted[i].second;
    const double discordant = count_inversions(predictions);
    const double prediction_ties = tied_pairs(rows.n, [&](std::size_t i) { return predictions[i] == predictions[i - 1]; });
    const double all_pairs = pairs(static_cast<double>(rows.n));
    const double difference = all_pairs - target_ties - prediction_ties + both_ties - 2 * discordant;
    return defined(difference / std::sqrt(all_pairs - target_ties) / std::sqrt(all_pairs - prediction_ties), rows.n);
}

}  // namespace molten::metrics

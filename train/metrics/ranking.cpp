#include <algorithm>
#include <cmath>
#include <numeric>

#include "train/metrics/used_rows.h"

namespace molten::metrics {
namespace {

UsedRows binary_rows(const Sample& s, std::string_view name) {
    require_task(s, name, {Task::binary});
    return used_rows(s, name);
}

double positives(const UsedRows& rows) { return std::accumulate(rows.target.begin(), rows.target.end(), 0.0); }

// True and false positives when every row with at least the score is called positive, for each distinct score from the highest down.
struct Threshold {
    double true_positives, false_positives;
};
std::vector<Threshold> thresholds(const UsedRows& rows) {
    std::vector<std::size_t> order(rows.n);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return rows.prediction[a] > rows.prediction[b]; });
    std::vector<Threshold> counts;
    Threshold now{0, 0};
    for (std::size_t i = 0; i < rows.n; ++i) {
        now.true_positives += rows.target[order[i]];
        now.false_positives += 1 - rows.target[order[i]];
        if (i + 1 == rows.n || rows.prediction[order[i + 1]] != rows.prediction[order[i]]) counts.push_back(now);
    }
    return counts;
}

}  // namespace

Score roc_auc(const Sample& s) {
    const auto rows = binary_rows(s, "roc_auc");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    const double ones = positives(rows), zeros = static_cast<double>(rows.n) - ones;
    if (ones == 0 || zeros == 0) return undefined("only one class is measured", rows.n);
    const auto ranks = average_ranks(rows.prediction);
    double rank_sum = 0;
    for (std::size_t i = 0; i < rows.n; ++i) rank_sum += rows.target[i] * ranks[i];
    return defined((rank_sum - ones * (ones + 1) / 2) / (ones * zeros), rows.n);
}

Score pr_auc(const Sample& s) {
    const auto rows = binary_rows(s, "pr_auc");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    const double ones = positives(rows);
    if (ones == 0) return undefined("class 1 is not measured", rows.n);
    if (ones == static_cast<double>(rows.n)) return undefined("only one class is measured", rows.n);
    double area = 0, recalled = 0;
    for (const auto& t : thresholds(rows)) {
        area += (t.true_positives - recalled) / ones * t.true_positives / (t.true_positives + t.false_positives);
        recalled = t.true_positives;
    }
    return defined(area, rows.n);
}

std::vector<Point> roc_curve(const Sample& s) {
    const auto rows = binary_rows(s, "roc_curve");
    const double ones = rows.problem.empty() ? positives(rows) : 0, zeros = static_cast<double>(rows.n) - ones;
    if (ones == 0 || zeros == 0) return {};
    std::vector<Point> points{{0, 0}};
    for (const auto& t : thresholds(rows)) points.push_back({t.false_positives / zeros, t.true_positives / ones});
    return points;
}

std::vector<Point> precision_recall_curve(const Sample& s) {
    const auto rows = binary_rows(s, "precision_recall_curve");
    const double ones = rows.problem.empty() ? positives(rows) : 0;
    if (ones == 0) return {};
    std::vector<Point> points;
    for (const auto& t : thresholds(rows))
        points.push_back({t.true_positives / ones, t.true_positives / (t.true_positives + t.false_positives)});
    return points;
}

}  // namespace molten::metrics

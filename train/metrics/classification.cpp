#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/metrics/used_rows.h"

namespace molten::metrics {
namespace {

UsedRows class_rows(const Sample& s, std::string_view name) {
    require_task(s, name, {Task::binary, Task::multiclass});
    return used_rows(s, name);
}

std::size_t label(const UsedRows& rows, std::size_t row) {
    if (rows.width == 1) return rows.prediction[row] > 0.5 ? 1 : 0;
    const auto first = rows.prediction.begin() + static_cast<std::ptrdiff_t>(row * rows.width);
    return static_cast<std::size_t>(std::max_element(first, first + static_cast<std::ptrdiff_t>(rows.width)) - first);
}

// count[t * classes + p]: rows of class t that were called p.
struct Confusion {
    std::size_t classes;
    std::vector<double> count;
    double at(std::size_t target, std::size_t predicted) const { return count[target * classes + predicted]; }
    double targets(std::size_t c) const {
        double sum = 0;
        for (std::size_t p = 0; p < classes; ++p) sum += at(c, p);
        return sum;
    }
    double predictions(std::size_t c) const {
        double sum = 0;
        for (std::size_t t = 0; t < classes; ++t) sum += at(t, c);
        return sum;
    }
};

Confusion confusion(const UsedRows& rows) {
    const std::size_t classes = rows.width == 1 ? 2 : rows.width;
    Confusion m{classes, std::vector<double>(classes * classes)};
    for (std::size_t i = 0; i < rows.n; ++i) m.count[static_cast<std::size_t>(rows.target[i]) * classes + label(rows, i)] += 1;
    return m;
}

// Class rows whose predictions are probabilities, else with the problem said.
UsedRows probability_rows(const Sample& s, std::string_view name) {
    auto rows = class_rows(s, name);
    for (std::size_t i = 0; i < rows.n && rows.problem.empty(); ++i) {
        double sum = 0;
        for (std::size_t c = 0; c < rows.width; ++c) {
            const double p = rows.prediction[i * rows.width + c];
            if (p < 0 || p > 1) rows.problem = fmt::format("needs probabilities, but there is a prediction of {}", p);
            sum += p;
        }
        if (rows.width > 1 && std::abs(sum - 1) > 1e-6) rows.problem = fmt::format("needs class probabilities, but a row sums to {}", sum);
    }
    return rows;
}

}  // namespace

Score accuracy(const Sample& s) {
    const auto rows = class_rows(s, "accuracy");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    const auto m = confusion(rows);
    double right = 0;
    for (std::size_t c = 0; c < m.classes; ++c) right += m.at(c, c);
    return defined(right / static_cast<double>(rows.n), rows.n);
}

Score balanced_accuracy(const Sample& s) {
    const auto rows = class_rows(s, "balanced_accuracy");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    const auto m = confusion(rows);
    double sum = 0, present = 0;
    for (std::size_t c = 0; c < m.classes; ++c) {
        if (m.targets(c) == 0) continue;
        sum += m.at(c, c) / m.targets(c);
        present += 1;
    }
    if (present < 2) return undefined("only one class is measured", rows.n);
    return defined(sum / present, rows.n);
}

Score f1(const Sample& s) {
    const auto rows = class_rows(s, "f1");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    const auto m = confusion(rows);
    double sum = 0, seen = 0;
    for (std::size_t c = rows.width == 1 ? 1 : 0; c < m.classes; ++c) {
        const double either = m.targets(c) + m.predictions(c);
        if (either == 0) continue;
        sum += 2 * m.at(c, c) / either;
        seen += 1;
    }
    if (seen == 0) return undefined("class 1 is neither measured nor predicted", rows.n);
    return defined(sum / seen, rows.n);
}

Score mcc(const Sample& s) {
    const auto rows = class_rows(s, "mcc");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    const auto m = confusion(rows);
    const double n = static_cast<double>(rows.n);
    double right = 0, cross = 0, target_squares = 0, prediction_squares = 0;
    for (std::size_t c = 0; c < m.classes; ++c) {
        right += m.at(c, c);
        cross += m.targets(c) * m.predictions(c);
        target_squares += m.targets(c) * m.targets(c);
        prediction_squares += m.predictions(c) * m.predictions(c);
    }
    if (target_squares == n * n) return undefined("only one class is measured", rows.n);
    if (prediction_squares == n * n) return undefined("only one class is predicted", rows.n);
    return defined((right * n - cross) / std::sqrt(n * n - prediction_squares) / std::sqrt(n * n - target_squares), rows.n);
}

Score log_loss(const Sample& s) {
    const auto rows = probability_rows(s, "log_loss");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    constexpr double epsilon = 0x1p-52;
    double sum = 0;
    for (std::size_t i = 0; i < rows.n; ++i) {
        const auto target = static_cast<std::size_t>(rows.target[i]);
        if (rows.width == 1) {
            const double p = std::clamp(rows.prediction[i], epsilon, 1 - epsilon);
            sum -= target == 1 ? std::log(p) : std::log1p(-p);
        } else {
            sum -= std::log(std::clamp(rows.prediction[i * rows.width + target], epsilon, 1 - epsilon));
        }
    }
    return defined(sum / static_cast<double>(rows.n), rows.n);
}

Score brier(const Sample& s) {
    const auto rows = probability_rows(s, "brier");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    double sum = 0;
    for (std::size_t i = 0; i < rows.n; ++i)
        for (std::size_t c = 0; c < rows.width; ++c) {
            const double y = rows.width == 1 ? rows.target[i] : (rows.target[i] == static_cast<double>(c) ? 1 : 0);
            const double difference = rows.prediction[i * rows.width + c] - y;
            sum += difference * difference;
        }
    return defined(sum / static_cast<double>(rows.n), rows.n);
}

Score expected_calibration_error(const Sample& s, int bins) {
    const auto rows = probability_rows(s, "ece");
    if (!rows.problem.empty()) return undefined(rows.problem, rows.n);
    if (bins < 1) return undefined(fmt::format("needs at least one bin, not {}", bins), rows.n);
    std::vector<double> gap(static_cast<std::size_t>(bins));  // sum of confidence - right of the bin's rows
    for (std::size_t i = 0; i < rows.n; ++i) {
        const std::size_t top = rows.width == 1 ? 0 : label(rows, i);
        const double confidence = rows.prediction[i * rows.width + top];
        const double right = rows.width == 1 ? rows.target[i] : (rows.target[i] == static_cast<double>(top) ? 1 : 0);
        const auto bin = std::min(static_cast<std::size_t>(confidence * bins), gap.size() - 1);
        gap[bin] += confidence - right;
    }
    double sum = 0;
    for (double g : gap) sum += std::abs(g);
    return defined(sum / static_cast<double>(rows.n), rows.n);
}

Score ece(const Sample& s) { return expected_calibration_error(s, 10); }

}  // namespace molten::metrics

#include "train/data/scaler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/error.h"

namespace molten::data {

namespace {

double forward(double value, Transform transform) {
    switch (transform) {
        case Transform::log:
            return std::log(value);
        case Transform::log1p:
            return std::log1p(value);
        default:
            return value;
    }
}

double backward(double value, Transform transform) {
    switch (transform) {
        case Transform::log:
            return std::exp(value);
        case Transform::log1p:
            return std::expm1(value);
        default:
            return value;
    }
}

}  // namespace

StandardScaler StandardScaler::fit(std::span<const double> values, std::size_t targets, std::span<const Transform> transforms) {
    StandardScaler scaler;
    scaler.transforms_.assign(targets, Transform::none);
    std::copy_n(transforms.begin(), std::min(targets, transforms.size()), scaler.transforms_.begin());
    for (std::size_t t = 0; t < targets; ++t) {
        const Transform transform = scaler.transforms_[t];
        std::vector<double> present;
        for (std::size_t i = t; i < values.size(); i += targets) {
            if (std::isnan(values[i])) continue;
            present.push_back(forward(values[i], transform));
            if (!std::isfinite(present.back()))
                throw Error(ExitCode::data,
                            fmt::format("target {}: the value {} has no {}", t, values[i],
                                        transform == Transform::log ? "logarithm" : "finite scaled form"),
                            "Leave the transform of this target out.");
        }
        if (present.empty())
            throw Error(ExitCode::data, fmt::format("target {} has no value in the training part", t),
                        "Use another split or leave the target out.");
        const auto count = static_cast<double>(present.size());
        double sum = 0, squares = 0;
        for (const double value : present) sum += value;
        const double mean = sum / count;
        for (const double value : present) squares += (value - mean) * (value - mean);
        const double deviation = std::sqrt(squares / count);
        // Rounding leaves a spread of a few ulp where there is none.
        const bool constant = deviation <= 8 * std::numeric_limits<double>::epsilon() * std::abs(mean);
        scaler.mean_.push_back(mean);
        scaler.deviation_.push_back(constant ? 1 : deviation);
    }
    return scaler;
}

double StandardScaler::scale(double value, std::size_t target) const {
    const double moved = forward(value, transforms_[target]);
    return std::isfinite(moved) ? (moved - mean_[target]) / deviation_[target] : std::numeric_limits<double>::quiet_NaN();
}

double StandardScaler::unscale(double value, std::size_t target) const {
    return backward(value * deviation_[target] + mean_[target], transforms_[target]);
}

void StandardScaler::scale(std::span<double> values) const {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = scale(values[i], i % targets());
}

void StandardScaler::unscale(std::span<double> values) const {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = unscale(values[i], i % targets());
}

State StandardScaler::state() const {
    State state{{"mean", mean_}, {"deviation", deviation_}, {"transform", {}}};
    for (const Transform transform : transforms_) state["transform"].push_back(static_cast<double>(transform));
    return state;
}

StandardScaler StandardScaler::from_state(const State& state) {
    const auto mean = state.find("mean"), deviation = state.find("deviation"), transform = state.find("transform");
    const auto refuse = [](bool wrong) {
        if (wrong)
            throw Error(ExitCode::corrupt, "the state of a target scaler is incomplete or out of range",
                        "The model file is damaged; take another checkpoint.");
    };
    refuse(mean == state.end() || deviation == state.end() || transform == state.end());
    StandardScaler scaler;
    scaler.mean_ = mean->second;
    scaler.deviation_ = deviation->second;
    refuse(scaler.mean_.size() != scaler.deviation_.size() || scaler.mean_.size() != transform->second.size());
    for (const double code : transform->second) {
        refuse(code != 0 && code != 1 && code != 2);
        scaler.transforms_.push_back(static_cast<Transform>(static_cast<int>(code)));
    }
    for (const double value : scaler.mean_) refuse(!std::isfinite(value));
    for (const double value : scaler.deviation_) refuse(!(value > 0) || !std::isfinite(value));
    return scaler;
}

double skewness(std::span<const double> values) {
    double count = 0, sum = 0, second = 0, third = 0;
    for (const double value : values) {
        if (std::isnan(value)) continue;
        ++count;
        sum += value;
    }
    for (const double value : values) {
        if (std::isnan(value)) continue;
        const double d = value - sum / count;
        second += d * d;
        third += d * d * d;
    }
    if (!(second > 0)) return 0;
    return (third / count) / std::pow(second / count, 1.5);
}

Transform suggest_transform(std::span<const double> values) {
    double low = std::numeric_limits<double>::infinity(), high = 0;
    std::vector<double> logarithms;
    for (const double value : values) {
        if (std::isnan(value)) continue;
        if (!(value > 0)) return Transform::none;
        low = std::min(low, value);
        high = std::max(high, value);
        logarithms.push_back(std::log(value));
    }
    if (logarithms.empty() || high < 100 * low) return Transform::none;
    return std::abs(skewness(logarithms)) <= 0.5 * std::abs(skewness(values)) ? Transform::log : Transform::none;
}

double quantile(std::span<const double> ascending, double q) {
    const double position = q * static_cast<double>(ascending.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(position));
    if (below + 1 >= ascending.size()) return ascending.back();
    const double share = position - std::floor(position);
    return ascending[below] + share * (ascending[below + 1] - ascending[below]);
}

}  // namespace molten::data

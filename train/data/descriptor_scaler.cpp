#include "train/data/descriptor_scaler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/error.h"

namespace molten::data {

namespace {

constexpr double largest = 1e150;  // beyond it squares overflow
constexpr std::size_t most_knots = 1000;

bool usable(double value) { return std::abs(value) <= largest; }  // false for NaN

struct Moments {
    double mean, deviation;
};

Moments moments(const std::vector<double>& values) {
    const auto count = static_cast<double>(values.size());
    double sum = 0, squares = 0;
    for (const double value : values) sum += value;
    const double mean = sum / count;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return {mean, std::sqrt(squares / count)};
}

}  // namespace

double normal_quantile(double p) {
    constexpr double sqrt_half = 0.70710678118654752440, sqrt_two_pi = 2.50662827463100050242;
    if (p > 0.5) return -normal_quantile(1 - p);
    double low = -39, high = 0;
    for (int i = 0; i < 12; ++i) {
        const double middle = 0.5 * (low + high);
        (0.5 * std::erfc(-middle * sqrt_half) < p ? low : high) = middle;
    }
    double z = low;
    for (int i = 0; i < 8; ++i) z += (p - 0.5 * std::erfc(-z * sqrt_half)) * sqrt_two_pi * std::exp(0.5 * z * z);
    return z;
}

// Appends to the parameters of the squash those of the next output.
void DescriptorScaler::fit_squash(const std::vector<double>& ascending, const DescriptorOptions& options) {
    double low = quantile(ascending, options.low), high = quantile(ascending, options.high);
    if (!(high > low)) {
        low = ascending.front();
        high = ascending.back();
    }
    double width = (quantile(ascending, 0.75) - quantile(ascending, 0.25)) / 1.349;
    if (!(width > 0)) width = 0.5 * (high - low);
    low_.push_back(low);
    high_.push_back(high);
    width_.push_back(width);
    if (options.squash != Squash::rank_gauss) return;
    // Distinct values with the share of values below them, ties counted by half.
    std::vector<double> values, scores;
    const auto count = static_cast<double>(ascending.size());
    for (std::size_t i = 0; i < ascending.size();) {
        std::size_t end = i;
        while (end < ascending.size() && ascending[end] == ascending[i]) ++end;
        values.push_back(ascending[i]);
        scores.push_back(static_cast<double>(i + end) / (2 * count));
        i = end;
    }
    const std::size_t knots = std::min(values.size(), most_knots);
    for (std::size_t k = 0; k < knots; ++k) {
        const std::size_t i = knots == values.size() ? k : k * (values.size() - 1) / (knots - 1);
        knot_value_.push_back(values[i]);
        knot_score_.push_back(normal_quantile(scores[i]));
    }
    first_knot_.push_back(knot_value_.size());
}

double DescriptorScaler::squash(double value, std::size_t output) const {
    switch (squash_) {
        case Squash::clip:
            return std::clamp(value, low_[output], high_[output]);
        case Squash::asinh:
            return std::asinh(std::clamp((value - median_[output]) / width_[output], -1e300, 1e300));
        case Squash::rank_gauss: {
            const auto first = knot_value_.begin() + static_cast<std::ptrdiff_t>(first_knot_[output]);
            const auto last = knot_value_.begin() + static_cast<std::ptrdiff_t>(first_knot_[output + 1]);
            const auto upper = std::upper_bound(first, last, value);
            const auto index = static_cast<std::size_t>(upper - knot_value_.begin());
            if (upper == first) return knot_score_[index];
            if (upper == last) return knot_score_[index - 1];
            const double share = (value - knot_value_[index - 1]) / (knot_value_[index] - knot_value_[index - 1]);
            return knot_score_[index - 1] + share * (knot_score_[index] - knot_score_[index - 1]);
        }
        default:
            return value;
    }
}

DescriptorScaler DescriptorScaler::fit(std::span<const double> values, std::size_t columns, const DescriptorOptions& options) {
    const std::size_t rows = columns == 0 ? 0 : values.size() / columns;
    if (rows == 0) throw Error(ExitCode::data, "descriptors cannot be scaled: the training part has no rows", "Use another split.");
    DescriptorScaler scaler;
    scaler.squash_ = options.squash;
    scaler.bound_ = options.bound;
    scaler.inputs_ = columns;
    for (std::size_t c = 0; c < columns; ++c) {
        std::vector<double> column, ascending;
        for (std::size_t r = 0; r < rows; ++r) column.push_back(values[r * columns + c]);
        std::copy_if(column.begin(), column.end(), std::back_inserter(ascending), usable);
        std::sort(ascending.begin(), ascending.end());
        if (ascending.empty() || ascending.front() == ascending.back()) continue;
        const double median = quantile(ascending, 0.5);
        const std::size_t output = scaler.kept_.size();
        scaler.median_.push_back(median);
        scaler.fit_squash(ascending, options);
        for (double& value : column) value = scaler.squash(usable(value) ? value : median, output);
        const auto [mean, deviation] = moments(column);
        scaler.mean_.push_back(mean);
        scaler.deviation_.push_back(deviation > 0 ? deviation : 1);
        scaler.kept_.push_back(c);
    }
    return scaler;
}

void DescriptorScaler::apply(std::span<const double> in, std::span<double> out) const {
    for (std::size_t j = 0; j < kept_.size(); ++j) {
        const double value = in[kept_[j]];
        const double z = (squash(usable(value) ? value : median_[j], j) - mean_[j]) / deviation_[j];
        out[j] = std::clamp(z, -bound_, bound_);
    }
}

std::vector<double> DescriptorScaler::apply(std::span<const double> values) const {
    const std::size_t rows = inputs_ == 0 ? 0 : values.size() / inputs_;
    std::vector<double> result(rows * outputs());
    for (std::size_t r = 0; r < rows; ++r) apply(values.subspan(r * inputs_, inputs_), std::span(result).subspan(r * outputs(), outputs()));
    return result;
}

State DescriptorScaler::state() const {
    State state{{"median", median_},
                {"low", low_},
                {"high", high_},
                {"width", width_},
                {"mean", mean_},
                {"deviation", deviation_},
                {"knot_value", knot_value_},
                {"knot_score", knot_score_}};
    state["kept"].assign(kept_.begin(), kept_.end());
    state["first_knot"].assign(first_knot_.begin(), first_knot_.end());
    state["form"] = {static_cast<double>(squash_), bound_, static_cast<double>(inputs_)};
    return state;
}

namespace {

[[noreturn]] void refuse() {
    throw Error(ExitCode::corrupt, "the state of a descriptor scaler is incomplete or out of range",
                "The model file is damaged; take another checkpoint.");
}

const std::vector<double>& entry(const State& state, const char* name, std::size_t size) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.size() != size) refuse();
    for (const double value : found->second)
        if (!std::isfinite(value)) refuse();
    return found->second;
}

// Whole numbers in ascending order, strictly or not, up to `most`.
std::vector<std::size_t> indices(const std::vector<double>& values, double most, bool strictly) {
    std::vector<std::size_t> result;
    for (const double value : values) {
        if (!(value >= 0 && value <= most) || value != std::floor(value)) refuse();
        const auto index = static_cast<std::size_t>(value);
        if (!result.empty() && (strictly ? index <= result.back() : index < result.back())) refuse();
        result.push_back(index);
    }
    return result;
}

std::size_t size_of(const State& state, const char* name) {
    const auto found = state.find(name);
    return found == state.end() ? 0 : found->second.size();
}

}  // namespace

DescriptorScaler DescriptorScaler::from_state(const State& state) {
    DescriptorScaler scaler;
    const auto& form = entry(state, "form", 3);
    if (!(form[0] >= 0 && form[0] <= 3) || form[0] != std::floor(form[0]) || !(form[1] > 0) || !(form[2] >= 0 && form[2] <= 1e9)) refuse();
    scaler.squash_ = static_cast<Squash>(static_cast<int>(form[0]));
    scaler.bound_ = form[1];
    scaler.inputs_ = static_cast<std::size_t>(form[2]);
    const std::size_t outputs = size_of(state, "kept");
    scaler.kept_ = indices(entry(state, "kept", outputs), form[2] - 1, true);
    scaler.median_ = entry(state, "median", outputs);
    scaler.low_ = entry(state, "low", outputs);
    scaler.high_ = entry(state, "high", outputs);
    scaler.width_ = entry(state, "width", outputs);
    scaler.mean_ = entry(state, "mean", outputs);
    scaler.deviation_ = entry(state, "deviation", outputs);
    const std::size_t knots = size_of(state, "knot_value");
    scaler.knot_value_ = entry(state, "knot_value", knots);
    scaler.knot_score_ = entry(state, "knot_score", knots);
    const bool ranked = scaler.squash_ == Squash::rank_gauss;
    scaler.first_knot_ = indices(entry(state, "first_knot", ranked ? outputs + 1 : 1), static_cast<double>(knots), true);
    if (scaler.first_knot_.front() != 0 || scaler.first_knot_.back() != knots) refuse();
    for (std::size_t j = 0; j < outputs; ++j)
        if (!(scaler.deviation_[j] > 0) || !(scaler.width_[j] > 0) || scaler.low_[j] > scaler.high_[j]) refuse();
    return scaler;
}

}  // namespace molten::data

#include "train/report/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/report/text.h"

namespace molten::report {
namespace {

constexpr double kLargest = 1e100, kSmallest = 1e-100;

// The least "nice" step that fits at most `most` ticks into this length.
double nice_step(double length, int most) {
    const double rough = length / most, power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 2.5, 5.0})
        if (factor * power >= rough) return factor * power;
    return 10 * power;
}

// Decimals that write every multiple of `step` without loss.
int decimals_of(double step) {
    int decimals = 0;
    for (double scaled = step; decimals < 12 && std::abs(scaled - std::round(scaled)) > 1e-6 * scaled; scaled *= 10) ++decimals;
    return decimals;
}

std::string with_minus(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '-' ? std::string("\u2212") : std::string(1, c);
    return out;
}

std::string plain_label(double value, int decimals) {
    std::string text = fixed(value, decimals);
    const std::size_t sign = text.front() == '-', end = std::min(text.find('.'), text.size());
    for (auto i = static_cast<std::ptrdiff_t>(end) - 3; i > static_cast<std::ptrdiff_t>(sign); i -= 3)
        text.insert(static_cast<std::size_t>(i), ",");
    return text;
}

// "2e+07", "1.25e-06": as short as possible.
std::string exponent_label(double value) {
    if (value == 0) return "0";
    std::string text = fmt::format("{:.9e}", value);
    const std::size_t e = text.find('e'), end = text.find_last_not_of("0", e - 1) + 1;
    text.erase(end, e - end);
    if (text[end - 1] == '.') text.erase(end - 1, 1);
    return text;
}

}  // namespace

bool drawable(double value, bool logarithmic) {
    return std::isfinite(value) && std::abs(value) <= kLargest && (!logarithmic || value >= kSmallest);
}

Range range_of(std::span<const double> values, bool logarithmic, double margin) {
    double low = kLargest, high = -kLargest;
    for (const double v : values) {
        if (!drawable(v, logarithmic)) continue;
        low = std::min(low, v);
        high = std::max(high, v);
    }
    if (low > high) return logarithmic ? Range{0.1, 1} : Range{0, 1};
    if (logarithmic) {
        double from = std::log10(low), to = std::log10(high);
        const double pad = std::max(margin * (to - from), to - from < 0.02 ? 0.15 : 0.0);
        return {std::pow(10, from - pad), std::pow(10, to + pad)};
    }
    const double size = std::max(std::abs(low), std::abs(high)), length = high - low;
    if (length <= 1e-7 * size || size < kSmallest) {
        const double half = size < kSmallest ? 1 : size / 2;
        return {low - half, high + half};
    }
    return {low - margin * length, high + margin * length};
}

std::vector<double> linear_ticks(Range range, int most) {
    const double step = nice_step(range.high - range.low, std::max(most - 1, 1));
    std::vector<double> ticks;
    const double first = std::ceil(range.low / step - 1e-6), last = std::floor(range.high / step + 1e-6);
    for (double i = first; i <= last && ticks.size() < static_cast<std::size_t>(std::max(most, 2)); ++i)
        ticks.push_back(i == 0 ? 0 : i * step);
    return ticks;
}

std::vector<double> log_ticks(Range range, int most) {
    const int first = static_cast<int>(std::ceil(std::log10(range.low) - 1e-9)),
              last = static_cast<int>(std::floor(std::log10(range.high) + 1e-9));
    const auto within = [&](double v) { return v >= range.low * (1 - 1e-9) && v <= range.high * (1 + 1e-9); };
    std::vector<double> ticks;
    if (last - first + 1 >= 3) {
        const int stride = (last - first) / std::max(most, 2) + 1;
        for (int e = first; e <= last; e += stride) ticks.push_back(std::pow(10, e));
        return ticks;
    }
    for (int e = first - 1; e <= last; ++e)
        for (const double factor : {1.0, 2.0, 5.0})
            if (const double v = factor * std::pow(10, e); within(v)) ticks.push_back(v);
    return ticks.size() >= 3 ? ticks : linear_ticks(range, most);
}

std::vector<std::string> tick_labels(const std::vector<double>& ticks, bool logarithmic) {
    double largest = 0, gap = HUGE_VAL;
    for (std::size_t i = 0; i < ticks.size(); ++i) {
        largest = std::max(largest, std::abs(ticks[i]));
        if (i > 0) gap = std::min(gap, ticks[i] - ticks[i - 1]);
    }
    const bool alone = ticks.size() < 2 || (logarithmic && ticks.back() > 3 * ticks.front());
    const bool plain = largest < 1e6 && (gap >= 0.99e-4 || largest >= 1);
    const int decimals = alone ? 0 : decimals_of(gap);
    std::vector<std::string> labels;
    for (const double v : ticks) labels.push_back(with_minus(alone ? compact(v) : plain ? plain_label(v, decimals) : exponent_label(v)));
    return labels;
}

}  // namespace molten::report

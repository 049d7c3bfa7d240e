#pragma once
#include <span>
#include <string>
#include <vector>

namespace molten::report {

// A stretch of an axis. low < high, both finite, always.
struct Range {
    double low = 0, high = 1;
};

// Whether a plot can show this number: finite and not beyond 1e100; on a logarithmic axis also at least 1e-100.
bool drawable(double value, bool logarithmic = false);

// The stretch that the drawable values need, with `margin` of its length (in decades if logarithmic) on both sides. 0 to 1 (0.1 to 1) if
// there are none; widened around a single value.
Range range_of(std::span<const double> values, bool logarithmic = false, double margin = 0.04);

// Multiples of 1, 2, 2.5 or 5 times a power of ten within the range, at most `most` (at least 2) of them, ascending.
std::vector<double> linear_ticks(Range, int most);
// Powers of ten within a positive range, thinned to `most`; with 2 and 5 times them where there are fewer than three, linear where even
// that is too few.
std::vector<double> log_ticks(Range, int most);

// Labels that tell these ticks apart, all in one form: "0.25", "10,000", "2.5e-05"; of a logarithmic axis each by itself. The minus is
// U+2212.
std::vector<std::string> tick_labels(const std::vector<double>& ticks, bool logarithmic = false);

}  // namespace molten::report

#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "train/data/scaler.h"

namespace molten::data {

// How a descriptor column is tamed before it is standardised. m is the median of its finite training values.
enum class Squash {
    none,
    clip,        // to the quantiles [low, high] of the training part; to its range where the two coincide
    asinh,       // u = asinh((x - m) / s), s = interquartile range / 1.349: linear inside, logarithmic outside, so that a descriptor which
                 // spans decades (Ipc) stays usable. s is half the range between the clip quantiles where the middle half is one value
    rank_gauss,  // u = normal score of the rank of x among the training values, linear between at most 1,000 knots
};

struct DescriptorOptions {
    Squash squash = Squash::asinh;
    double low = 0.005, high = 0.995;  // quantiles of clip
    double bound = 8;                  // the result stays in [-bound, bound], whatever comes in
};

// Descriptors as a network can take them. Fitted on the training part only, column by column:
//   1. NaN, +-inf and |x| > 1e150 become m (0 where no training value is finite);
//   2. columns that are constant on the training part then are dropped;
//   3. u = squash(x);
//   4. z = (u - mean(u)) / population standard deviation(u), cut to [-bound, bound].
// Every output is finite for every input. All in double, sums in the order of the rows.
class DescriptorScaler {
  public:
    DescriptorScaler() = default;
    // values: row-major [rows, columns], rows >= 1.
    static DescriptorScaler fit(std::span<const double> values, std::size_t columns, const DescriptorOptions& options = {});

    std::size_t inputs() const { return inputs_; }
    std::size_t outputs() const { return kept_.size(); }
    const std::vector<std::size_t>& kept() const { return kept_; }  // input column of each output, ascending

    // One row: in[inputs()] -> out[outputs()].
    void apply(std::span<const double> in, std::span<double> out) const;
    // [rows, inputs] -> [rows, outputs].
    std::vector<double> apply(std::span<const double> values) const;

    State state() const;
    static DescriptorScaler from_state(const State& state);  // Error(corrupt) where it is none

  private:
    double squash(double value, std::size_t output) const;
    void fit_squash(const std::vector<double>& ascending, const DescriptorOptions& options);

    Squash squash_ = Squash::none;
    double bound_ = 0;
    std::size_t inputs_ = 0;
    std::vector<std::size_t> kept_;
    // One entry an output.
    std::vector<double> median_, low_, high_, width_, mean_, deviation_;
    // Knots of rank_gauss: those of output j are [first_knot_[j], first_knot_[j + 1]).
    std::vector<std::size_t> first_knot_{0};
    std::vector<double> knot_value_, knot_score_;
};

// z with P(N(0,1) <= z) = p, for 0 < p < 1, to 1e-12.
double normal_quantile(double p);

}  // namespace molten::data

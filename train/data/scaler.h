#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace molten::data {

// What a checkpoint keeps of a scaler: plain numbers by name.
using State = std::map<std::string, std::vector<double>>;

// What is done to a target before it is standardised.
enum class Transform {
    none,
    log,    // ln(y), for positive targets that span decades
    log1p,  // ln(1 + y), for counts and other targets that start at 0
};

// z = (t(y) - mean) / deviation for each target, t the Transform. Mean and population standard deviation are taken over the values that
// are there (not NaN) in the rows given to fit: give it the training part only. A target without spread gets deviation 1.
// Matrices are row-major [rows, targets]; NaN (missing) stays NaN. All in double, sums in the order of the rows.
class StandardScaler {
  public:
    StandardScaler() = default;
    // transforms: one a target, empty for none. Error(data), naming the target's index, where a transform meets a value outside its domain
    // (log: y > 0, log1p: y > -1) or a target has no value.
    static StandardScaler fit(std::span<const double> values, std::size_t targets, std::span<const Transform> transforms = {});

    std::size_t targets() const { return mean_.size(); }
    const std::vector<double>& mean() const { return mean_; }
    const std::vector<double>& deviation() const { return deviation_; }
    const std::vector<Transform>& transforms() const { return transforms_; }

    double scale(double value, std::size_t target) const;    // y -> z; NaN outside the domain of the transform
    double unscale(double value, std::size_t target) const;  // z -> y
    void scale(std::span<double> values) const;              // [rows, targets], in place
    void unscale(std::span<double> values) const;

    State state() const;
    static StandardScaler from_state(const State& state);  // Error(corrupt) where it is none

  private:
    std::vector<double> mean_, deviation_;
    std::vector<Transform> transforms_;
};

// log where all values are positive, the largest is at least 100 times the smallest, and the logarithm is less skewed than the value
// (|skewness| of at most half); none otherwise. NaN is left out. A suggestion: the command line prints it and may be told otherwise.
Transform suggest_transform(std::span<const double> values);

// Sample skewness m3 / m2^1.5 (population moments) of the values that are not NaN; 0 without spread.
double skewness(std::span<const double> values);

// Value at share q in [0, 1] of an ascending sequence, linear between neighbours (numpy's default).
double quantile(std::span<const double> ascending, double q);

}  // namespace molten::data

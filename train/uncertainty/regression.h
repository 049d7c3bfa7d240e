#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace molten::uncertainty {

// Mean over the members and sample standard deviation (divisor m - 1; 0 for one member) of an ensemble, both [n].
struct Ensemble {
    std::vector<double> mean, spread;
};
// members[m] are the predictions [n] of member m. Throws Error(data) when there is none or their lengths differ.
Ensemble combine(std::span<const std::vector<double>> members);

// Measured rows with their predictions. Rows with mask 0, a NaN target or a NaN prediction are left out.
struct Measured {
    std::span<const double> target, prediction;  // [n]
    std::span<const double> spread = {};         // [n], where a function asks for it
    std::span<const std::uint8_t> mask = {};     // [n]; empty: all
};

// The ceil((n + 1)(1 - alpha))-th smallest of the n scores (Vovk et al. 2005; Lei et al. 2018): a new score is at most this with a
// probability of at least 1 - alpha when it is exchangeable with them. Infinity when n is too small for that. alpha in (0, 1).
double conformal_quantile(std::span<const double> scores, double alpha);

struct Interval {
    double lower, upper;
};

// Intervals f +- q, or f +- q max(s, floor) with the ensemble's spread s.
struct ConformalIntervals {
    double alpha = 0.1;
    double quantile = 0;  // q; infinity when there were too few calibration rows
    double floor = 0;     // smallest spread, a tenth of the median over the calibration rows
    bool normalised = false;
    std::size_t calibration_rows = 0;
    std::string message;  // what a person should know: too few rows, spread not usable; else empty
    Interval at(double prediction, double spread = 0) const;
};

// Scores |y - f| of the calibration rows.
ConformalIntervals fit_intervals(const Measured& calibration, double alpha = 0.1);
// Scores |y - f| / max(s, floor): wide where the members disagree. Falls back to fit_intervals when the median spread is 0.
ConformalIntervals fit_normalised_intervals(const Measured& calibration, double alpha = 0.1);

struct Coverage {
    std::size_t rows = 0;
    double share = 0;       // of the targets inside [lower, upper]; NaN without rows
    double mean_width = 0;  // infinite when an interval is
};
Coverage measure(const ConformalIntervals&, const Measured& test);

// Area between the ideal and the measured curve of "share of targets within the central p interval of N(f, s^2)" over p in [0, 1]:
// integral |#{i : 2 Phi(|y_i - f_i| / s_i) - 1 <= p} / n - p| dp, exact (no bins). 0 is perfect, 0.5 the worst. NaN without rows.
double miscalibration_area(const Measured&);
// The measured curve at `points` + 1 even values of p, as (p, share) pairs for a plot.
std::vector<Interval> interval_calibration_curve(const Measured&, std::size_t points);

// Expected normalised calibration error (Levi et al. 2022): rows sorted by spread into `bins` bins of equal counts,
// mean over bins of |rms spread - rms error| / rms spread. NaN when there are fewer rows than bins or a bin has no spread.
double ence(const Measured&, std::size_t bins = 10);

// c such that c s explains the errors: sqrt(mean ((y - f) / s)^2) over rows with s > 0, the maximum-likelihood factor for N(f, c^2 s^2).
// 1 when no row has a spread.
double spread_scale(const Measured& calibration);

}  // namespace molten::uncertainty

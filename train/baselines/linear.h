#pragma once
#include "train/baselines/design.h"

// Linear models with a penalty on the squared weights; the intercept is free.

namespace molten::baselines {

struct LinearModel {
    std::size_t outputs = 1;
    std::vector<double> weights;    // [outputs, columns]
    std::vector<double> intercept;  // [outputs]
    // Output o of a design row.
    double value(const Design& d, std::size_t row, std::size_t o) const {
        return intercept[o] + d.dot(row, {weights.data() + o * d.columns(), d.columns()});
    }
};

// min sum_i (y_i - w.x_i - b)^2 + lambda |w|^2 for several targets at once, lambda > 0. Solved exactly by Cholesky of the centred
// normal equations (X^T X + lambda I) w = X^T y, or of their dual (X X^T + lambda I) a = y, w = X^T a, whichever is smaller.
// The centred products are made once and kept for further lambdas. y [fit rows, targets].
class Ridge {
  public:
    Ridge(const Design&, std::span<const std::size_t> fit, std::span<const double> y, std::size_t targets, int threads);
    // Throws Error(numbers) when the matrix is not positive definite in double precision.
    LinearModel solve(double lambda) const;

  private:
    const Design& design_;
    std::vector<std::size_t> fit_;
    std::size_t targets_, size_;
    bool dual_;
    int threads_;
    std::vector<double> column_mean_, y_mean_;
    std::vector<double> centred_y_;  // [fit rows, targets]
    std::vector<double> products_;   // [size, size], lower triangle
};

// min sum_i -log p(y_i | x_i) + |w|^2 / (2 C) with the logistic (one output) or softmax (classes outputs) link, C = inverse penalty, by
// L-BFGS until the largest gradient entry is below `tolerance` times that at w = 0, at most 500 steps. y [rows of the design].
// `start` continues from a solution nearby.
LinearModel fit_logistic(const Design&, std::span<const std::size_t> fit, std::span<const double> y, int classes, double inverse_penalty,
                         const LinearModel* start = nullptr, double tolerance = 1e-5);

// Class probabilities of a row from its outputs: [width] values, width 1 for two classes (probability of class 1).
void class_probabilities(const Design&, const LinearModel&, std::size_t row, std::span<double> p);

// The baseline "ridge": ridge regression, or logistic regression with the same penalty. Inputs (descriptors, fingerprints, both) and
// penalty are chosen on the selection rows.
void run_ridge(const Problem&, Prediction&);

}  // namespace molten::baselines

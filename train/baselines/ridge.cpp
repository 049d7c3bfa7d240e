#include <fmt/format.h>

#include <cmath>

#include "engine/core/error.h"
#include "train/baselines/cholesky.h"
#include "train/baselines/linear.h"
#include "train/baselines/parallel.h"

namespace molten::baselines {
namespace {

// Writes x_row densely into out [columns].
void expand(const Design& d, std::size_t row, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.0);
    d.add(row, 1, out);
}

// Lower triangle of sum_i x_i x_i^T - n mean mean^T. Threads take rows of the result, so the order of each sum is fixed.
std::vector<double> centred_normal_matrix(const Design& d, std::span<const std::size_t> fit, std::span<const double> mean, int threads) {
    const std::size_t p = d.columns();
    std::vector<double> a(p * p);
    // Column lists: which fit rows have the bit.
    std::vector<std::vector<std::uint32_t>> with_bit(d.bits);
    for (std::size_t i = 0; i < fit.size(); ++i)
        for (std::uint32_t bit : d.bit_row(fit[i])) with_bit[bit].push_back(static_cast<std::uint32_t>(i));
    parallel_for(p, 8, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t column = begin; column < end; ++column) {
            double* out = a.data() + column * p;
            if (column < d.dense) {
                for (std::size_t row : fit) {
                    const auto x = d.dense_row(row);
                    for (std::size_t j = 0; j <= column; ++j) out[j] += x[column] * x[j];
                }
            } else {
                for (std::uint32_t i : with_bit[column - d.dense]) d.add(fit[i], 1, {out, p});
            }
            for (std::size_t j = 0; j <= column; ++j) out[j] -= static_cast<double>(fit.size()) * mean[column] * mean[j];
        }
    });
    return a;
}

// Lower triangle of (x_i - mean).(x_j - mean) over the fit rows.
std::vector<double> centred_gram_matrix(const Design& d, std::span<const std::size_t> fit, std::span<const double> mean, int threads) {
    const std::size_t n = fit.size();
    std::vector<double> a(n * n);
    std::vector<double> with_mean(n);
    double mean_square = 0;
    for (double m : mean) mean_square += m * m;
    for (std::size_t i = 0; i < n; ++i) with_mean[i] = d.dot(fit[i], mean);
    parallel_for(n, 8, threads, [&](std::size_t begin, std::size_t end) {
        std::vector<double> row(d.columns());
        for (std::size_t i = begin; i < end; ++i) {
            expand(d, fit[i], row);
            for (std::size_t j = 0; j <= i; ++j) a[i * n + j] = d.dot(fit[j], row) - with_mean[i] - with_mean[j] + mean_square;
        }
    });
    return a;
}

}  // namespace

Ridge::Ridge(const Design& design, std::span<const std::size_t> fit, std::span<const double> y, std::size_t targets, int threads)
    : design_(design), fit_(fit.begin(), fit.end()), targets_(targets), dual_(fit.size() < design.columns()), threads_(threads) {
    const auto n = static_cast<double>(fit.size());
    column_mean_.assign(design.columns(), 0);
    for (std::size_t row : fit) design.add(row, 1 / n, column_mean_);
    y_mean_.assign(targets, 0);
    for (std::size_t i = 0; i < y.size(); ++i) y_mean_[i % targets] += y[i] / n;
    centred_y_.assign(y.begin(), y.end());
    for (std::size_t i = 0; i < y.size(); ++i) centred_y_[i] -= y_mean_[i % targets];
    size_ = dual_ ? fit.size() : design.columns();
    products_ = dual_ ? centred_gram_matrix(design, fit, column_mean_, threads) : centred_normal_matrix(design, fit, column_mean_, threads);
}

LinearModel Ridge::solve(double lambda) const {
    std::vector<double> l = products_;
    for (std::size_t i = 0; i < size_; ++i) l[i * size_ + i] += lambda;
    if (!cholesky(l, size_, threads_))
        throw Error(ExitCode::numbers, fmt::format("ridge regression with lambda {} has no stable solution", lambda),
                    "use a larger lambda");
    const std::size_t p = design_.columns();
    LinearModel model{targets_, std::vector<double>(targets_ * p), y_mean_};
    for (std::size_t t = 0; t < targets_; ++t) {
        const std::span<double> w(model.weights.data() + t * p, p);
        // X_c^T v = X^T v - mean sum(v)
        const auto transposed_product = [&](auto value) {
            std::fill(w.begin(), w.end(), 0.0);
            double sum = 0;
            for (std::size_t i = 0; i < fit_.size(); ++i) {
                design_.add(fit_[i], value(i), w);
                sum += value(i);
            }
            for (std::size_t j = 0; j < p; ++j) w[j] -= column_mean_[j] * sum;
        };
        if (dual_) {
            std::vector<double> a(size_);
            for (std::size_t i = 0; i < size_; ++i) a[i] = centred_y_[i * targets_ + t];
            cholesky_solve(l, size_, a);
            transposed_product([&](std::size_t i) { return a[i]; });
        } else {
            transposed_product([&](std::size_t i) { return centred_y_[i * targets_ + t]; });
            cholesky_solve(l, size_, w);
        }
        for (std::size_t j = 0; j < p; ++j) model.intercept[t] -= w[j] * column_mean_[j];
    }
    return model;
}

}  // namespace molten::baselines

#include <algorithm>
#include <cmath>
#include <deque>

#include "train/baselines/linear.h"

namespace molten::baselines {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

// Parameters are [weights of output 0, ..., weights of output K-1, intercepts]: K = 1 logistic, else softmax.
struct Objective {
    const Design& design;
    std::span<const std::size_t> fit;
    std::span<const double> y;  // [rows of the design]
    std::size_t outputs;
    double inverse_penalty;

    std::size_t size() const { return outputs * (design.columns() + 1); }

    double operator()(std::span<const double> parameters, std::span<double> gradient) const {
        const std::size_t p = design.columns();
        double loss = 0;
        std::fill(gradient.begin(), gradient.end(), 0.0);
        std::vector<double> z(outputs);
        for (std::size_t row : fit) {
            for (std::size_t o = 0; o < outputs; ++o) z[o] = parameters[outputs * p + o] + design.dot(row, parameters.subspan(o * p, p));
            loss += row_loss(static_cast<std::size_t>(y[row]), z);
            for (std::size_t o = 0; o < outputs; ++o) {
                design.add(row, z[o], gradient.subspan(o * p, p));
                gradient[outputs * p + o] += z[o];
            }
        }
        for (std::size_t i = 0; i < outputs * p; ++i) {
            loss += parameters[i] * parameters[i] / (2 * inverse_penalty);
            gradient[i] += parameters[i] / inverse_penalty;
        }
        return loss;
    }

    // -log p(target); z becomes p - one_hot(target), its derivative.
    static double row_loss(std::size_t target, std::vector<double>& z) {
        if (z.size() == 1) {
            const double margin = target == 1 ? z[0] : -z[0];
            const double loss = margin > 0 ? std::log1p(std::exp(-margin)) : -margin + std::log1p(std::exp(margin));
            z[0] = 1 / (1 + std::exp(-z[0])) - static_cast<double>(target);
            return loss;
        }
        const double top = *std::max_element(z.begin(), z.end()), right = z[target];
        double sum = 0;
        for (double& v : z) sum += v = std::exp(v - top);
        for (double& v : z) v /= sum;
        z[target] -= 1;
        return std::log(sum) + top - right;
    }
};

struct Pair {
    std::vector<double> step, change;  // s = x' - x, y = g' - g
    double curvature;                  // s.y
};

// -H g by the two-loop recursion (Nocedal and Wright, algorithm 7.4).
std::vector<double> direction(const std::deque<Pair>& history, std::span<const double> gradient) {
    std::vector<double> q(gradient.begin(), gradient.end()), alpha(history.size());
    for (std::size_t i = history.size(); i-- > 0;) {
        alpha[i] = dot(history[i].step, q) / history[i].curvature;
        for (std::size_t j = 0; j < q.size(); ++j) q[j] -= alpha[i] * history[i].change[j];
    }
    const double scale = history.empty() ? 1 / std::sqrt(std::max(dot(gradient, gradient), 1e-300))
                                         : history.back().curvature / dot(history.back().change, history.back().change);
    for (double& v : q) v *= -scale;
    for (std::size_t i = 0; i < history.size(); ++i) {
        const double beta = dot(history[i].change, q) / history[i].curvature;
        for (std::size_t j = 0; j < q.size(); ++j) q[j] -= (alpha[i] + beta) * history[i].step[j];
    }
    return q;
}

double largest(std::span<const double> v) {
    double m = 0;
    for (double x : v) m = std::max(m, std::abs(x));
    return m;
}

void minimise(const Objective& objective, std::vector<double>& x, double relative_tolerance) {
    constexpr std::size_t memory = 10, steps = 500;
    std::deque<Pair> history;
    std::vector<double> gradient(x.size()), trial(x.size()), trial_gradient(x.size());
    double value = objective(x, gradient);
    std::vector<double> zero(x.size()), gradient_at_zero(x.size());
    objective(zero, gradient_at_zero);
    const double tolerance = relative_tolerance * std::max(largest(gradient_at_zero), 1e-12);
    for (std::size_t step = 0; step < steps && largest(gradient) > tolerance; ++step) {
        const auto d = direction(history, gradient);
        const double slope = dot(d, gradient);
        double length = 1, trial_value = value;
        bool accepted = false;
        for (int halvings = 0; halvings < 40 && !accepted; ++halvings, length /= 2) {  // the objective is convex: backtracking suffices
            for (std::size_t i = 0; i < x.size(); ++i) trial[i] = x[i] + length * d[i];
            trial_value = objective(trial, trial_gradient);
            accepted = trial_value <= value + 1e-4 * length * slope;
        }
        if (!accepted) return;  // no descent left in double precision
        Pair pair{std::vector<double>(x.size()), std::vector<double>(x.size()), 0};
        for (std::size_t i = 0; i < x.size(); ++i) {
            pair.step[i] = trial[i] - x[i];
            pair.change[i] = trial_gradient[i] - gradient[i];
        }
        pair.curvature = dot(pair.step, pair.change);
        if (pair.curvature > 0) history.push_back(std::move(pair));
        if (history.size() > memory) history.pop_front();
        x.swap(trial);
        gradient.swap(trial_gradient);
        value = trial_value;
    }
}

}  // namespace

LinearModel fit_logistic(const Design& design, std::span<const std::size_t> fit, std::span<const double> y, int classes,
                         double inverse_penalty, const LinearModel* start, double tolerance) {
    const std::size_t outputs = classes == 2 ? 1 : static_cast<std::size_t>(classes), p = design.columns();
    const Objective objective{design, fit, y, outputs, inverse_penalty};
    std::vector<double> x(objective.size());
    if (start) {
        std::copy(start->weights.begin(), start->weights.end(), x.begin());
        std::copy(start->intercept.begin(), start->intercept.end(), x.begin() + static_cast<std::ptrdiff_t>(outputs * p));
    }
    minimise(objective, x, tolerance);
    const auto split = x.begin() + static_cast<std::ptrdiff_t>(outputs * p);
    return {outputs, {x.begin(), split}, {split, x.end()}};
}

void class_probabilities(const Design& design, const LinearModel& model, std::size_t row, std::span<double> p) {
    for (std::size_t o = 0; o < model.outputs; ++o) p[o] = model.value(design, row, o);
    if (model.outputs == 1) {
        p[0] = 1 / (1 + std::exp(-p[0]));
        return;
    }
    const double top = *std::max_element(p.begin(), p.end());
    double sum = 0;
    for (double& v : p) sum += v = std::exp(v - top);
    for (double& v : p) v /= sum;
}

}  // namespace molten::baselines

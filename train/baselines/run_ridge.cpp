#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>

#include "train/baselines/linear.h"
#include "train/baselines/parallel.h"
#include "train/baselines/target.h"

namespace molten::baselines {
namespace {

constexpr double lambdas[] = {1000, 300, 100, 30, 10, 3, 1, 0.1};  // falling, so that the next solution is near

struct Choice {
    double loss = std::numeric_limits<double>::infinity();
    std::size_t inputs = 0;  // place in the list of designs
    double lambda = 1;
};

void predict(const Problem& p, const Design& d, const LinearModel& model, std::span<double> values) {
    parallel_for(p.rows, 256, p.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) {
            if (p.task == metrics::Task::regression)
                values[row] = model.value(d, row, 0);
            else
                class_probabilities(d, model, row, values.subspan(row * p.width(), p.width()));
        }
    });
}

LinearModel only_target(const LinearModel& all, std::size_t t) {
    const auto p = static_cast<std::ptrdiff_t>(all.weights.size() / all.outputs);
    const auto begin = all.weights.begin() + static_cast<std::ptrdiff_t>(t) * p;
    return {1, {begin, begin + p}, {all.intercept[t]}};
}

// Ridge regressions of all targets that have the same rows, so that each matrix is factored once for all of them.
class SharedRidge {
  public:
    // On the training rows of each target (all_rows), or on those that the selection leaves for fitting.
    SharedRidge(const Problem& p, std::span<const Design> designs, bool all_rows) : problem_(p), designs_(designs) {
        for (std::size_t t = 0; t < p.target_count; ++t) {
            auto target = make_target(p, t);
            y_.push_back(std::move(target.y));
            rows_.push_back(all_rows ? std::move(target.train) : std::move(target.fit));
        }
    }

    LinearModel model(std::size_t index, std::size_t inputs, double lambda) {
        if (members_.empty() || rows_[index] != rows_[members_[0]]) start_group(index);
        auto& ridge = ridges_[inputs];
        if (!ridge) {
            std::vector<double> y;
            for (std::size_t row : rows_[index])
                for (std::size_t t : members_) y.push_back(y_[t][row]);
            ridge = std::make_unique<Ridge>(designs_[inputs], rows_[index], y, members_.size(), problem_.threads);
        }
        const auto [found, fresh] = models_.try_emplace({inputs, lambda});
        if (fresh) found->second = ridge->solve(lambda);
        return only_target(found->second, static_cast<std::size_t>(std::ranges::find(members_, index) - members_.begin()));
    }

  private:
    void start_group(std::size_t index) {
        members_.clear();
        ridges_.clear();
        models_.clear();
        for (std::size_t t = 0; t < rows_.size(); ++t)
            if (rows_[t] == rows_[index]) members_.push_back(t);
    }

    const Problem& problem_;
    std::span<const Design> designs_;
    std::vector<std::vector<double>> y_;
    std::vector<std::vector<std::size_t>> rows_;
    std::vector<std::size_t> members_;  // targets of the group at hand
    std::map<std::size_t, std::unique_ptr<Ridge>> ridges_;
    std::map<std::pair<std::size_t, double>, LinearModel> models_;
};

}  // namespace

void run_ridge(const Problem& p, Prediction& prediction) {
    const auto inputs = available_inputs(p);
    std::vector<Design> designs;
    for (Inputs i : inputs) designs.push_back(make_design(p, i, p.train));
    SharedRidge partial(p, designs, false), full(p, designs, true);
    const bool regression = p.task == metrics::Task::regression;
    const int classes = p.task == metrics::Task::multiclass ? p.classes : 2;
    for_each_target(p, prediction, [&](const Target& target, std::span<double> values) {
        Choice best;
        for (std::size_t i = 0; i < designs.size(); ++i) {
            LinearModel model;
            for (double lambda : lambdas) {
                model = regression
                            ? partial.model(target.index, i, lambda)
                            : fit_logistic(designs[i], target.fit, target.y, classes, 1 / lambda, model.weights.empty() ? nullptr : &model);
                predict(p, designs[i], model, values);
                const double loss = selection_loss(p, target, target.selection, values);
                if (loss < best.loss) best = {loss, i, lambda};
            }
        }
        const auto model = regression ? full.model(target.index, best.inputs, best.lambda)
                                      : fit_logistic(designs[best.inputs], target.train, target.y, classes, 1 / best.lambda);
        predict(p, designs[best.inputs], model, values);
        return fmt::format("lambda={:g} on {}", best.lambda, inputs_name(inputs[best.inputs]));
    });
}

}  // namespace molten::baselines

#include "train/baselines/svm.h"

#include <fmt/format.h>
#include <libsvm/svm.h>

#include <memory>

#include "engine/core/error.h"

namespace molten::baselines {
namespace {

struct FreeModel {
    void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};

void be_silent(const char*) {}

// libsvm's form of a precomputed kernel: node 0 of a row holds its number from 1, node j the kernel with row j.
class KernelRows {
  public:
    KernelRows(std::span<const double> kernel, std::size_t n) : nodes_(n * (n + 1)), rows_(n) {
        for (std::size_t i = 0; i < n; ++i) {
            rows_[i] = nodes_.data() + i * (n + 1);
            rows_[i][0] = {0, static_cast<double>(i + 1)};
            for (std::size_t j = 0; j < n; ++j) rows_[i][j + 1] = {static_cast<int>(j + 1), kernel[i * n + j]};
        }
    }
    svm_node** data() { return rows_.data(); }

  private:
    std::vector<svm_node> nodes_;
    std::vector<svm_node*> rows_;
};

SvmModel fit(std::span<const double> kernel, std::span<const double> y, const SvmOptions& options, int type) {
    const std::size_t n = y.size();
    if (n == 0 || kernel.size() != n * n)
        throw Error(ExitCode::data, fmt::format("a kernel of {} values does not fit {} training rows", kernel.size(), n));
    svm_set_print_string_function(be_silent);
    KernelRows rows(kernel, n);
    std::vector<double> targets(y.begin(), y.end());
    const svm_problem problem{static_cast<int>(n), targets.data(), rows.data()};
    svm_parameter parameter{};
    parameter.svm_type = type;
    parameter.kernel_type = PRECOMPUTED;
    parameter.C = options.cost;
    parameter.p = options.tube;
    parameter.eps = options.tolerance;
    parameter.cache_size = 100;
    parameter.shrinking = 1;
    if (const char* refusal = svm_check_parameter(&problem, &parameter))
        throw Error(ExitCode::data, fmt::format("support vector machine: {}", refusal));
    const std::unique_ptr<svm_model, FreeModel> trained(svm_train(&problem, &parameter));
    // libsvm's positive side is the label that comes first in the data.
    const double sign = type == C_SVC && trained->label[0] == 0 ? -1 : 1;
    SvmModel model{std::vector<double>(n), -sign * trained->rho[0]};
    for (int i = 0; i < trained->l; ++i)
        model.coefficient[static_cast<std::size_t>(trained->sv_indices[i] - 1)] = sign * trained->sv_coef[0][i];
    return model;
}

}  // namespace

SvmModel fit_support_vector_regression(std::span<const double> kernel, std::span<const double> y, const SvmOptions& options) {
    return fit(kernel, y, options, EPSILON_SVR);
}

SvmModel fit_support_vector_classifier(std::span<const double> kernel, std::span<const double> y, const SvmOptions& options) {
    bool zero = false, one = false;
    for (double label : y) (label == 1 ? one : zero) = true;
    if (!zero || !one) throw Error(ExitCode::data, "a classifier needs rows of both classes");
    return fit(kernel, y, options, C_SVC);
}

}  // namespace molten::baselines

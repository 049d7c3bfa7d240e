#pragma once
#include "train/baselines/problem.h"

namespace molten::baselines {

// Support vector machines by libsvm (Chang and Lin 2011) on a kernel matrix that is computed here.
struct SvmOptions {
    double cost = 1;          // C
    double tube = 0.1;        // epsilon of regression, in units of the target
    double tolerance = 1e-3;  // stopping criterion of libsvm
};

// f(x) = sum_i coefficient_i k(x, x_i) + offset; for classification positive means label 1.
struct SvmModel {
    std::vector<double> coefficient;  // [n] per training row, 0 for those that are no support vector
    double offset = 0;
};

// kernel [n, n] symmetric; y [n] values, or labels 0 and 1 of which both must occur. Throws Error(data) with libsvm's reason when it
// refuses.
SvmModel fit_support_vector_regression(std::span<const double> kernel, std::span<const double> y, const SvmOptions&);
SvmModel fit_support_vector_classifier(std::span<const double> kernel, std::span<const double> y, const SvmOptions&);

// The baseline: RBF kernel exp(-gamma |x - x'|^2) on standardised descriptors and Tanimoto kernel on fingerprints, whatever is there.
// Kernel, gamma, C and epsilon are chosen on the selection rows with at most 1,000 training rows, the last fit takes at most 3,000, drawn
// by seed and said in a note, because the time grows with their cube. Class probabilities by Platt scaling on the selection rows, several
// classes one against the rest.
void run_svm(const Problem&, Prediction&);

}  // namespace molten::baselines

#pragma once
#include <span>
#include <vector>

#include "engine/core/tensor.h"
#include "train/loop/options.h"
#include "train/loop/pipeline.h"

namespace molten::train {

// What training minimises: L1, L2 or Huber of the scaled regression targets, binary cross-entropy of the binary ones and
// cross-entropy of the classes, each a mean over what is present, weighted by their number of targets. Missing values count nowhere.
class Objective {
  public:
    // values [molecules, outputs], unscaled; NaN = missing.
    Objective(const TrainOptions&, const Pipeline&, std::span<const double> values);

    // prediction [rows, outputs] of the molecules `rows`: a rank-0 tensor that can be differentiated.
    Tensor loss(const Tensor& prediction, std::span<const std::int64_t> rows) const;

    // The same over all molecules `rows` at once, in double, from prediction [rows, outputs] in the same order.
    double evaluate(std::span<const float> prediction, std::span<const std::int64_t> rows) const;

  private:
    double element(double prediction, double target, bool binary) const;

    TrainOptions options_;
    std::vector<TargetInfo> targets_;
    std::int64_t outputs_ = 0;
    std::vector<float> values_;  // [molecules, outputs], scaled; NaN = missing
};

}  // namespace molten::train

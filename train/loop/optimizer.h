#pragma once
#include <string>
#include <vector>

#include "engine/autograd/tape.h"
#include "kernels/adamw/adamw.h"
#include "models/layers/module.h"

namespace molten::train {

struct OptimizerOptions {
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0, clip = 0, ema = 0;
};

// AdamW over named parameters with their moving average, all in one kernel launch. Weight decay touches what has two axes or
// more; biases and norms are spared.
class Optimizer {
  public:
    // The averages start as copies of the parameters and are written to `averages`, in the same order.
    Optimizer(std::vector<std::pair<std::string, Tensor>> parameters, std::vector<Tensor> averages, const OptimizerOptions&);

    // One step from the gradients. Returns the norm before clipping. Error(numbers) that names the parameter, its step and the value
    // if a gradient is not finite: nothing has been changed then. A parameter without a gradient is an Error too.
    double step(const Gradients&, double learning_rate);

    std::int64_t steps() const { return steps_; }
    // Parameters whose gradient has been zero in every step so far.
    std::vector<std::string> never_moved() const;

    // State for a checkpoint, by name: f(name, tensor).
    void visit_state(const ParameterVisitor& f);
    void set_steps(std::int64_t steps) { steps_ = steps; }

  private:
    void check_finite(const std::vector<AdamWTensor>&, std::int64_t first_bad) const;

    std::vector<std::pair<std::string, Tensor>> parameters_;
    std::vector<Tensor> averages_, m_, v_;
    std::vector<bool> moved_;
    OptimizerOptions options_;
    std::int64_t steps_ = 0;
};

// Linear rise over the first `warmup` share of all steps, then a cosine from 1 down to `final_rate`; a factor of the rate.
double schedule(std::int64_t step, std::int64_t total, double warmup, double final_rate);

}  // namespace molten::train

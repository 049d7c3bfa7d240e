#pragma once
#include <functional>
#include <string>

#include "engine/core/tensor.h"

namespace molten {

struct GradcheckOptions {
    double step = 1e-6, absolute = 1e-5, relative = 1e-3;
    std::uint64_t seed = 20240816;   // of the random cotangent and of the sampled elements
    std::int64_t most_elements = 64; // an input with more elements is checked on a random sample of this many
};

struct GradcheckReport {
    bool passed = true;
    std::int64_t checked = 0;  // elements
    double worst = 0;          // largest |analytic - numeric| / (absolute + relative * |numeric|): passed means <= 1
    std::string message;       // input, element and both values where it is worst
};

// Compares the tape's gradients of fn with central differences of sum(fn(inputs) * cotangent), where the cotangent is random:
// a plain sum would hide every gradient that sums to zero, as softmax's does. Checks the f64 inputs with requires_grad. fn
// must be deterministic: a random op must draw the same numbers each time.
GradcheckReport gradcheck(const std::function<Tensors(const Tensors&)>& fn, const Tensors& inputs, const GradcheckOptions& = {});

}  // namespace molten

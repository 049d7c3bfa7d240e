#pragma once
#include <any>
#include <string_view>
#include <vector>

#include "engine/core/tensor.h"

namespace molten {

struct Node;

// Tensors that an op keeps for its backward pass, in the order backward reads them. Nothing is kept when nothing records.
class Save {
  public:
    explicit Save(bool wanted) : wanted_(wanted) {}
    bool wanted() const { return wanted_; }
    void operator()(Tensor tensor) {
        if (wanted_) tensors_.push_back(std::move(tensor));
    }
    Tensors take() { return std::move(tensors_); }

  private:
    bool wanted_;
    Tensors tensors_;
};

using Forward = Tensors (*)(const Tensors& inputs, const std::any& attributes, Save& save);
// Gradients of the inputs, in their order; an absent tensor where node.wants(i) is false or no gradient exists (indices).
using Backward = Tensors (*)(const Node&, const Tensors& output_gradients);
// The same op in primitive ops: oracle, fallback, and a second way to its gradient.
using Composite = Tensors (*)(const Tensors& inputs, const std::any& attributes);

struct Nondifferentiable {
    std::string_view why;
};

// An op's backward function, or the reason why there is none. It has no default: an op that forgets its gradient does not compile.
class OpGradient {
  public:
    OpGradient(Backward backward) : backward_(backward) {}
    OpGradient(Nondifferentiable none) : why_not_(none.why) {}
    Backward backward() const { return backward_; }           // null where there is none
    std::string_view why_not() const { return why_not_; }

  private:
    Backward backward_ = nullptr;
    std::string_view why_not_;
};

// A call of the op with small f64 inputs, for the gradient check and the comparison with its composite. Inputs whose gradient
// is checked have requires_grad set.
struct Sample {
    Tensors inputs;
    std::any attributes;
};

struct OpDef {
    OpDef(std::string_view name, Forward forward, OpGradient gradient, std::vector<Sample> (*samples)(), Composite composite = nullptr)
        : name(name), forward(forward), gradient(gradient), samples(samples), composite(composite) {}

    std::string_view name;
    Forward forward;
    OpGradient gradient;
    std::vector<Sample> (*samples)();
    Composite composite;
};

// Runs the op and, if a tape listens and an input requires a gradient, records it.
Tensors apply(const OpDef&, Tensors inputs, std::any attributes = {});

// Every op of the engine, for the support matrix and the tests that go over all of them.
const std::vector<const OpDef*>& all_ops();

}  // namespace molten

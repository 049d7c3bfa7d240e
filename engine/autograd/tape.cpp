#include "engine/autograd/tape.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace molten {
namespace {

thread_local Tape* current_tape = nullptr;
thread_local Gradients* walking = nullptr;  // the gradients of the walk that runs on this thread

double milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

template <class T>
void add_into(void* into, const void* from, std::int64_t count) {
    T* a = static_cast<T*>(into);
    const T* b = static_cast<const T*>(from);
    for (std::int64_t i = 0; i < count; ++i) a[i] = T(a[i] + b[i]);
}

// The sum of two gradients of one value, in the buffer of the first if nobody else holds it.
Tensor sum(Tensor a, const Tensor& b) {
    if (!(a.shape() == b.shape()) || a.dtype() != b.dtype())
        throw Error(ExitCode::usage, "gradients of one value disagree: " + a.shape().text() + " and " + b.shape().text());
    Tensor into = a.storage().use_count() == 1 && a.is_contiguous() ? std::move(a) : a.clone();
    const Tensor from = b.is_contiguous() ? b : b.clone();
    dispatch(into.dtype(), [&]<class T>() { add_into<T>(into.mutable_data(), from.data(), into.elements()); });
    return into;
}

}  // namespace

const Tensor& Node::keep(std::size_t i) const {
    const Tensor& tensor = saved.at(i);
    if (tensor && tensor.storage()->version() != saved_versions[i])
        throw Error(ExitCode::usage,
                    fmt::format("{}: a tensor of shape {} that was saved for the backward pass has been changed in place since", op->name,
                                tensor.shape().text()));
    return tensor;
}

const Tensor& Gradients::of(const Tensor& leaf) const {
    const auto it = by_id_.find(leaf.id());
    if (it == by_id_.end()) throw Error(ExitCode::usage, "no gradient reached a tensor of shape " + leaf.shape().text());
    return it->second;
}

void Gradients::add(std::uint64_t id, Tensor gradient) {
    const auto [it, inserted] = by_id_.try_emplace(id, gradient);
    if (inserted) return;
    Tensor present = std::move(it->second);
    it->second = sum(std::move(present), gradient);
}

Tensor Gradients::take(std::uint64_t id) {
    const auto it = by_id_.find(id);
    if (it == by_id_.end()) return {};
    Tensor result = std::move(it->second);
    by_id_.erase(it);
    return result;
}

Tape::Tape() : previous_(current_tape) { current_tape = this; }
Tape::~Tape() { current_tape = previous_; }
Tape* Tape::current() { return current_tape; }

NoGrad::NoGrad() : previous_(current_tape) { current_tape = nullptr; }
NoGrad::~NoGrad() { current_tape = previous_; }

Tensors apply(const OpDef& op, Tensors inputs, std::any attributes) {
    Tape* tape = current_tape;
    const bool record = tape && std::any_of(inputs.begin(), inputs.end(), [](const Tensor& t) { return t.requires_grad(); });
    Save save(record);
    const auto start = std::chrono::steady_clock::now();
    Tensors outputs = op.forward(inputs, attributes, save);
    if (record) tape->record(op, inputs, std::move(attributes), outputs, save.take(), tape->timing_ ? milliseconds_since(start) : 0);
    return outputs;
}

void Tape::record(const OpDef& op, const Tensors& inputs, std::any attributes, Tensors& outputs, Tensors saved, double ms) {
    Node node;
    node.op = &op;
    node.attributes = std::move(attributes);
    node.forward_ms = ms;
    node.inputs.reserve(inputs.size());
    for (const Tensor& input : inputs)
        node.inputs.push_back(input ? ValueInfo{input.id(), input.shape(), input.dtype(), input.requires_grad()} : ValueInfo{});
    for (Tensor& output : outputs) {
        output.set_requires_grad(true);
        output.set_recorded();
        node.outputs.push_back({output.id(), output.shape(), output.dtype(), true});
    }
    node.saved = std::move(saved);
    for (const Tensor& tensor : node.saved) {
        node.saved_versions.push_back(tensor ? tensor.storage()->version() : 0);
        node.saved_bytes += tensor ? tensor.bytes() : 0;
    }
    nodes_.push_back(std::move(node));
}

Gradients Tape::backward(const Tensor& root, const Tensor& cotangent) {
    if (!cotangent && root.elements() != 1)
        throw Error(ExitCode::usage, "backward from a tensor of shape " + root.shape().text() + " needs a cotangent of that shape");
    return backward(Tensors{root}, Tensors{cotangent ? cotangent : Tensor::full(root.shape(), 1, root.dtype())});
}

Gradients Tape::backward(const Tensors& roots, const Tensors& cotangents) {
    if (walked_) throw Error(ExitCode::usage, "this tape has been walked: its saved tensors are gone");
    walked_ = true;
    Gradients gradients;
    for (std::size_t i = 0; i < roots.size(); ++i) {
        if (!roots[i].requires_grad()) throw Error(ExitCode::usage, "backward from a value that depends on nothing trainable");
        gradients.add(roots[i].id(), cotangents[i]);
    }
    struct Walk {
        Gradients* previous = walking;
        ~Walk() { walking = previous; }
    } walk;
    walking = &gradients;
    const NoGrad quiet;  // backward functions compute, they are not themselves recorded
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
        Tensors output_gradients;
        bool reached = false;
        for (const ValueInfo& output : node->outputs) {
            output_gradients.push_back(gradients.take(output.id));
            reached = reached || output_gradients.back();
        }
        if (reached) {
            const Backward backward = node->op->gradient.backward();
            if (!backward)
                throw Error(ExitCode::usage, fmt::format("a gradient is asked through {}, which has none: {}", node->op->name,
                                                         node->op->gradient.why_not()));
            for (std::size_t i = 0; i < output_gradients.size(); ++i)
                if (!output_gradients[i]) output_gradients[i] = Tensor::zeros(node->outputs[i].shape, node->outputs[i].dtype);
            const auto start = std::chrono::steady_clock::now();
            Tensors input_gradients = backward(*node, output_gradients);
            output_gradients.clear();
            if (timing_) node->backward_ms = milliseconds_since(start);
            for (std::size_t i = 0; i < node->inputs.size(); ++i) {
                if (!node->inputs[i].requires_grad) continue;
                if (i >= input_gradients.size() || !input_gradients[i])
                    throw Error(ExitCode::usage, fmt::format("{} lost the gradient of its input {} of shape {}", node->op->name, i,
                                                             node->inputs[i].shape.text()));
                if (!(input_gradients[i].shape() == node->inputs[i].shape))
                    throw Error(ExitCode::usage, fmt::format("{} gave its input {} a gradient of shape {}, wanted {}", node->op->name, i,
                                                             input_gradients[i].shape().text(), node->inputs[i].shape.text()));
                gradients.add(node->inputs[i].id, std::move(input_gradients[i]));
            }
        }
        node->saved.clear();
    }
    return gradients;
}

void Tape::add_leaf_gradient(std::uint64_t id, Tensor gradient) { walking->add(id, std::move(gradient)); }

std::string Tape::dump() const {
    std::string result =
        fmt::format("{:>4} {:<18} {:<44} {:<20} {:>12} {:>10} {:>10}\n", "#", "op", "inputs", "outputs", "bytes saved", "ms fwd", "ms bwd");
    const auto shapes = [](const std::vector<ValueInfo>& values) {
        std::string text;
        for (const ValueInfo& value : values) text += (text.empty() ? "" : " ") + value.shape.text();
        return text;
    };
    double forward = 0, backward = 0;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Node& node = nodes_[i];
        result += fmt::format("{:>4} {:<18} {:<44} {:<20} {:>12} {:>10.4f} {:>10.4f}\n", i, node.op->name, shapes(node.inputs),
                              shapes(node.outputs), node.saved_bytes, node.forward_ms, node.backward_ms);
        forward += node.forward_ms;
        backward += node.backward_ms;
        bytes += node.saved_bytes;
    }
    return result +
           fmt::format("{:>4} {:<18} {:<44} {:<20} {:>12} {:>10.4f} {:>10.4f}\n", nodes_.size(), "total", "", "", bytes, forward, backward);
}

}  // namespace molten

#pragma once
#include <any>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/autograd/op.h"

namespace molten {

struct ValueInfo {
    std::uint64_t id = 0;
    Shape shape;
    DType dtype = DType::f32;
    bool requires_grad = false;
};

// One recorded op.
struct Node {
    const OpDef* op;
    std::any attributes;
    std::vector<ValueInfo> inputs, outputs;
    Tensors saved;
    std::vector<std::uint32_t> saved_versions;
    std::size_t saved_bytes = 0;
    double forward_ms = 0, backward_ms = 0;

    bool wants(std::size_t input) const { return inputs[input].requires_grad; }
    // The i-th saved tensor; an error names the op if its numbers were changed in place since.
    const Tensor& keep(std::size_t i) const;
    template <class T>
    const T& attributes_as() const { return std::any_cast<const T&>(attributes); }
};

// Gradients by the id of the leaf they belong to.
class Gradients {
  public:
    bool has(const Tensor& leaf) const { return by_id_.contains(leaf.id()); }
    const Tensor& of(const Tensor& leaf) const;
    void add(std::uint64_t id, Tensor gradient);  // sums with what is there
    Tensor take(std::uint64_t id);                // absent if there is none
    const std::unordered_map<std::uint64_t, Tensor>& all() const { return by_id_; }

  private:
    std::unordered_map<std::uint64_t, Tensor> by_id_;
};

// Records the ops of this thread, in order, while it is alive; a newer tape takes over until it ends. Ops below the first
// value that requires a gradient are not recorded.
class Tape {
  public:
    Tape();
    ~Tape();
    Tape(const Tape&) = delete;
    Tape& operator=(const Tape&) = delete;

    // Walks the record backwards from `root` (a single element, or of the shape of `cotangent`) and returns the gradients of
    // all leaves. Saved tensors are freed as they are used, so a tape is walked once.
    Gradients backward(const Tensor& root, const Tensor& cotangent = {});
    // The same from several roots at once.
    Gradients backward(const Tensors& roots, const Tensors& cotangents);

    const std::vector<Node>& nodes() const { return nodes_; }
    std::string dump() const;  // a table: op, shapes, bytes saved, milliseconds forward and backward
    void set_timing(bool on) { timing_ = on; }

    static Tape* current();
    // For a backward function that meets leaves which are not inputs of its node (checkpoint): adds to the walk that runs.
    static void add_leaf_gradient(std::uint64_t id, Tensor gradient);

  private:
    friend Tensors apply(const OpDef&, Tensors, std::any);
    void record(const OpDef&, const Tensors& inputs, std::any attributes, Tensors& outputs, Tensors saved, double ms);

    std::vector<Node> nodes_;
    Tape* previous_;
    bool timing_ = false, walked_ = false;
};

// Nothing is recorded on this thread while one is alive.
class NoGrad {
  public:
    NoGrad();
    ~NoGrad();
    NoGrad(const NoGrad&) = delete;
    NoGrad& operator=(const NoGrad&) = delete;

  private:
    Tape* previous_;
};

}  // namespace molten

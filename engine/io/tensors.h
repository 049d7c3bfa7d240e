#pragma once
#include <deque>
#include <string>
#include <vector>

#include "engine/core/tensor.h"
#include "engine/io/safetensors.h"

namespace molten::io {

// Tensors under names, on their way into a safetensors file. They are held until it is written.
class NamedTensors {
  public:
    void add(std::string name, const Tensor& tensor);
    std::vector<SafetensorsEntry> entries() const;
    std::uint64_t bytes() const;

  private:
    struct Item {
        std::string name;
        std::vector<std::uint64_t> shape;
        Tensor tensor;
    };
    std::deque<Item> items_;
};

// Copies the tensor `name` of the file into `into`, whose shape and dtype it must have. Error(corrupt) that says what was expected
// and what was found.
void read_into(const SafetensorsFile&, const std::string& name, Tensor& into);

// A one-dimensional f64 tensor as numbers.
std::vector<double> read_doubles(const SafetensorsFile&, const std::string& name);

}  // namespace molten::io

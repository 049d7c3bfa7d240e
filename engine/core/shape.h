#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "engine/core/error.h"

namespace molten {

// The sizes of a tensor's axes, at most six, outermost first. A rank-0 shape has one element.
class Shape {
  public:
    static constexpr int kMaxRank = 6;

    Shape() = default;
    Shape(std::initializer_list<std::int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
    explicit Shape(std::span<const std::int64_t> dims) {
        if (dims.size() > kMaxRank) throw Error(ExitCode::usage, "a shape of rank " + std::to_string(dims.size()) + ": molten's tensors have at most 6 axes");
        for (const std::int64_t dim : dims) push_back(dim);
    }

    int rank() const { return rank_; }
    std::int64_t operator[](int axis) const { return dims_[static_cast<std::size_t>(axis)]; }
    std::int64_t& operator[](int axis) { return dims_[static_cast<std::size_t>(axis)]; }
    std::int64_t back() const { return (*this)[rank_ - 1]; }
    const std::int64_t* begin() const { return dims_.data(); }
    const std::int64_t* end() const { return dims_.data() + rank_; }
    void push_back(std::int64_t dim) {
        if (rank_ == kMaxRank) throw Error(ExitCode::usage, "a shape has at most 6 axes");
        if (dim < 0) throw Error(ExitCode::usage, "a shape has the negative size " + std::to_string(dim));
        dims_[static_cast<std::size_t>(rank_++)] = dim;
    }

    std::int64_t elements() const {
        std::int64_t product = 1;
        for (const std::int64_t dim : *this)
            if (__builtin_mul_overflow(product, dim, &product)) throw Error(ExitCode::resources, "the elements of shape " + text() + " do not fit 64 bits");
        return product;
    }
    // Row-major element strides.
    std::array<std::int64_t, kMaxRank> strides() const {
        std::array<std::int64_t, kMaxRank> result{};
        std::int64_t step = 1;
        for (int axis = rank_ - 1; axis >= 0; --axis) {
            result[static_cast<std::size_t>(axis)] = step;
            step *= (*this)[axis];
        }
        return result;
    }
    std::string text() const {
        std::string result = "[";
        for (int axis = 0; axis < rank_; ++axis) result += (axis ? ", " : "") + std::to_string((*this)[axis]);
        return result + "]";
    }

    friend bool operator==(const Shape& a, const Shape& b) {
        if (a.rank_ != b.rank_) return false;
        for (int axis = 0; axis < a.rank_; ++axis)
            if (a[axis] != b[axis]) return false;
        return true;
    }

  private:
    std::array<std::int64_t, kMaxRank> dims_{};
    int rank_ = 0;
};

}  // namespace molten

#pragma once
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "engine/core/device.h"
#include "engine/core/shape.h"
#include "engine/memory/storage.h"
#include "kernels/common/dtype.h"

namespace molten {

// The DType of a C++ element type.
template <class T>
constexpr DType dtype_of() {
    if constexpr (std::is_same_v<T, double>) return DType::f64;
    else if constexpr (std::is_same_v<T, float>) return DType::f32;
    else if constexpr (std::is_same_v<T, bf16>) return DType::bf16;
    else if constexpr (std::is_same_v<T, std::int32_t>) return DType::i32;
    else {
        static_assert(std::is_same_v<T, std::uint8_t>, "tensors hold double, float, bf16, int32 or uint8");
        return DType::u8;
    }
}

// A value handle: copying a Tensor copies the handle, not the numbers. Shape and strides (in elements) describe a window into
// a storage that handles share. The id names the value on the tape; two handles of one value have one id.
class Tensor {
  public:
    Tensor() = default;  // absent: an optional input that is not given

    static Tensor empty(Shape, DType, Device = Device::cpu);  // uninitialised
    static Tensor zeros(Shape, DType, Device = Device::cpu);
    static Tensor full(Shape, double value, DType, Device = Device::cpu);
    // Standard normal numbers times `scale`; the same bits for the same seed, everywhere.
    static Tensor randn(Shape, DType, std::uint64_t seed, double scale = 1);
    // Copies values in row-major order; their number must equal the shape's.
    template <class T>
    static Tensor from(std::span<const T> values, Shape shape) {
        Tensor result = empty(shape, dtype_of<T>());
        result.fill_from(values.data(), values.size());
        return result;
    }
    template <class T>
    static Tensor from(const std::vector<T>& values, Shape shape) { return from(std::span<const T>(values), shape); }

    explicit operator bool() const { return storage_ != nullptr; }
    const Shape& shape() const { return shape_; }
    std::int64_t dim(int axis) const { return shape_[axis < 0 ? axis + shape_.rank() : axis]; }
    int rank() const { return shape_.rank(); }
    std::int64_t elements() const { return shape_.elements(); }
    std::size_t bytes() const { return static_cast<std::size_t>(elements()) * size_of(dtype_); }
    DType dtype() const { return dtype_; }
    Device device() const { return storage_->device(); }
    std::int64_t stride(int axis) const { return strides_[static_cast<std::size_t>(axis)]; }
    bool is_contiguous() const;  // row-major without gaps: what kernels take

    // The first element. Reading demands a contiguous tensor; writing also counts a new version of the storage, by which the
    // tape notices that a value it saved has been changed.
    const void* data() const;
    void* mutable_data();
    template <class T>
    const T* data() const {
        expect(dtype_of<T>());
        return static_cast<const T*>(data());
    }
    template <class T>
    T* mutable_data() {
        expect(dtype_of<T>());
        return static_cast<T*>(mutable_data());
    }
    const void* window() const;                    // the first element of a view of any strides
    std::vector<double> to_vector() const;         // all elements in row-major order
    double item() const;                           // the only element

    // A window on the same storage: no numbers move, nothing is recorded (engine/ops/view.h has the recorded forms).
    Tensor alias(Shape, std::array<std::int64_t, Shape::kMaxRank> strides, std::int64_t offset) const;
    Tensor alias(Shape) const;                     // another shape of the same contiguous elements
    Tensor detach() const;                         // the same numbers, unknown to the tape
    Tensor clone() const;                          // a contiguous copy, not recorded

    // A leaf whose gradient is wanted. Results of ops get this from their inputs.
    bool requires_grad() const { return requires_grad_; }
    Tensor& set_requires_grad(bool wanted);
    std::uint64_t id() const { return id_; }
    void set_recorded();                           // gives the value an id of its own: called by the tape

    const std::shared_ptr<Storage>& storage() const { return storage_; }
    std::int64_t offset() const { return offset_; }

  private:
    void expect(DType) const;
    void fill_from(const void* values, std::size_t count);

    Shape shape_;
    std::array<std::int64_t, Shape::kMaxRank> strides_{};
    std::int64_t offset_ = 0;  // elements
    DType dtype_ = DType::f32;
    bool requires_grad_ = false;
    std::uint64_t id_ = 0;
    std::shared_ptr<Storage> storage_;
};

using Tensors = std::vector<Tensor>;

}  // namespace molten

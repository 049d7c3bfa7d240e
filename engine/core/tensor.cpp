#include "engine/core/tensor.h"

#include <atomic>
#include <cmath>
#include <cstring>

#include "kernels/common/philox.h"

namespace molten {
namespace {

std::atomic<std::uint64_t> next_id{1};

template <class F>
void for_each_offset(const Shape& shape, const std::array<std::int64_t, Shape::kMaxRank>& strides, F&& f) {
    const std::int64_t count = shape.elements();
    std::array<std::int64_t, Shape::kMaxRank> index{};
    std::int64_t offset = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        f(i, offset);
        for (int axis = shape.rank() - 1; axis >= 0; --axis) {
            const auto a = static_cast<std::size_t>(axis);
            offset += strides[a];
            if (++index[a] < shape[axis]) break;
            offset -= strides[a] * shape[axis];
            index[a] = 0;
        }
    }
}

template <class F>
void visit_dtype(DType dtype, F&& f) {
    switch (dtype) {
        case DType::i32:
            return f.template operator()<std::int32_t>();
        case DType::u8:
            return f.template operator()<std::uint8_t>();
        default:
            return dispatch(dtype, f);
    }
}

}  // namespace

Tensor Tensor::empty(Shape shape, DType dtype, Device device) {
    Tensor result;
    result.shape_ = shape;
    result.strides_ = shape.strides();
    result.dtype_ = dtype;
    result.storage_ = std::make_shared<Storage>(static_cast<std::size_t>(shape.elements()) * size_of(dtype), device);
    return result;
}

Tensor Tensor::zeros(Shape shape, DType dtype, Device device) {
    Tensor result = empty(shape, dtype, device);
    if (result.bytes()) std::memset(result.mutable_data(), 0, result.bytes());  // all dtypes have zero as all bits zero
    return result;
}

Tensor Tensor::full(Shape shape, double value, DType dtype, Device device) {
    Tensor result = empty(shape, dtype, device);
    visit_dtype(dtype, [&]<class T>() { std::fill_n(result.mutable_data<T>(), result.elements(), static_cast<T>(value)); });
    return result;
}

Tensor Tensor::randn(Shape shape, DType dtype, std::uint64_t seed, double scale) {
    Tensor result = empty(shape, dtype);
    dispatch(dtype, [&]<class T>() {
        T* out = result.mutable_data<T>();
        for (std::int64_t i = 0; i < result.elements(); ++i)
            out[i] = static_cast<T>(scale * philox_normal({seed, 0}, static_cast<std::uint64_t>(i)));
    });
    return result;
}

bool Tensor::is_contiguous() const {
    std::int64_t step = 1;
    for (int axis = rank() - 1; axis >= 0; --axis) {
        if (shape_[axis] != 1 && stride(axis) != step) return false;
        step *= shape_[axis];
    }
    return true;
}

const void* Tensor::window() const {
    return static_cast<const char*>(storage_->data()) + static_cast<std::size_t>(offset_) * size_of(dtype_);
}

const void* Tensor::data() const {
    if (!storage_) throw Error(ExitCode::usage, "an absent tensor was read");
    if (!is_contiguous() && elements() > 0)
        throw Error(ExitCode::usage, "a tensor of shape " + shape_.text() + " is not contiguous: call contiguous() first");
    return window();
}

void* Tensor::mutable_data() {
    const void* first = data();
    storage_->count_write();
    return const_cast<void*>(first);
}

void Tensor::expect(DType wanted) const {
    if (dtype_ != wanted)
        throw Error(ExitCode::usage, "a tensor of dtype " + std::string(name_of(dtype_)) + " was read as " + std::string(name_of(wanted)));
}

void Tensor::fill_from(const void* values, std::size_t count) {
    if (count != static_cast<std::size_t>(elements()))
        throw Error(ExitCode::usage, std::to_string(count) + " values for a tensor of shape " + shape_.text());
    if (count) std::memcpy(mutable_data(), values, bytes());
}

std::vector<double> Tensor::to_vector() const {
    std::vector<double> result(static_cast<std::size_t>(elements()));
    visit_dtype(dtype_, [&]<class T>() {
        const T* first = static_cast<const T*>(window());
        for_each_offset(shape_, strides_, [&](std::int64_t i, std::int64_t offset) {
            result[static_cast<std::size_t>(i)] = static_cast<double>(first[offset]);
        });
    });
    return result;
}

double Tensor::item() const {
    if (elements() != 1) throw Error(ExitCode::usage, "item() of a tensor of shape " + shape_.text() + ": it has not one element");
    return to_vector().front();
}

Tensor Tensor::alias(Shape shape, std::array<std::int64_t, Shape::kMaxRank> strides, std::int64_t offset) const {
    Tensor result = detach();
    result.shape_ = shape;
    result.strides_ = strides;
    result.offset_ = offset;
    return result;
}

Tensor Tensor::alias(Shape shape) const {
    if (shape.elements() != elements())
        throw Error(ExitCode::usage, "a tensor of shape " + shape_.text() + " cannot be seen as " + shape.text());
    data();  // demands contiguity
    return alias(shape, shape.strides(), offset_);
}

Tensor Tensor::detach() const {
    Tensor result = *this;
    result.requires_grad_ = false;
    result.id_ = 0;
    return result;
}

Tensor Tensor::clone() const {
    Tensor result = empty(shape_, dtype_, device());
    visit_dtype(dtype_, [&]<class T>() {
        const T* from = static_cast<const T*>(window());
        T* to = result.mutable_data<T>();
        for_each_offset(shape_, strides_, [&](std::int64_t i, std::int64_t offset) { to[i] = from[offset]; });
    });
    return result;
}

Tensor& Tensor::set_requires_grad(bool wanted) {
    requires_grad_ = wanted;
    if (wanted && id_ == 0) set_recorded();
    return *this;
}

void Tensor::set_recorded() { id_ = next_id.fetch_add(1, std::memory_order_relaxed); }

}  // namespace molten

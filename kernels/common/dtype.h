#pragma once
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <type_traits>

#include "kernels/common/bf16.h"

namespace molten {

// f64, f32 and bf16 hold values; i32 holds indices, u8 holds masks (0 or 1).
enum class DType : std::uint8_t { f64, f32, bf16, i32, u8 };

constexpr std::size_t size_of(DType dtype) {
    switch (dtype) {
        case DType::f64: return 8;
        case DType::f32: return 4;
        case DType::bf16: return 2;
        case DType::i32: return 4;
        case DType::u8: return 1;
    }
    return 0;
}

constexpr std::string_view name_of(DType dtype) {
    switch (dtype) {
        case DType::f64: return "f64";
        case DType::f32: return "f32";
        case DType::bf16: return "bf16";
        case DType::i32: return "i32";
        case DType::u8: return "u8";
    }
    return "?";
}

// The type in which sums are accumulated and statistics (means, 1/std, logsumexp) are stored for values of type T:
// double for double, float for float and bf16. Any other T (see tracked.h) accumulates in itself.
template <class T>
struct AccumulateOf {
    using type = T;
};
template <>
struct AccumulateOf<bf16> {
    using type = float;
};
template <class T>
using accumulate_t = typename AccumulateOf<T>::type;

constexpr DType statistic_dtype(DType dtype) { return dtype == DType::f64 ? DType::f64 : DType::f32; }

// Calls f.template operator()<T>() with the C++ type of a value dtype: dispatch(args.dtype, [&]<class T>() { forward<T>(args); });
template <class F>
void dispatch(DType dtype, F&& f) {
    switch (dtype) {
        case DType::f64: return f.template operator()<double>();
        case DType::f32: return f.template operator()<float>();
        case DType::bf16: return f.template operator()<bf16>();
        default: throw std::invalid_argument("a kernel for values was given a tensor of indices or masks");
    }
}

}  // namespace molten

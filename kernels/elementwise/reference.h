#pragma once
#include <stdexcept>
#include <vector>

#include "kernels/elementwise/elementwise.h"

// The definition. Gradients of broadcast operands are summed in accumulate_t<T>.

namespace molten::reference {

template <class T>
T binary(Binary op, T a, T b) {
    switch (op) {
        case Binary::add: return T(a + b);
        case Binary::sub: return T(a - b);
        case Binary::mul: return T(a * b);
        case Binary::div: return T(a / b);
        case Binary::maximum: return a > b ? a : b;
        case Binary::minimum: return a < b ? a : b;
    }
    throw std::invalid_argument("no such operation");
}

// dy * d(a op b)/da and dy * d(a op b)/db.
template <class T>
void binary_gradient(Binary op, T a, T b, T dy, T& da, T& db) {
    const T half = T(dy * T(0.5));
    switch (op) {
        case Binary::add: da = dy, db = dy; return;
        case Binary::sub: da = dy, db = T(-dy); return;
        case Binary::mul: da = T(dy * b), db = T(dy * a); return;
        case Binary::div: da = T(dy / b), db = T(-T(T(da * a) / b)); return;
        case Binary::maximum: da = a == b ? half : a > b ? dy : T(0), db = a == b ? half : a > b ? T(0) : dy; return;
        case Binary::minimum: da = a == b ? half : a < b ? dy : T(0), db = a == b ? half : a < b ? T(0) : dy; return;
    }
}

template <class T>
void binary_forward(const BinaryArgs& args) {
    for (std::int64_t i = 0, count = element_count(args.rank, args.shape); i < count; ++i)
        static_cast<T*>(args.y)[i] = binary(args.op, static_cast<const T*>(args.a)[strided_offset(i, args.rank, args.shape, args.a_strides)],
                                            static_cast<const T*>(args.b)[strided_offset(i, args.rank, args.shape, args.b_strides)]);
}

// The strides of the operand's gradient, contiguous in the operand's own shape; returns its number of elements.
inline std::int64_t gradient_strides(int rank, const std::int64_t* shape, const std::int64_t* strides, std::int64_t* result) {
    std::int64_t count = 1;
    for (int axis = rank - 1; axis >= 0; --axis) {
        result[axis] = strides[axis] == 0 ? 0 : count;
        if (strides[axis] != 0) count *= shape[axis];
    }
    return count;
}

template <class T>
void binary_backward(const BinaryGradArgs& args) {
    using A = accumulate_t<T>;
    std::int64_t da_strides[kMaxRank], db_strides[kMaxRank];
    std::vector<A> da(static_cast<std::size_t>(gradient_strides(args.rank, args.shape, args.a_strides, da_strides)), A(0));
    std::vector<A> db(static_cast<std::size_t>(gradient_strides(args.rank, args.shape, args.b_strides, db_strides)), A(0));
    for (std::int64_t i = 0, count = element_count(args.rank, args.shape); i < count; ++i) {
        const auto at = [&](const std::int64_t* strides) { return strided_offset(i, args.rank, args.shape, strides); };
        const T a = args.a ? static_cast<const T*>(args.a)[at(args.a_strides)] : T(0);
        const T b = args.b ? static_cast<const T*>(args.b)[at(args.b_strides)] : T(0);
        T to_a(0), to_b(0);
        binary_gradient(args.op, a, b, static_cast<const T*>(args.dy)[i], to_a, to_b);
        da[static_cast<std::size_t>(at(da_strides))] += A(to_a);
        db[static_cast<std::size_t>(at(db_strides))] += A(to_b);
    }
    for (std::size_t i = 0; args.da && i < da.size(); ++i) static_cast<T*>(args.da)[i] = T(da[i]);
    for (std::size_t i = 0; args.db && i < db.size(); ++i) static_cast<T*>(args.db)[i] = T(db[i]);
}

template <class T>
void axpby(const AxpbyArgs& args) {
    const auto *a = static_cast<const T*>(args.a), *b = static_cast<const T*>(args.b);
    for (std::int64_t i = 0; i < args.count; ++i) {
        const T left = T(T(args.alpha) * a[i]), sum = b ? T(left + T(T(args.beta) * b[i])) : left;
        static_cast<T*>(args.y)[i] = args.gamma != 0 ? T(sum + T(args.gamma)) : sum;
    }
}

}  // namespace molten::reference

#pragma once
#include <cmath>
#include <stdexcept>

#include "kernels/loss/loss.h"

// The definition. Losses and their gradients are computed in accumulate_t<T> and rounded once.

namespace molten::reference {

template <class A>
A element_loss(ElementLoss kind, A x, A t, A delta) {
    using std::abs, std::exp, std::log1p;
    const A e = x - t, size = abs(e);
    switch (kind) {
        case ElementLoss::l1: return size;
        case ElementLoss::l2: return e * e;
        case ElementLoss::huber: return size <= delta ? A(0.5) * e * e : delta * (size - A(0.5) * delta);
        case ElementLoss::bce: return (x > A(0) ? x : A(0)) - x * t + log1p(exp(-abs(x)));
    }
    throw std::invalid_argument("no such loss");
}

template <class A>
A element_loss_slope(ElementLoss kind, A x, A t, A delta) {
    using std::abs, std::exp;
    const A e = x - t, sign(e > A(0) ? 1 : e < A(0) ? -1 : 0);
    switch (kind) {
        case ElementLoss::l1: return sign;
        case ElementLoss::l2: return A(2) * e;
        case ElementLoss::huber: return abs(e) <= delta ? e : delta * sign;
        case ElementLoss::bce: return A(1) / (A(1) + exp(-x)) - t;
    }
    throw std::invalid_argument("no such loss");
}

template <class T>
void element_loss_forward(const ElementLossArgs& a) {
    using A = accumulate_t<T>;
    A sum(0);
    std::int64_t present = 0;
    for (std::int64_t i = 0; i < a.rows * a.targets; ++i) {
        A loss(0);
        if (!a.mask || a.mask[i]) {
            loss = element_loss(a.kind, A(static_cast<const T*>(a.prediction)[i]), A(static_cast<const T*>(a.target)[i]), A(a.delta));
            if (a.weight) loss = loss * A(static_cast<const T*>(a.weight)[i % a.targets]);
            ++present;
        }
        if (a.reduction == Reduction::none) static_cast<A*>(a.loss)[i] = loss;
        sum += loss;
    }
    if (a.reduction == Reduction::mean) static_cast<A*>(a.loss)[0] = present ? sum / A(static_cast<double>(present)) : A(0);
}

template <class T>
void element_loss_backward(const ElementLossGradArgs& a) {
    using A = accumulate_t<T>;
    std::int64_t present = 0;
    for (std::int64_t i = 0; i < a.rows * a.targets; ++i) present += !a.mask || a.mask[i];
    for (std::int64_t i = 0; i < a.rows * a.targets; ++i) {
        A slope(0);
        if (!a.mask || a.mask[i]) {
            const A dloss = static_cast<const A*>(a.dloss)[a.reduction == Reduction::mean ? 0 : i];
            slope = element_loss_slope(a.kind, A(static_cast<const T*>(a.prediction)[i]), A(static_cast<const T*>(a.target)[i]), A(a.delta));
            slope = slope * (a.reduction == Reduction::mean ? dloss / A(static_cast<double>(present)) : dloss);
            if (a.weight) slope = slope * A(static_cast<const T*>(a.weight)[i % a.targets]);
        }
        static_cast<T*>(a.dprediction)[i] = T(slope);
    }
}

inline std::int64_t counted_rows(const std::int32_t* target, std::int64_t rows, std::int32_t ignore_index) {
    std::int64_t counted = 0;
    for (std::int64_t r = 0; r < rows; ++r) counted += target[r] != ignore_index;
    return counted;
}

template <class T>
void cross_entropy_forward(const CrossEntropyArgs& a) {
    using std::exp, std::log;
    using A = accumulate_t<T>;
    A total(0);
    for (std::int64_t r = 0; r < a.rows; ++r) {
        const T* x = static_cast<const T*>(a.logits) + r * a.classes;
        A largest(x[0]), sum(0), smooth(0);
        for (std::int64_t c = 1; c < a.classes; ++c)
            if (A(x[c]) > largest) largest = A(x[c]);
        for (std::int64_t c = 0; c < a.classes; ++c) sum += exp(A(x[c]) - largest);
        const A lse = largest + log(sum);
        static_cast<A*>(a.lse)[r] = lse;
        A loss(0);
        if (a.target[r] != a.ignore_index) {
            for (std::int64_t c = 0; c < a.classes; ++c) smooth += lse - A(x[c]);
            loss = A(1 - a.label_smoothing) * (lse - A(x[a.target[r]])) + A(a.label_smoothing) * (smooth / A(static_cast<double>(a.classes)));
        }
        if (a.reduction == Reduction::none) static_cast<A*>(a.loss)[r] = loss;
        total += loss;
    }
    const std::int64_t counted = counted_rows(a.target, a.rows, a.ignore_index);
    if (a.reduction == Reduction::mean) static_cast<A*>(a.loss)[0] = counted ? total / A(static_cast<double>(counted)) : A(0);
}

template <class T>
void cross_entropy_backward(const CrossEntropyGradArgs& a) {
    using std::exp;
    using A = accumulate_t<T>;
    const std::int64_t counted = counted_rows(a.target, a.rows, a.ignore_index);
    for (std::int64_t r = 0; r < a.rows; ++r)
        for (std::int64_t c = 0; c < a.classes; ++c) {
            const std::int64_t i = r * a.classes + c;
            A slope(0);
            if (a.target[r] != a.ignore_index) {
                const A dloss = static_cast<const A*>(a.dloss)[a.reduction == Reduction::mean ? 0 : r];
                const A wanted = A(c == a.target[r] ? 1 - a.label_smoothing : 0) + A(a.label_smoothing) / A(static_cast<double>(a.classes));
                slope = exp(A(static_cast<const T*>(a.logits)[i]) - static_cast<const A*>(a.lse)[r]) - wanted;
                slope = slope * (a.reduction == Reduction::mean ? dloss / A(static_cast<double>(counted)) : dloss);
            }
            static_cast<T*>(a.dlogits)[i] = T(slope);
        }
}

}  // namespace molten::reference

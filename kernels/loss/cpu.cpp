// Losses are computed in float (double for f64). Sums: each chunk of about 16k elements has a partial sum, added in order.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/vector_math.h"
#include "kernels/common/workspace.h"
#include "kernels/loss/loss.h"

namespace molten::cpu {
namespace {

namespace v = vector_math;
constexpr std::int64_t kChunk = 16384, kLine = 1024;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <ElementLoss Kind, class A>
MOLTEN_ALWAYS_INLINE A value(A x, A t, A delta) {
    const A e = x - t, size = v::absolute(e);
    if constexpr (Kind == ElementLoss::l1) return size;
    if constexpr (Kind == ElementLoss::l2) return e * e;
    if constexpr (Kind == ElementLoss::huber) return size <= delta ? A(0.5) * e * e : delta * (size - A(0.5) * delta);
    if constexpr (Kind == ElementLoss::bce) return (x > 0 ? x : A(0)) - x * t + v::log1p(v::exp(x > 0 ? -x : x));
}

template <ElementLoss Kind, class A>
MOLTEN_ALWAYS_INLINE A slope(A x, A t, A delta) {
    const A e = x - t, sign = (e > 0 ? A(1) : A(0)) - (e < 0 ? A(1) : A(0));
    if constexpr (Kind == ElementLoss::l1) return sign;
    if constexpr (Kind == ElementLoss::l2) return 2 * e;
    if constexpr (Kind == ElementLoss::huber) return v::absolute(e) <= delta ? e : delta * sign;
    if constexpr (Kind == ElementLoss::bce) return v::sigmoid(x) - t;
}

template <class Body>
void dispatch_kind(ElementLoss kind, Body&& body) {
    switch (kind) {
        case ElementLoss::l1: return body.template operator()<ElementLoss::l1>();
        case ElementLoss::l2: return body.template operator()<ElementLoss::l2>();
        case ElementLoss::huber: return body.template operator()<ElementLoss::huber>();
        case ElementLoss::bce: return body.template operator()<ElementLoss::bce>();
    }
    kernel_check(false, "element_loss", "no such loss");
}

std::int64_t count_present(const std::uint8_t* mask, std::int64_t count) {
    if (!mask) return count;
    std::int64_t present = 0;
#pragma omp simd reduction(+ : present)
    for (std::int64_t i = 0; i < count; ++i) present += mask[i] != 0;
    return present;
}

// The weights of the target columns, repeated so that the kLine elements from any element on find theirs at pattern + element % targets.
template <class T, class A>
void repeat_weights(const T* weight, std::int64_t targets, A* pattern) {
    for (std::int64_t i = 0; i < targets + kLine; ++i) pattern[i] = A(weight[i % targets]);
}

// terms[i] *= weights[i] where there are weights; what is missing becomes 0 (by a choice: it may be NaN).
template <class A>
void weigh_and_mask(A* terms, std::int64_t n, const A* weights, const std::uint8_t* mask) {
    if (weights) {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) terms[i] *= weights[i];
    }
    if (mask) {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) terms[i] = mask[i] ? terms[i] : A(0);
    }
}

// A function of its own: inside the task below the compiler leaves this loop scalar.
template <class A>
__attribute__((noinline)) A sum_of(const A* terms, std::int64_t n) {
    A sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < n; ++i) sum += terms[i];
    return sum;
}

// A line of kLine elements at a time, in a buffer: one plain loop for the loss, one each for weights, mask and sum.
template <class T, ElementLoss Kind>
void forward(const Launch& launch, const ElementLossArgs& a) {
    using A = accumulate_t<T>;
    const std::int64_t count = a.rows * a.targets, chunks = ceil_div(count, kChunk);
    const A delta = static_cast<A>(a.delta);
    Scratch<A> sums(launch, "element_loss sums", static_cast<std::size_t>(chunks));
    Scratch<A> weights(launch, "element_loss weights", static_cast<std::size_t>(a.weight ? a.targets + kLine : 0));
    A *partial = sums.data(), *pattern = a.weight ? weights.data() : nullptr;
    if (pattern && count > 0) repeat_weights(static_cast<const T*>(a.weight), a.targets, pattern);
    parallel_for(count, kChunk, [=, &a](std::int64_t begin, std::int64_t end) {
        A terms[kLine], total = 0;
        for (std::int64_t first = begin; first < end; first += kLine) {
            const std::int64_t n = std::min(kLine, end - first);
            const auto *x = static_cast<const T*>(a.prediction) + first, *t = static_cast<const T*>(a.target) + first;
#pragma omp simd
            for (std::int64_t i = 0; i < n; ++i) terms[i] = value<Kind>(A(x[i]), A(t[i]), delta);
            weigh_and_mask(terms, n, pattern ? pattern + first % a.targets : nullptr, a.mask ? a.mask + first : nullptr);
            if (a.reduction == Reduction::none) std::copy_n(terms, n, static_cast<A*>(a.loss) + first);
            total += sum_of(terms, n);
        }
        partial[begin / kChunk] = total;
    });
    if (a.reduction == Reduction::none) return;
    const std::int64_t present = count_present(a.mask, count);
    A total = 0;
    for (std::int64_t c = 0; c < chunks; ++c) total += partial[c];
    *static_cast<A*>(a.loss) = present ? total / static_cast<A>(present) : A(0);
}

template <class T, ElementLoss Kind>
void backward(const Launch& launch, const ElementLossGradArgs& a) {
    using A = accumulate_t<T>;
    const std::int64_t count = a.rows * a.targets;
    const A delta = static_cast<A>(a.delta), *dloss = static_cast<const A*>(a.dloss);
    const bool mean = a.reduction == Reduction::mean;
    const A scale = mean ? *dloss / static_cast<A>(std::max<std::int64_t>(1, count_present(a.mask, count))) : A(1);
    Scratch<A> weights(launch, "element_loss weights", static_cast<std::size_t>(a.weight ? a.targets + kLine : 0));
    A* pattern = a.weight ? weights.data() : nullptr;
    if (pattern && count > 0) repeat_weights(static_cast<const T*>(a.weight), a.targets, pattern);
    parallel_for(count, kChunk, [=, &a](std::int64_t begin, std::int64_t end) {
        A terms[kLine];
        for (std::int64_t first = begin; first < end; first += kLine) {
            const std::int64_t n = std::min(kLine, end - first);
            const auto *x = static_cast<const T*>(a.prediction) + first, *t = static_cast<const T*>(a.target) + first;
            T* dx = static_cast<T*>(a.dprediction) + first;
#pragma omp simd
            for (std::int64_t i = 0; i < n; ++i) terms[i] = slope<Kind>(A(x[i]), A(t[i]), delta) * scale;
            if (!mean) {
#pragma omp simd
                for (std::int64_t i = 0; i < n; ++i) terms[i] *= dloss[first + i];
            }
            weigh_and_mask(terms, n, pattern ? pattern + first % a.targets : nullptr, a.mask ? a.mask + first : nullptr);
#pragma omp simd
            for (std::int64_t i = 0; i < n; ++i) dx[i] = T(terms[i]);
        }
    });
}

void check_target(const std::int32_t* target, std::int64_t row, std::int64_t classes, std::int32_t ignore_index) {
    const std::int32_t t = target[row];
    kernel_check(t == ignore_index || (t >= 0 && t < classes), "cross_entropy",
                 "target " + std::to_string(t) + " of row " + std::to_string(row) + " is none of " + std::to_string(classes) + " classes");
}

std::int64_t rows_a_chunk(std::int64_t classes) { return std::max<std::int64_t>(1, kChunk / std::max<std::int64_t>(1, classes)); }

template <class T>
accumulate_t<T> log_sum_exp(const T* x, std::int64_t n) {
    using A = accumulate_t<T>;
    A largest = -std::numeric_limits<A>::infinity(), sum = 0;
#pragma omp simd reduction(max : largest)
    for (std::int64_t c = 0; c < n; ++c) largest = A(x[c]) > largest ? A(x[c]) : largest;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t c = 0; c < n; ++c) sum += v::exp(A(x[c]) - largest);
    return largest + std::log(sum);
}

template <class T>
accumulate_t<T> row_loss(const T* x, std::int64_t n, std::int32_t target, accumulate_t<T> lse, double smoothing) {
    using A = accumulate_t<T>;
    const A hard = lse - A(x[target]);
    if (smoothing == 0) return hard;
    A sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t c = 0; c < n; ++c) sum += lse - A(x[c]);
    return static_cast<A>(1 - smoothing) * hard + static_cast<A>(smoothing) * (sum / static_cast<A>(n));
}

template <class T>
void cross_entropy(const Launch& launch, const CrossEntropyArgs& a) {
    using A = accumulate_t<T>;
    const bool mean = a.reduction == Reduction::mean;
    Scratch<A> scratch(launch, "cross_entropy losses", static_cast<std::size_t>(mean ? a.rows : 0));
    A *loss = mean ? scratch.data() : static_cast<A*>(a.loss), *lse = static_cast<A*>(a.lse);
    parallel_for(a.rows, rows_a_chunk(a.classes), [=, &a](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
            const T* x = static_cast<const T*>(a.logits) + r * a.classes;
            check_target(a.target, r, a.classes, a.ignore_index);
            lse[r] = log_sum_exp(x, a.classes);
            loss[r] = a.target[r] == a.ignore_index ? A(0) : row_loss(x, a.classes, a.target[r], lse[r], a.label_smoothing);
        }
    });
    if (!mean) return;
    A total = 0;
    std::int64_t counted = 0;
    for (std::int64_t r = 0; r < a.rows; ++r) {
        total += loss[r];
        counted += a.target[r] != a.ignore_index;
    }
    *static_cast<A*>(a.loss) = counted ? total / static_cast<A>(counted) : A(0);
}

template <class T>
void cross_entropy_gradient(const CrossEntropyGradArgs& a) {
    using A = accumulate_t<T>;
    const bool mean = a.reduction == Reduction::mean;
    std::int64_t counted = 0;
    for (std::int64_t r = 0; r < a.rows; ++r) counted += a.target[r] != a.ignore_index;
    const auto *dloss = static_cast<const A*>(a.dloss), *lse = static_cast<const A*>(a.lse);
    const A everywhere = static_cast<A>(a.label_smoothing) / static_cast<A>(a.classes), there = static_cast<A>(1 - a.label_smoothing);
    parallel_for(a.rows, rows_a_chunk(a.classes), [=, &a](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
            check_target(a.target, r, a.classes, a.ignore_index);
            const T* x = static_cast<const T*>(a.logits) + r * a.classes;
            T* dx = static_cast<T*>(a.dlogits) + r * a.classes;
            if (a.target[r] == a.ignore_index) {
                std::fill_n(dx, a.classes, T(0.f));
                continue;
            }
            const A scale = mean ? *dloss / static_cast<A>(counted) : dloss[r], normaliser = lse[r];
            const std::int32_t t = a.target[r];
            const A at_target = v::exp(A(x[t]) - normaliser);
#pragma omp simd
            for (std::int64_t c = 0; c < a.classes; ++c) dx[c] = T((v::exp(A(x[c]) - normaliser) - everywhere) * scale);
            dx[t] = T((at_target - (there + everywhere)) * scale);
        }
    });
}

}  // namespace

void element_loss_forward(const Launch& launch, const ElementLossArgs& a) {
    dispatch(a.dtype, [&]<class T>() { dispatch_kind(a.kind, [&]<ElementLoss K>() { forward<T, K>(launch, a); }); });
}

void element_loss_backward(const Launch& launch, const ElementLossGradArgs& a) {
    dispatch(a.dtype, [&]<class T>() { dispatch_kind(a.kind, [&]<ElementLoss K>() { backward<T, K>(launch, a); }); });
}

void cross_entropy_forward(const Launch& launch, const CrossEntropyArgs& a) {
    kernel_check(a.classes > 0 || a.rows == 0, "cross_entropy", "no classes");
    dispatch(a.dtype, [&]<class T>() { cross_entropy<T>(launch, a); });
}

void cross_entropy_backward(const Launch&, const CrossEntropyGradArgs& a) {
    kernel_check(a.classes > 0 || a.rows == 0, "cross_entropy", "no classes");
    dispatch(a.dtype, [&]<class T>() { cross_entropy_gradient<T>(a); });
}

}  // namespace molten::cpu

// The axis is cut into pieces of a fixed number of elements and the inner axis into blocks; each (outer, piece, block) is a
// task with a partial result of its own, and the pieces are combined in order. With inner = 1 a piece is one vector sum, else
// rows of the block are added to a row of accumulators.
#include <algorithm>
#include <limits>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"
#include "kernels/reduce/reduce.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kPieceElements = 16384, kBlock = 4096;
constexpr std::int64_t kMostPieces = 64;  // bounds the scratch memory

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// How [outer, n, inner] is cut into tasks.
struct Cut {
    std::int64_t outer, n, inner, blocks, piece, pieces;

    Cut(std::int64_t outer, std::int64_t n, std::int64_t inner) : outer(outer), n(n), inner(inner) {
        blocks = std::max<std::int64_t>(1, ceil_div(inner, kBlock));
        piece = std::max({std::int64_t{1}, kPieceElements / std::clamp<std::int64_t>(inner, 1, kBlock), ceil_div(n, kMostPieces)});
        pieces = std::max<std::int64_t>(1, ceil_div(n, piece));
    }
    // Calls body(o, p, first k, last k, first i, last i) for every task.
    template <class Body>
    void run(Body&& body) const {
        const std::int64_t elements = std::min(n, piece) * std::min(inner, kBlock);
        parallel_for(outer * pieces * blocks, std::max<std::int64_t>(1, kPieceElements / std::max<std::int64_t>(1, elements)),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t task = begin; task < end; ++task) {
                             const std::int64_t b = task % blocks, p = task / blocks % pieces, o = task / blocks / pieces;
                             body(o, p, p * piece, std::min(n, (p + 1) * piece), b * kBlock, std::min(inner, (b + 1) * kBlock));
                         }
                     });
    }
};

// sums[i] = sum over k in [k0, k1) of x[k, i].
template <class T, class A>
void sum_piece(const T* x, std::int64_t inner, std::int64_t k0, std::int64_t k1, std::int64_t i0, std::int64_t i1, A* sums) {
    if (inner == 1) {
        A sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t k = k0; k < k1; ++k) sum += A(x[k]);
        sums[0] = sum;
        return;
    }
    std::fill(sums + i0, sums + i1, A(0));
    for (std::int64_t k = k0; k < k1; ++k) {
        const T* row = x + k * inner;
#pragma omp simd
        for (std::int64_t i = i0; i < i1; ++i) sums[i] += A(row[i]);
    }
}

template <class T>
void sum_forward(const Launch& launch, const ReduceArgs& a) {
    using A = accumulate_t<T>;
    const Cut cut(a.outer, a.n, a.inner);
    Scratch<A> scratch(launch, "reduce sums", static_cast<std::size_t>(a.outer * cut.pieces * a.inner));
    A* partial = scratch.data();
    cut.run([&](std::int64_t o, std::int64_t p, std::int64_t k0, std::int64_t k1, std::int64_t i0, std::int64_t i1) {
        sum_piece(static_cast<const T*>(a.x) + o * a.n * a.inner, a.inner, k0, k1, i0, i1, partial + (o * cut.pieces + p) * a.inner);
    });
    const A divisor = a.op == Reduce::mean ? static_cast<A>(a.n) : A(1);
    parallel_for(a.outer * a.inner, std::max<std::int64_t>(64, kPieceElements / cut.pieces), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t j = begin; j < end; ++j) {
            const A* first = partial + j / a.inner * cut.pieces * a.inner + j % a.inner;
            A sum = 0;
            for (std::int64_t p = 0; p < cut.pieces; ++p) sum += first[p * a.inner];
            static_cast<T*>(a.y)[j] = T(sum / divisor);
        }
    });
}

// Whether `challenger` replaces `best`: larger (smaller for min), or the first NaN.
template <class A>
bool beats(A challenger, A best, bool is_max) {
    return (is_max ? challenger > best : challenger < best) || (challenger != challenger && best == best);
}

template <class T>
void extreme_rows(const T* x, std::int64_t inner, std::int64_t k0, std::int64_t k1, std::int64_t i0, std::int64_t i1, bool is_max, T* best,
                  std::int32_t* index) {
    using A = accumulate_t<T>;
    for (std::int64_t i = i0; i < i1; ++i) {
        best[i] = x[k0 * inner + i];
        index[i] = static_cast<std::int32_t>(k0);
    }
    for (std::int64_t k = k0 + 1; k < k1; ++k)
#pragma omp simd
        for (std::int64_t i = i0; i < i1; ++i) {
            const bool wins = beats(A(x[k * inner + i]), A(best[i]), is_max);
            best[i] = wins ? x[k * inner + i] : best[i];
            index[i] = wins ? static_cast<std::int32_t>(k) : index[i];
        }
}

// inner = 1: the extreme value by a vector loop, then its first place.
template <class T>
void extreme_line(const T* x, std::int64_t k0, std::int64_t k1, bool is_max, T* best, std::int32_t* index) {
    using A = accumulate_t<T>;
    const A sign = is_max ? A(1) : A(-1);
    A largest = -std::numeric_limits<A>::infinity();
    int nans = 0;
#pragma omp simd reduction(max : largest) reduction(+ : nans)
    for (std::int64_t k = k0; k < k1; ++k) {
        const A value = sign * A(x[k]);
        largest = value > largest ? value : largest;
        nans += value != value;
    }
    std::int64_t k = k0;
    while (nans ? A(x[k]) == A(x[k]) : sign * A(x[k]) != largest) ++k;
    *best = x[k];
    *index = static_cast<std::int32_t>(k);
}

template <class T>
void extreme_forward(const Launch& launch, const ReduceArgs& a) {
    using A = accumulate_t<T>;
    const bool is_max = a.op == Reduce::max;
    const Cut cut(a.outer, a.n, a.inner);
    const auto partials = static_cast<std::size_t>(a.outer * cut.pieces * a.inner);
    Scratch<T> values(launch, "reduce extremes", partials);
    Scratch<std::int32_t> places(launch, "reduce places", partials);
    T* value = values.data();
    std::int32_t* place = places.data();
    cut.run([&](std::int64_t o, std::int64_t p, std::int64_t k0, std::int64_t k1, std::int64_t i0, std::int64_t i1) {
        const T* x = static_cast<const T*>(a.x) + o * a.n * a.inner;
        const std::int64_t at = (o * cut.pieces + p) * a.inner;
        a.inner == 1 ? extreme_line(x, k0, k1, is_max, value + at, place + at)
                     : extreme_rows(x, a.inner, k0, k1, i0, i1, is_max, value + at, place + at);
    });
    parallel_for(a.outer * a.inner, std::max<std::int64_t>(64, kPieceElements / cut.pieces), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t j = begin; j < end; ++j) {
            std::int64_t best = j / a.inner * cut.pieces * a.inner + j % a.inner;
            for (std::int64_t p = 1, at = best + a.inner; p < cut.pieces; ++p, at += a.inner)
                if (beats(A(value[at]), A(value[best]), is_max)) best = at;
            static_cast<T*>(a.y)[j] = value[best];
            if (a.index) a.index[j] = place[best];
        }
    });
}

template <class T>
void backward(const ReduceGradArgs& a) {
    using A = accumulate_t<T>;
    const A divisor = a.op == Reduce::mean ? static_cast<A>(a.n) : A(1);
    const bool extreme = a.op == Reduce::max || a.op == Reduce::min;
    Cut(a.outer, a.n, a.inner).run([&](std::int64_t o, std::int64_t, std::int64_t k0, std::int64_t k1, std::int64_t i0, std::int64_t i1) {
        const T* dy = static_cast<const T*>(a.dy) + o * a.inner;
        T* dx = static_cast<T*>(a.dx) + o * a.n * a.inner;
        if (a.inner == 1) {
            std::fill(dx + k0, dx + k1, extreme ? T(0.f) : T(A(dy[0]) / divisor));
            if (extreme && a.index[o] >= k0 && a.index[o] < k1) dx[a.index[o]] = dy[0];
            return;
        }
        for (std::int64_t k = k0; k < k1; ++k) {
            T* row = dx + k * a.inner;
            if (extreme) {
                const std::int32_t* index = a.index + o * a.inner;
#pragma omp simd
                for (std::int64_t i = i0; i < i1; ++i) row[i] = index[i] == k ? dy[i] : T(0.f);
            } else {
#pragma omp simd
                for (std::int64_t i = i0; i < i1; ++i) row[i] = T(A(dy[i]) / divisor);
            }
        }
    });
}

}  // namespace

void reduce_forward(const Launch& launch, const ReduceArgs& a) {
    if (a.outer * a.inner == 0) return;
    const bool sums = a.op == Reduce::sum || a.op == Reduce::mean;
    kernel_check(a.n > 0 || a.op == Reduce::sum, "reduce", "mean, max and min of no element");
    kernel_check(sums || a.n <= std::numeric_limits<std::int32_t>::max(), "reduce", "max and min are for axes below 2^31 elements");
    dispatch(a.dtype, [&]<class T>() { sums ? sum_forward<T>(launch, a) : extreme_forward<T>(launch, a); });
}

void reduce_backward(const Launch&, const ReduceGradArgs& a) {
    if (a.outer * a.n * a.inner == 0) return;
    kernel_check(a.index || a.op == Reduce::sum || a.op == Reduce::mean, "reduce", "the backward pass of max and min needs their index");
    dispatch(a.dtype, [&]<class T>() { backward<T>(a); });
}

}  // namespace molten::cpu

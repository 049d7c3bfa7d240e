// Axes that are walked as one are merged; the last axis is then cut into lines of at most 1024 elements. A line of each operand is
// brought into contiguous float (double for f64) numbers, unless it already is, so that every operation is one plain vector loop.
// A broadcast operand's gradient: what is summed is cut into at most 64 pieces, each with partial sums of its own, added in order.
#include <algorithm>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"
#include "kernels/elementwise/elementwise.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kLine = 1024, kChunkElements = 16384, kMostPieces = 64;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Strides of a, b and y (or dy) over merged axes.
struct Walk {
    int rank = 0;
    std::int64_t shape[kMaxRank] = {}, strides[3][kMaxRank] = {};

    template <class Args>
    explicit Walk(const Args& args) {
        kernel_check(args.rank >= 0 && args.rank <= kMaxRank, "binary", "rank " + std::to_string(args.rank) + " is not 0 to 6");
        std::copy_n(args.shape, args.rank, shape);
        std::copy_n(args.a_strides, args.rank, strides[0]);
        std::copy_n(args.b_strides, args.rank, strides[1]);
        row_major_strides(args.rank, args.shape, strides[2]);
        rank = collapse_axes<3>(args.rank, shape, strides);
    }
    int last() const { return rank - 1; }
    std::int64_t length() const { return shape[last()]; }
    std::int64_t lines() const { return element_count(last(), shape); }
    std::int64_t pieces() const { return ceil_div(length(), kLine); }
};

// n elements of an operand as contiguous numbers of type A: in place where they are that, else in `buffer`.
template <class T, class A>
const A* line_of(const T* x, std::int64_t stride, std::int64_t n, A* buffer) {
    if constexpr (std::is_same_v<T, A>)
        if (stride == 1) return x;
    if (stride == 1) {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) buffer[i] = A(x[i]);
    } else if (stride == 0) {
        std::fill_n(buffer, n, A(x[0]));
    } else {
        for (std::int64_t i = 0; i < n; ++i) buffer[i] = A(x[i * stride]);
    }
    return buffer;
}

template <Binary Op, class A>
A apply(A a, A b) {
    if constexpr (Op == Binary::add) return a + b;
    if constexpr (Op == Binary::sub) return a - b;
    if constexpr (Op == Binary::mul) return a * b;
    if constexpr (Op == Binary::div) return a / b;
    if constexpr (Op == Binary::maximum) return a > b ? a : (a == a ? b : a);
    if constexpr (Op == Binary::minimum) return a < b ? a : (a == a ? b : a);
}

// dy times the derivative by a (kOfA) or by b.
template <Binary Op, bool kOfA, class A>
A derivative(A a, A b, A dy) {
    if constexpr (Op == Binary::add) return dy;
    if constexpr (Op == Binary::sub) return kOfA ? dy : -dy;
    if constexpr (Op == Binary::mul) return dy * (kOfA ? b : a);
    if constexpr (Op == Binary::div) return kOfA ? dy / b : -(dy / b * a / b);
    const A larger = a > b ? (kOfA ? dy : A(0)) : (kOfA ? A(0) : dy), smaller = a < b ? (kOfA ? dy : A(0)) : (kOfA ? A(0) : dy);
    if constexpr (Op == Binary::maximum) return a == b ? dy / 2 : larger;
    if constexpr (Op == Binary::minimum) return a == b ? dy / 2 : smaller;
}

template <class Body>
void dispatch_op(Binary op, Body&& body) {
    switch (op) {
        case Binary::add: return body.template operator()<Binary::add>();
        case Binary::sub: return body.template operator()<Binary::sub>();
        case Binary::mul: return body.template operator()<Binary::mul>();
        case Binary::div: return body.template operator()<Binary::div>();
        case Binary::maximum: return body.template operator()<Binary::maximum>();
        case Binary::minimum: return body.template operator()<Binary::minimum>();
    }
    kernel_check(false, "binary", "no such operation");
}

template <class T>
void apply_line(Binary op, const accumulate_t<T>* a, const accumulate_t<T>* b, T* y, std::int64_t n) {
    dispatch_op(op, [=]<Binary Op>() {
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) y[i] = T(apply<Op>(a[i], b[i]));
    });
}

// What a line's gradient is computed from; a and b are null for add and sub, whose gradients read neither.
template <class A>
struct LineView {
    const A *a, *b, *dy;
    std::int64_t n;
};

template <class A>
void derivative_line(Binary op, bool of_a, const LineView<A>& line, A* g) {
    const A *dy = line.dy, *a = line.a ? line.a : dy, *b = line.b ? line.b : dy;
    const std::int64_t n = line.n;
    dispatch_op(op, [=]<Binary Op>() {
        if (of_a) {
#pragma omp simd
            for (std::int64_t i = 0; i < n; ++i) g[i] = derivative<Op, true>(a[i], b[i], dy[i]);
        } else {
#pragma omp simd
            for (std::int64_t i = 0; i < n; ++i) g[i] = derivative<Op, false>(a[i], b[i], dy[i]);
        }
    });
}

template <class T>
class Backward {
    using A = accumulate_t<T>;

  public:
    Backward(const Launch& launch, const BinaryGradArgs& args) : launch_(launch), args_(args), walk_(args) {
        reads_ = args.op != Binary::add && args.op != Binary::sub;
        kernel_check(!reads_ || (args.a && args.b), "binary", "the backward pass of this operation needs a and b");
    }

    void run() {
        const bool a_summed = summed(0), b_summed = summed(1);
        T* da = a_summed ? nullptr : static_cast<T*>(args_.da);
        T* db = b_summed ? nullptr : static_cast<T*>(args_.db);
        if (da || db) same_shape(da, db);
        if (args_.da && a_summed) broadcast(0, static_cast<T*>(args_.da));
        if (args_.db && b_summed) broadcast(1, static_cast<T*>(args_.db));
    }

  private:
    bool summed(int operand) const {
        for (int axis = 0; axis < walk_.rank; ++axis)
            if (walk_.strides[operand][axis] == 0) return true;
        return false;
    }

    // The line at these element offsets, `first` elements into the last axis.
    LineView<A> view(const std::int64_t (&offset)[3], std::int64_t first, std::int64_t n, A (*buffers)[kLine]) const {
        const auto line = [&](const void* x, int operand) -> const A* {
            const std::int64_t stride = walk_.strides[operand][walk_.last()];
            return line_of(static_cast<const T*>(x) + offset[operand] + first * stride, stride, n, buffers[operand]);
        };
        return {reads_ ? line(args_.a, 0) : nullptr, reads_ ? line(args_.b, 1) : nullptr, line(args_.dy, 2), n};
    }

    void same_shape(T* da, T* db) const {
        const std::int64_t pieces = walk_.pieces(), n = walk_.length(), grain = kChunkElements / std::min(n, kLine);
        parallel_for(walk_.lines() * pieces, std::max<std::int64_t>(1, grain), [&](std::int64_t begin, std::int64_t end) {
            A buffers[3][kLine], g[kLine];
            for (std::int64_t item = begin; item < end; ++item) {
                const std::int64_t line = item / pieces, first = item % pieces * kLine, count = std::min(kLine, n - first);
                std::int64_t offset[3];
                for (int k = 0; k < 3; ++k) offset[k] = strided_offset(line, walk_.last(), walk_.shape, walk_.strides[k]);
                const LineView<A> lines = view(offset, first, count, buffers);
                for (const bool of_a : {true, false}) {
                    T* to = of_a ? da : db;
                    if (!to) continue;
                    derivative_line(args_.op, of_a, lines, g);
                    to += line * n + first;
#pragma omp simd
                    for (std::int64_t i = 0; i < count; ++i) to[i] = T(g[i]);
                }
            }
        });
    }

    // Some of the outer axes, counted as one.
    struct Axes {
        int rank = 0;
        std::int64_t shape[kMaxRank] = {}, strides[3][kMaxRank] = {};
        std::int64_t count() const { return element_count(rank, shape); }
        void add(const Walk& walk, int axis) {
            shape[rank] = walk.shape[axis];
            for (int k = 0; k < 3; ++k) strides[k][rank] = walk.strides[k][axis];
            ++rank;
        }
        void offsets(std::int64_t index, std::int64_t (&offset)[3]) const {
            for (int k = 0; k < 3; ++k) offset[k] += strided_offset(index, rank, shape, strides[k]);
        }
    };

    // Where the last axis is kept a partial result is a line of sums, else one sum.
    void broadcast(int operand, T* result) const {
        Axes kept, gone;
        for (int axis = 0; axis < walk_.last(); ++axis) (walk_.strides[operand][axis] == 0 ? gone : kept).add(walk_, axis);
        const bool keeps_last = walk_.strides[operand][walk_.last()] != 0;
        const std::int64_t n = walk_.length(), blocks = walk_.pieces(), width = keeps_last ? n : 1;
        const std::int64_t terms = keeps_last ? gone.count() : gone.count() * blocks;  // lines summed into one result
        const std::int64_t targets = keeps_last ? kept.count() * blocks : kept.count();
        const std::int64_t line = std::max<std::int64_t>(1, std::min(n, kLine));
        const std::int64_t piece = std::max({std::int64_t{1}, kChunkElements / line, ceil_div(terms, kMostPieces)});
        const std::int64_t pieces = std::max<std::int64_t>(1, ceil_div(terms, piece)), results = kept.count() * width;
        Scratch<A> scratch(launch_, "binary gradient", static_cast<std::size_t>(pieces * results));
        A* partial = scratch.data();
        const std::int64_t task = std::max<std::int64_t>(1, std::min(terms, piece) * line);
        parallel_for(targets * pieces, std::max<std::int64_t>(1, kChunkElements / task), [&](std::int64_t begin, std::int64_t end) {
            A buffers[3][kLine], g[kLine], sums[kLine];
            for (std::int64_t item = begin; item < end; ++item) {
                const std::int64_t p = item % pieces, target = item / pieces, row = keeps_last ? target / blocks : target;
                const std::int64_t t0 = p * piece, t1 = std::min(terms, t0 + piece), block = keeps_last ? target % blocks : 0;
                std::fill_n(sums, kLine, A(0));
                for (std::int64_t t = t0; t < t1; ++t) {
                    const std::int64_t first = (keeps_last ? block : t % blocks) * kLine, count = std::min(kLine, n - first);
                    std::int64_t offset[3] = {};
                    kept.offsets(row, offset);
                    gone.offsets(keeps_last ? t : t / blocks, offset);
                    derivative_line(args_.op, operand == 0, view(offset, first, count, buffers), g);
                    add_line(g, count, keeps_last, sums);
                }
                A* to = partial + p * results + row * width + block * kLine;
                std::copy_n(sums, keeps_last ? std::min(kLine, n - block * kLine) : 1, to);
            }
        });
        parallel_for(results, std::max<std::int64_t>(64, kChunkElements / pieces), [=](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                A sum = 0;
                for (std::int64_t p = 0; p < pieces; ++p) sum += partial[p * results + i];
                result[i] = T(sum);
            }
        });
    }

    static void add_line(const A* g, std::int64_t n, bool element_by_element, A* sums) {
        if (element_by_element) {
#pragma omp simd
            for (std::int64_t i = 0; i < n; ++i) sums[i] += g[i];
            return;
        }
        A sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t i = 0; i < n; ++i) sum += g[i];
        sums[0] += sum;
    }

    const Launch& launch_;
    const BinaryGradArgs& args_;
    Walk walk_;
    bool reads_ = true;
};

template <class T>
void forward(const BinaryArgs& args) {
    using A = accumulate_t<T>;
    const Walk walk(args);
    const std::int64_t pieces = walk.pieces(), n = walk.length(), last = walk.last();
    if (element_count(walk.rank, walk.shape) == 0) return;
    parallel_for(walk.lines() * pieces, std::max<std::int64_t>(1, kChunkElements / std::min(n, kLine)), [&](std::int64_t begin, std::int64_t end) {
        A buffers[2][kLine];
        for (std::int64_t item = begin; item < end; ++item) {
            const std::int64_t line = item / pieces, first = item % pieces * kLine, count = std::min(kLine, n - first);
            const A* lines[2];
            for (int k = 0; k < 2; ++k) {
                const std::int64_t stride = walk.strides[k][last];
                const T* x = static_cast<const T*>(k == 0 ? args.a : args.b) + strided_offset(line, walk.last(), walk.shape, walk.strides[k]);
                lines[k] = line_of(x + first * stride, stride, count, buffers[k]);
            }
            apply_line(args.op, lines[0], lines[1], static_cast<T*>(args.y) + line * n + first, count);
        }
    });
}

template <class T>
void axpby_as(const AxpbyArgs& args) {
    using A = accumulate_t<T>;
    const auto *a = static_cast<const T*>(args.a), *b = static_cast<const T*>(args.b);
    T* y = static_cast<T*>(args.y);
    const A alpha = static_cast<A>(args.alpha), beta = static_cast<A>(args.beta), gamma = static_cast<A>(args.gamma);
    parallel_for(args.count, kChunkElements, [=](std::int64_t begin, std::int64_t end) {
        if (b) {
#pragma omp simd
            for (std::int64_t i = begin; i < end; ++i) y[i] = T(alpha * A(a[i]) + beta * A(b[i]) + gamma);
        } else {
#pragma omp simd
            for (std::int64_t i = begin; i < end; ++i) y[i] = T(alpha * A(a[i]) + gamma);
        }
    });
}

// The number of elements of an operand's gradient.
std::int64_t own_count(int rank, const std::int64_t* shape, const std::int64_t* strides) {
    std::int64_t count = 1;
    for (int axis = 0; axis < rank; ++axis) count *= strides[axis] == 0 ? 1 : shape[axis];
    return count;
}

}  // namespace

void binary_forward(const Launch&, const BinaryArgs& args) {
    dispatch(args.dtype, [&]<class T>() { forward<T>(args); });
}

void binary_backward(const Launch& launch, const BinaryGradArgs& args) {
    dispatch(args.dtype, [&]<class T>() {
        if (element_count(args.rank, args.shape) > 0) return Backward<T>(launch, args).run();
        if (args.da) std::fill_n(static_cast<T*>(args.da), own_count(args.rank, args.shape, args.a_strides), T(0.f));
        if (args.db) std::fill_n(static_cast<T*>(args.db), own_count(args.rank, args.shape, args.b_strides), T(0.f));
    });
}

void axpby(const Launch&, const AxpbyArgs& args) {
    dispatch(args.dtype, [&]<class T>() { axpby_as<T>(args); });
}

}  // namespace molten::cpu

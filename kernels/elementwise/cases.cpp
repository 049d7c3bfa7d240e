#include <cmath>

#include "kernels/common/cases.h"
#include "kernels/common/tracked.h"
#include "kernels/elementwise/reference.h"

namespace molten {

extern const OpCases binary_cases, axpby_cases;

namespace {

// y [d0, d1, d2]; a's axis k has extent ak (dk or 1), b's likewise.
template <class Args>
void set_shape(const Problem& p, Args& args) {
    const char* const names[3][3] = {{"d0", "d1", "d2"}, {"a0", "a1", "a2"}, {"b0", "b1", "b2"}};
    std::int64_t own[2][3];
    args.rank = 3;
    for (int axis = 0; axis < 3; ++axis) {
        args.shape[axis] = p.size(names[0][axis]);
        own[0][axis] = p.size(names[1][axis]), own[1][axis] = p.size(names[2][axis]);
    }
    row_major_strides(3, own[0], args.a_strides);
    row_major_strides(3, own[1], args.b_strides);
    for (int axis = 0; axis < 3; ++axis) {
        if (own[0][axis] == 1) args.a_strides[axis] = 0;
        if (own[1][axis] == 1) args.b_strides[axis] = 0;
    }
    args.op = static_cast<Binary>(p.size("op"));
    args.dtype = p.dtype;
}

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    BinaryArgs args{};
    args.a = p.at("a"), args.b = p.at("b"), args.y = p.at("y");
    set_shape(p, args);
    if (backend == Backend::cpu) return cpu::binary_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::binary_forward<T>(args); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    BinaryGradArgs args{};
    args.dy = p.gradient("y"), args.da = p.gradient("a"), args.db = p.gradient("b");
    set_shape(p, args);
    const bool reads = args.op != Binary::add && args.op != Binary::sub;
    args.a = reads ? p.at("a") : nullptr, args.b = reads ? p.at("b") : nullptr;
    if (backend == Backend::cpu) return cpu::binary_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::binary_backward<T>(args); });
}

// Keeps a divisor away from 0, where the quotient has no useful bound.
void generate(Problem& p) {
    if (static_cast<Binary>(p.size("op")) != Binary::div) return;
    double* b = p.at<double>("b");
    for (std::int64_t i = 0; i < p.size("b0") * p.size("b1") * p.size("b2"); ++i) b[i] += std::copysign(0.1, b[i]);
}

std::vector<Sizes> shapes() {
    const Sizes forms[] = {
        {1, 1, 1, 1, 1, 1, 1, 1, 1},          {2, 0, 3, 2, 0, 3, 1, 1, 3},        {3, 5, 31, 3, 5, 31, 3, 5, 31},  // same shape
        {7, 5, 127, 7, 5, 127, 1, 1, 1},      {1, 1, 1, 1, 1, 1, 1, 1, 1},        {3, 7, 33, 1, 1, 1, 3, 7, 33},   // scalar
        {9, 11, 33, 9, 11, 33, 1, 1, 33},     {9, 11, 33, 1, 1, 33, 9, 11, 33},                                    // row
        {9, 11, 33, 9, 11, 33, 9, 11, 1},     {2, 3, 1025, 2, 3, 1, 2, 3, 1025},                                   // column
        {3, 5, 7, 3, 1, 7, 1, 5, 1},          {4, 6, 31, 4, 1, 31, 4, 6, 1},      {2, 300, 3, 1, 300, 1, 2, 1, 3},  // both, outer
        {1, 1, 40961, 1, 1, 40961, 1, 1, 1},  {1, 6001, 7, 1, 6001, 7, 1, 1, 7},  {3, 1, 5000, 3, 1, 5000, 1, 1, 5000},
    };
    std::vector<Sizes> rows;
    for (const std::int64_t op : {0, 1, 2, 3, 4, 5})
        for (Sizes row : forms) {
            row.push_back(op);
            rows.push_back(std::move(row));
        }
    return rows;
}

double elements(const Problem& p) { return static_cast<double>(p.size("d0")) * static_cast<double>(p.size("d1")) * static_cast<double>(p.size("d2")); }

constexpr double kAlpha = 0.75, kBeta = -1.5;  // exact in every dtype

AxpbyArgs axpby_args(const Problem& p) {
    return {p.at("a"), p.at("b"), p.at("y"), p.size("count"), kAlpha, kBeta, static_cast<double>(p.size("constant")), p.dtype};
}

void run_axpby(Backend backend, bool tracked, const Launch& launch, const AxpbyArgs& args) {
    if (backend == Backend::cpu) return cpu::axpby(launch, args);
    dispatch_reference<Tracked>(tracked, args.dtype, [&]<class T>() { reference::axpby<T>(args); });
}

void axpby_forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) { run_axpby(backend, tracked, launch, axpby_args(p)); }

void axpby_backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const void* dy = p.gradient("y");
    if (p.gradient("a")) run_axpby(backend, tracked, launch, {dy, nullptr, p.gradient("a"), p.size("count"), kAlpha, 0, 0, p.dtype});
    if (p.gradient("b")) run_axpby(backend, tracked, launch, {dy, nullptr, p.gradient("b"), p.size("count"), kBeta, 0, 0, p.dtype});
}

}  // namespace

const OpCases binary_cases{
    .op = "binary",
    .sizes = {"d0", "d1", "d2", "a0", "a1", "a2", "b0", "b1", "b2", "op"},
    .inputs = {{"a", "[a0, a1, a2]", Kind::value, Gradient::yes}, {"b", "[b0, b1, b2]", Kind::value, Gradient::yes}},
    .outputs = {{"y", "[d0, d1, d2]", Kind::value, Gradient::yes}},
    .shapes = shapes(),
    .values = {Values::normal, Values::large, Values::one_row_zero},
    .forward = forward,
    .backward = backward,
    .generate = generate,
    .bytes = [](const Problem& p) {
        const double a = static_cast<double>(p.size("a0") * p.size("a1") * p.size("a2")), b = static_cast<double>(p.size("b0") * p.size("b1") * p.size("b2"));
        return (elements(p) + a + b) * static_cast<double>(size_of(p.dtype));
    },
    .flops = [](const Problem& p) { return elements(p); },
    .benchmarks = {{1, 8192, 1024, 1, 8192, 1024, 1, 8192, 1024, 0},
                   {1, 8192, 1024, 1, 8192, 1024, 1, 1, 1024, 0},
                   {1, 8192, 1024, 1, 8192, 1024, 1, 8192, 1, 2},
                   {1, 8192, 1024, 1, 8192, 1024, 1, 1, 1, 2}},
};

const OpCases axpby_cases{
    .op = "axpby",
    .sizes = {"count", "with_b", "constant"},
    .inputs = {{"a", "[count]", Kind::value, Gradient::yes}, {"b", "[count]", Kind::value, Gradient::yes, "with_b"}},
    .outputs = {{"y", "[count]", Kind::value, Gradient::yes}},
    .shapes = {{0, 1, 0}, {1, 1, 0}, {31, 0, 0}, {33, 1, 2}, {127, 0, 1}, {128, 1, 0}, {16383, 1, 0}, {16385, 0, 0}, {40961, 1, 3}},
    .values = {Values::normal, Values::large, Values::tiny},
    .forward = axpby_forward,
    .backward = axpby_backward,
    .bytes = [](const Problem& p) {
        return (p.size("with_b") ? 3. : 2.) * static_cast<double>(p.size("count")) * static_cast<double>(size_of(p.dtype));
    },
    .flops = [](const Problem& p) { return 3. * static_cast<double>(p.size("count")); },
    .benchmarks = {{1 << 23, 1, 0}, {1 << 23, 0, 0}},
};

}  // namespace molten

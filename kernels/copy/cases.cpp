#include <algorithm>
#include <utility>

#include "kernels/common/cases.h"
#include "kernels/common/tracked.h"
#include "kernels/copy/reference.h"

namespace molten {

extern const OpCases copy_cases, fill_cases;

namespace {

// y[d0, d1, d2, d3] contiguous is x permuted: x is contiguous in the order of axes that `order` spells (0123, 1032, ...).
CopyArgs permutation(const Problem& p, const void* x, void* y) {
    CopyArgs args{x, y, 4, {p.size("d0"), p.size("d1"), p.size("d2"), p.size("d3")}, {}, {}, p.dtype, p.dtype};
    row_major_strides(4, args.shape, args.y_strides);
    std::int64_t stride = 1, order = p.size("order");
    for (int k = 0; k < 4; ++k, order /= 10) {
        const std::int64_t axis = order % 10;
        args.x_strides[axis] = stride;
        stride *= args.shape[axis];
    }
    return args;
}

void run(Backend backend, bool tracked, const Launch& launch, const CopyArgs& args) {
    if (backend == Backend::cpu) return cpu::copy(launch, args);
    dispatch_reference<Tracked>(tracked, args.from, [&]<class T>() { reference::copy<T, T>(args); });
}

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    run(backend, tracked, launch, permutation(p, p.at("x"), p.at("y")));
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    if (!p.gradient("x")) return;
    CopyArgs args = permutation(p, p.gradient("y"), p.gradient("x"));
    for (int axis = 0; axis < 4; ++axis) std::swap(args.x_strides[axis], args.y_strides[axis]);
    run(backend, tracked, launch, args);
}

std::vector<Sizes> shapes() {
    std::vector<Sizes> rows;
    for (const std::int64_t order : {123, 132, 213, 1023, 3012, 3210, 2301})
        for (const Sizes& shape : {Sizes{1, 1, 1, 1}, {2, 0, 3, 4}, {2, 3, 5, 7}, {1, 1, 31, 33}, {3, 32, 1, 127}, {4, 33, 31, 65}})
            rows.push_back({shape[0], shape[1], shape[2], shape[3], order});
    return rows;
}

double elements(const Problem& p) {
    return static_cast<double>(p.size("d0")) * static_cast<double>(p.size("d1")) * static_cast<double>(p.size("d2")) * static_cast<double>(p.size("d3"));
}

void fill_call(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const FillArgs args{p.at("y"), static_cast<double>(p.size("value")), p.size("count"), p.dtype};
    if (backend == Backend::cpu) return cpu::fill(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::fill<T>(args); });
}

}  // namespace

const OpCases copy_cases{
    .op = "copy",
    .sizes = {"d0", "d1", "d2", "d3", "order"},
    .inputs = {{"x", "[d0*d1*d2*d3]", Kind::value, Gradient::yes}},
    .outputs = {{"y", "[d0, d1, d2, d3]", Kind::value, Gradient::yes}},
    .shapes = shapes(),
    .forward = forward,
    .backward = backward,
    .bytes = [](const Problem& p) { return 2 * elements(p) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem&) { return 0.; },
    .benchmarks = {{1, 1, 4096, 2048, 123}, {1, 1, 4096, 2048, 132}, {16, 256, 32, 64, 213}, {16, 256, 32, 64, 321}},
};

const OpCases fill_cases{
    .op = "fill",
    .sizes = {"count", "value"},
    .inputs = {},
    .outputs = {{"y", "[count]"}},
    .shapes = {{0, 1}, {1, 1}, {31, 0}, {33, 5}, {127, 3}, {128, 2}, {1000, 1}, {4099, 7}, {32767, 1}, {32769, 1}, {70001, 9}},
    .forward = fill_call,
    .bytes = [](const Problem& p) { return static_cast<double>(p.size("count")) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem&) { return 0.; },
    .benchmarks = {{1 << 24, 1}},
};

}  // namespace molten

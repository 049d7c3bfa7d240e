#include "kernels/common/cases.h"
#include "kernels/common/tracked.h"
#include "kernels/reduce/reference.h"

namespace molten {

extern const OpCases reduce_cases;

namespace {

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ReduceArgs args{p.at("x"), p.at("y"), p.at<std::int32_t>("index"), p.size("outer"), p.size("n"), p.size("inner"),
                          static_cast<Reduce>(p.size("op")), p.dtype};
    if (backend == Backend::cpu) return cpu::reduce_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::reduce_forward<T>(args); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ReduceGradArgs args{p.gradient("y"), p.at<std::int32_t>("index"), p.gradient("x"), p.size("outer"), p.size("n"), p.size("inner"),
                              static_cast<Reduce>(p.size("op")), p.dtype};
    if (!args.dx) return;
    if (backend == Backend::cpu) return cpu::reduce_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::reduce_backward<T>(args); });
}

std::vector<Sizes> shapes() {
    std::vector<Sizes> rows = {{3, 0, 5, 0, 0}};  // the sum of nothing
    for (const std::int64_t op : {0, 1, 2, 3})
        for (const Sizes& shape : {Sizes{0, 3, 4}, {1, 1, 1}, {3, 31, 1}, {2, 33, 3}, {5, 7, 127}, {1, 40961, 1}, {1, 5003, 13}, {2, 3, 8193}})
            rows.push_back({shape[0], shape[1], shape[2], op, op >= 2});
    return rows;
}

double elements(const Problem& p) {
    return static_cast<double>(p.size("outer")) * static_cast<double>(p.size("n")) * static_cast<double>(p.size("inner"));
}

}  // namespace

const OpCases reduce_cases{
    .op = "reduce",
    .sizes = {"outer", "n", "inner", "op", "extreme"},
    .inputs = {{"x", "[outer, n, inner]", Kind::value, Gradient::yes}},
    .outputs = {{"y", "[outer, inner]", Kind::value, Gradient::yes}, {"index", "[outer, inner]", Kind::index, Gradient::no, "extreme"}},
    .shapes = shapes(),
    .values = {Values::normal, Values::large, Values::tiny, Values::one_row_zero, Values::zeros},
    .forward = forward,
    .backward = backward,
    .bytes = [](const Problem& p) { return elements(p) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem& p) { return elements(p); },
    .benchmarks = {{8192, 1024, 1, 0, 0}, {1, 8192, 1024, 0, 0}, {64, 1024, 128, 0, 0}, {8192, 1024, 1, 2, 1}, {1, 8192, 1024, 2, 1}},
};

}  // namespace molten

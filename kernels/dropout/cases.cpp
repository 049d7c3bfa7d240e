#include "kernels/common/cases.h"
#include "kernels/common/tracked.h"
#include "kernels/dropout/reference.h"

namespace molten {

extern const OpCases dropout_cases;

namespace {

double probability(const Problem& p) { return static_cast<double>(p.size("percent")) / 100; }

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const DropoutArgs args{p.at("x"), p.at("y"), p.size("count"), probability(p), p.random, p.dtype};
    if (backend == Backend::cpu) return cpu::dropout_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::dropout_forward<T>(args); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const DropoutGradArgs args{p.gradient("y"), p.gradient("x"), p.size("count"), probability(p), p.random, p.dtype};
    if (!args.dx) return;
    if (backend == Backend::cpu) return cpu::dropout_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::dropout_backward<T>(args); });
}

std::vector<Sizes> shapes() {
    std::vector<Sizes> rows;
    for (const std::int64_t percent : {0, 10, 50, 90, 100})
        for (const std::int64_t count : {0, 1, 31, 33, 127, 255, 257, 8191, 40961}) rows.push_back({count, percent});
    return rows;
}

}  // namespace

const OpCases dropout_cases{
    .op = "dropout",
    .sizes = {"count", "percent"},
    .inputs = {{"x", "[count]", Kind::value, Gradient::yes}},
    .outputs = {{"y", "[count]", Kind::value, Gradient::yes}},
    .shapes = shapes(),
    .values = {Values::normal, Values::large, Values::tiny},
    .forward = forward,
    .backward = backward,
    .bytes = [](const Problem& p) { return 2. * static_cast<double>(p.size("count")) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem& p) { return 20. * static_cast<double>(p.size("count")); },
    .benchmarks = {{1 << 23, 10}, {1 << 23, 50}},
};

}  // namespace molten

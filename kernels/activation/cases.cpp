#include <algorithm>
#include <cmath>

#include "kernels/activation/reference.h"
#include "kernels/common/cases.h"
#include "kernels/common/tracked.h"

namespace molten {
namespace {

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ActivationArgs args{p.at("x"), p.at("y"), p.size("count"), static_cast<Activation>(p.size("function")), p.dtype};
    if (backend == Backend::cpu) return cpu::activation_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::activation_forward<T>(args); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    ActivationGradArgs args{p.at("x"), p.at("y"), p.gradient("y"), p.gradient("x"), p.size("count"), static_cast<Activation>(p.size("function")), p.dtype};
    if (!args.dx) return;
    (backward_reads_output(args.function) ? args.x : args.y) = nullptr;
    if (backend == Backend::cpu) return cpu::activation_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::activation_backward<T>(args); });
}

// Keeps x where the function is defined and finite.
void generate(Problem& p) {
    const auto function = static_cast<Activation>(p.size("function"));
    double* x = p.at<double>("x");
    for (std::int64_t i = 0; i < p.size("count"); ++i) {
        if (function == Activation::log || function == Activation::sqrt) x[i] = std::abs(x[i]) + 1e-3;
        if (function == Activation::exp) x[i] = std::clamp(x[i], -80., 80.);
    }
}

std::vector<Sizes> shapes() {
    std::vector<Sizes> rows;
    for (const std::int64_t function : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
        for (const std::int64_t count : {0, 1, 31, 33, 127, 16383, 40961}) rows.push_back({count, function});
    return rows;
}

}  // namespace

extern const OpCases activation_cases;
const OpCases activation_cases{
    .op = "activation",
    .sizes = {"count", "function"},
    .inputs = {{"x", "[count]", Kind::value, Gradient::yes}},
    .outputs = {{"y", "[count]", Kind::value, Gradient::yes}},
    .shapes = shapes(),
    .values = {Values::normal, Values::large, Values::tiny, Values::zeros},
    .forward = forward,
    .backward = backward,
    .generate = generate,
    .bytes = [](const Problem& p) { return 2. * static_cast<double>(p.size("count")) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem& p) { return 10. * static_cast<double>(p.size("count")); },
    .benchmarks = {{1 << 23, 0}, {1 << 23, 1}, {1 << 23, 2}, {1 << 23, 3}, {1 << 23, 5}, {1 << 23, 7}, {1 << 23, 8}},
};

}  // namespace molten

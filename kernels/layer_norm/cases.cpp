#include "kernels/common/cases.h"
#include "kernels/common/tracked.h"
#include "kernels/layer_norm/reference.h"

namespace molten {

extern const OpCases layer_norm_cases;

namespace {

constexpr double kEps = 1e-5;

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const LayerNormArgs args{p.at("x"), p.at("residual"), p.at("weight"), p.at("bias"), p.at("h"), p.at("y"),
                             p.at("mean"), p.at("rstd"), p.size("rows"), p.size("n"), kEps, p.dtype};
    if (backend == Backend::cpu) return cpu::layer_norm_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::layer_norm_forward<T>(args); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const LayerNormGradArgs args{p.gradient("y"), p.gradient("h"), p.size("residual") ? p.at("h") : p.at("x"), p.at("weight"), p.at("mean"),
                                 p.at("rstd"), p.gradient("x"), p.gradient("weight"), p.gradient("bias"), p.size("rows"), p.size("n"), p.dtype};
    if (backend == Backend::cpu) return cpu::layer_norm_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::layer_norm_backward<T>(args); });
}

std::vector<Sizes> shapes() {
    std::vector<Sizes> rows;
    const std::int64_t options[][3] = {{0, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 0}, {0, 0, 1}};
    for (const auto& [residual, weight, bias] : options)
        for (const Sizes& shape : {Sizes{0, 5}, {1, 1}, {3, 31}, {4, 33}, {5, 127}, {1031, 37}, {3, 8191}})
            rows.push_back({shape[0], shape[1], residual, weight, bias});
    return rows;
}

double elements(const Problem& p) { return static_cast<double>(p.size("rows")) * static_cast<double>(p.size("n")); }

}  // namespace

const OpCases layer_norm_cases{
    .op = "layer_norm",
    .sizes = {"rows", "n", "residual", "weight", "bias"},
    .inputs = {{"x", "[rows, n]", Kind::value, Gradient::yes},
               {"residual", "[rows, n]", Kind::value, Gradient::no, "residual"},  // its gradient is dx
               {"weight", "[n]", Kind::value, Gradient::yes, "weight"},
               {"bias", "[n]", Kind::value, Gradient::yes, "bias"}},
    .outputs = {{"h", "[rows, n]", Kind::value, Gradient::yes, "residual"},
                {"y", "[rows, n]", Kind::value, Gradient::yes},
                {"mean", "[rows]", Kind::statistic},
                {"rstd", "[rows]", Kind::statistic}},
    .shapes = shapes(),
    .values = {Values::normal, Values::large, Values::tiny, Values::one_row_zero},
    .forward = forward,
    .backward = backward,
    .bytes = [](const Problem& p) { return (p.size("residual") ? 4 : 2) * elements(p) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem& p) { return 8 * elements(p); },
    .benchmarks = {{8192, 1024, 0, 1, 1}, {8192, 1024, 1, 1, 1}, {65536, 128, 0, 1, 1}},
};

}  // namespace molten

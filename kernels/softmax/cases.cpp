#include "kernels/common/cases.h"
#include "kernels/common/tracked.h"
#include "kernels/softmax/reference.h"

namespace molten {

extern const OpCases softmax_cases, logsumexp_cases;

namespace {

void softmax_call(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const SoftmaxArgs args{p.at("x"), p.at<std::uint8_t>("mask"), p.at("y"), p.size("rows"), p.size("n"), p.size("log") != 0, p.dtype};
    if (backend == Backend::cpu) return cpu::softmax_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::softmax_forward<T>(args); });
}

void softmax_gradient_call(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const SoftmaxGradArgs args{p.at("y"), p.gradient("y"), p.gradient("x"), p.size("rows"), p.size("n"), p.size("log") != 0, p.dtype};
    if (!args.dx) return;
    if (backend == Backend::cpu) return cpu::softmax_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::softmax_backward<T>(args); });
}

void logsumexp_call(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const LogsumexpArgs args{p.at("x"), p.at<std::uint8_t>("mask"), p.at("y"), p.size("rows"), p.size("n"), p.dtype};
    if (backend == Backend::cpu) return cpu::logsumexp_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::logsumexp_forward<T>(args); });
}

void logsumexp_gradient_call(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const LogsumexpGradArgs args{p.at("x"), p.at<std::uint8_t>("mask"), p.gradient("y"), p.gradient("x"), p.size("rows"), p.size("n"), p.dtype};
    if (!args.dx) return;
    if (backend == Backend::cpu) return cpu::logsumexp_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::logsumexp_backward<T>(args); });
}

// Masks one whole row, besides what chance masked.
void mask_a_row(Problem& p) {
    std::uint8_t* mask = p.at<std::uint8_t>("mask");
    const std::int64_t rows = p.size("rows"), n = p.size("n");
    if (!mask || rows < 2) return;
    for (std::int64_t i = 0; i < n; ++i) mask[rows / 2 * n + i] = 0;
}

std::vector<Sizes> shapes(bool with_log) {
    std::vector<Sizes> rows;
    for (const std::int64_t log : {0, 1})
        for (const std::int64_t masked : {0, 1})
            for (const Sizes& shape : {Sizes{0, 5}, {1, 1}, {3, 31}, {4, 33}, {5, 127}, {700, 37}, {3, 8191}, {2, 32769}}) {
                if (log && !with_log) continue;
                rows.push_back({shape[0], shape[1], masked});
                if (with_log) rows.back().push_back(log);
            }
    return rows;
}

double elements(const Problem& p) { return static_cast<double>(p.size("rows")) * static_cast<double>(p.size("n")); }

}  // namespace

const OpCases softmax_cases{
    .op = "softmax",
    .sizes = {"rows", "n", "masked", "log"},
    .inputs = {{"x", "[rows, n]", Kind::value, Gradient::yes}, {"mask", "[rows, n]", Kind::mask, Gradient::no, "masked"}},
    .outputs = {{"y", "[rows, n]", Kind::value, Gradient::yes}},
    .shapes = shapes(true),
    .values = {Values::normal, Values::large, Values::tiny, Values::one_row_zero},
    .forward = softmax_call,
    .backward = softmax_gradient_call,
    .generate = mask_a_row,
    .bytes = [](const Problem& p) { return 2 * elements(p) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem& p) { return 20 * elements(p); },
    .benchmarks = {{8192, 1024, 0, 0}, {8192, 1024, 1, 0}, {8192, 1024, 0, 1}, {262144, 32, 0, 0}, {256, 32768, 0, 0}},
};

const OpCases logsumexp_cases{
    .op = "logsumexp",
    .sizes = {"rows", "n", "masked"},
    .inputs = {{"x", "[rows, n]", Kind::value, Gradient::yes}, {"mask", "[rows, n]", Kind::mask, Gradient::no, "masked"}},
    .outputs = {{"y", "[rows]", Kind::value, Gradient::yes}},
    .shapes = shapes(false),
    .values = {Values::normal, Values::large, Values::tiny, Values::one_row_zero},
    .forward = logsumexp_call,
    .backward = logsumexp_gradient_call,
    .generate = mask_a_row,
    .bytes = [](const Problem& p) { return (elements(p) + static_cast<double>(p.size("rows"))) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem& p) { return 20 * elements(p); },
    .benchmarks = {{8192, 1024, 0}, {262144, 32, 0}, {256, 32768, 0}},
};

}  // namespace molten

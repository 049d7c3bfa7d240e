#include "kernels/common/cases.h"

#include "kernels/common/tracked.h"
#include "kernels/gather/gather.h"
#include "kernels/gather/reference.h"

namespace molten {
namespace {

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const GatherArgs a{p.at("x"), p.at<std::int32_t>("index"), p.at("y"), p.size("rows"), p.size("table"), p.size("width"), p.dtype};
    if (backend == Backend::cpu) return cpu::gather_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::gather_forward<T>(a); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const GatherGradArgs a{p.gradient("y"), p.at<std::int32_t>("index"), p.gradient("x"), p.size("rows"), p.size("table"), p.size("width"),
                           p.dtype};
    if (backend == Backend::cpu) return cpu::gather_backward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::gather_backward<T>(a); });
}

void generate(Problem& p) {
    auto* index = p.at<std::int32_t>("index");
    for (std::int64_t r = 0; r < p.size("rows"); ++r)
        index[r] =
            static_cast<std::int32_t>(philox_word(p.random, static_cast<std::uint64_t>(r)) % (p.size("table") + 1)) - 1;  // -1: padding
}

}  // namespace

extern const OpCases gather_cases;
const OpCases gather_cases{
    .op = "gather",
    .sizes = {"rows", "table", "width"},
    .inputs = {{"x", "[table, width]", Kind::value, Gradient::yes}, {"index", "[rows]", Kind::index}},
    .outputs = {{"y", "[rows, width]", Kind::value, Gradient::yes}},
    .shapes = {{0, 5, 8},
               {1, 1, 1},
               {31, 7, 3},
               {33, 64, 31},
               {127, 11, 33},
               {1000, 97, 16},
               {64, 1000, 64},
               {7, 3, 127},
               {5, 2, 1000},
               {257, 1, 5},
               {1023, 31, 7},
               {2048, 5, 32},
               {1, 31, 0},
               {100, 100, 1},
               {3, 50000, 4},
               {513, 17, 63}},
    .values = {Values::normal, Values::large},
    .forward = forward,
    .backward = backward,
    .generate = generate,
    .bytes =
        [](const Problem& p) {
            return 2.0 * static_cast<double>(p.size("rows") * p.size("width")) * static_cast<double>(size_of(p.dtype));
        },
    .flops = [](const Problem&) { return 0.0; },
};

}  // namespace molten

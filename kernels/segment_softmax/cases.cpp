#include "kernels/common/cases.h"

#include <algorithm>

#include "kernels/common/tracked.h"
#include "kernels/segment_softmax/reference.h"
#include "kernels/segment_softmax/segment_softmax.h"

namespace molten {
namespace {

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const SegmentSoftmaxArgs a{p.at("x"), p.at<std::int32_t>("offset"), p.at("y"), p.size("rows"), p.size("segments"), p.size("heads"),
                               p.dtype};
    if (backend == Backend::cpu) return cpu::segment_softmax_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::segment_softmax_forward<T>(a); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const SegmentSoftmaxGradArgs a{p.gradient("y"), p.at("y"),      p.at<std::int32_t>("offset"),
                                   p.gradient("x"), p.size("rows"), p.size("segments"),
                                   p.size("heads"), p.dtype};
    if (backend == Backend::cpu) return cpu::segment_softmax_backward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::segment_softmax_backward<T>(a); });
}

void generate(Problem& p) {
    auto* offset = p.at<std::int32_t>("offset");
    const std::int64_t segments = p.size("segments"), rows = p.size("rows");
    offset[0] = 0;
    for (std::int64_t s = 1; s < segments; ++s)
        offset[s] = static_cast<std::int32_t>(philox_word(p.random, static_cast<std::uint64_t>(s)) % (rows + 1));
    offset[segments] = static_cast<std::int32_t>(rows);
    std::sort(offset, offset + segments + 1);
}

}  // namespace

extern const OpCases segment_softmax_cases;
const OpCases segment_softmax_cases{
    .op = "segment_softmax",
    .sizes = {"rows", "segments", "heads"},
    .inputs = {{"x", "[rows, heads]", Kind::value, Gradient::yes}, {"offset", "[segments+1]", Kind::index}},
    .outputs = {{"y", "[rows, heads]", Kind::value, Gradient::yes}},
    .shapes = {{0, 1, 1},
               {1, 1, 1},
               {31, 4, 1},
               {33, 7, 4},
               {127, 30, 1},
               {1000, 64, 1},
               {4096, 256, 1},
               {7, 13, 3},
               {257, 1, 5},
               {1023, 31, 2},
               {64, 64, 4},
               {5, 2, 31},
               {513, 100, 8},
               {3, 1, 127},
               {2048, 9, 1}},
    .values = {Values::normal, Values::large},
    .forward = forward,
    .backward = backward,
    .generate = generate,
    .bytes =
        [](const Problem& p) {
            return 2.0 * static_cast<double>(p.size("rows") * p.size("heads")) * static_cast<double>(size_of(p.dtype));
        },
    .flops = [](const Problem& p) { return 5.0 * static_cast<double>(p.size("rows") * p.size("heads")); },
};

}  // namespace molten

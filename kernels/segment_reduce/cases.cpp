#include "kernels/common/cases.h"

#include "kernels/common/tracked.h"
#include "kernels/segment_reduce/reference.h"
#include "kernels/segment_reduce/segment_reduce.h"

namespace molten {
namespace {

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const SegmentReduceArgs a{p.at("x"),
                              p.at("weight"),
                              p.at<std::int32_t>("offset"),
                              p.at("y"),
                              p.at<std::int32_t>("argmax"),
                              p.size("rows"),
                              p.size("segments"),
                              p.size("width"),
                              static_cast<SegmentReduction>(p.size("reduction")),
                              p.dtype};
    if (backend == Backend::cpu) return cpu::segment_reduce_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::segment_reduce_forward<T>(a); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const SegmentReduceGradArgs a{p.gradient("y"),
                                  p.at("x"),
                                  p.at("weight"),
                                  p.at<std::int32_t>("offset"),
                                  p.at<std::int32_t>("argmax"),
                                  p.gradient("x"),
                                  p.gradient("weight"),
                                  p.size("rows"),
                                  p.size("segments"),
                                  p.size("width"),
                                  static_cast<SegmentReduction>(p.size("reduction")),
                                  p.dtype};
    if (backend == Backend::cpu) return cpu::segment_reduce_backward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::segment_reduce_backward<T>(a); });
}

// Random cuts; some segments stay empty.
void generate(Problem& p) {
    auto* offset = p.at<std::int32_t>("offset");
    const std::int64_t segments = p.size("segments"), rows = p.size("rows");
    offset[0] = 0;
    for (std::int64_t s = 1; s < segments; ++s)
        offset[s] = static_cast<std::int32_t>(philox_word(p.random, static_cast<std::uint64_t>(s)) % (rows + 1));
    for (std::int64_t s = 1; s < segments; ++s)
        for (std::int64_t k = s; k > 1 && offset[k] < offset[k - 1]; --k) std::swap(offset[k], offset[k - 1]);
    offset[segments] = static_cast<std::int32_t>(rows);
}

}  // namespace

extern const OpCases segment_reduce_cases;
const OpCases segment_reduce_cases{
    .op = "segment_reduce",
    .sizes = {"rows", "segments", "width", "reduction", "weighted", "is_max"},
    .inputs = {{"x", "[rows, width]", Kind::value, Gradient::yes},
               {"weight", "[rows]", Kind::value, Gradient::yes, "weighted"},
               {"offset", "[segments+1]", Kind::index}},
    .outputs = {{"y", "[segments, width]", Kind::value, Gradient::yes},
                {"argmax", "[segments, width]", Kind::index, Gradient::no, "is_max"}},
    .shapes = {{0, 1, 8, 0, 0, 0},      {1, 1, 1, 0, 0, 0},       {31, 4, 3, 0, 0, 0},    {33, 7, 31, 0, 1, 0},   {127, 30, 33, 0, 1, 0},
               {1000, 64, 16, 0, 1, 0}, {4096, 256, 64, 0, 0, 0}, {7, 13, 127, 0, 0, 0},  {5, 2, 1000, 0, 1, 0},  {0, 1, 8, 1, 0, 0},
               {31, 4, 3, 1, 0, 0},     {33, 7, 31, 1, 1, 0},     {127, 30, 33, 1, 0, 0}, {257, 1, 5, 1, 1, 0},   {0, 1, 8, 2, 0, 1},
               {31, 4, 3, 2, 0, 1},     {33, 7, 31, 2, 0, 1},     {127, 30, 33, 2, 0, 1}, {1023, 31, 7, 2, 0, 1}, {1000, 64, 64, 2, 0, 1}},
    .values = {Values::normal, Values::large},
    .forward = forward,
    .backward = backward,
    .generate = generate,
    .bytes =
        [](const Problem& p) {
            return static_cast<double>((p.size("rows") + p.size("segments")) * p.size("width")) * static_cast<double>(size_of(p.dtype));
        },
    .flops = [](const Problem& p) { return static_cast<double>(p.size("rows") * p.size("width")); },
};

}  // namespace molten

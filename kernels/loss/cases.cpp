#include <limits>

#include "kernels/common/cases.h"
#include "kernels/common/tracked.h"
#include "kernels/loss/reference.h"

namespace molten {

extern const OpCases element_loss_cases, cross_entropy_cases;

namespace {

constexpr double kDelta = 0.75;
constexpr std::int32_t kIgnore = -100;

// "each" = 1: one loss an element; the result then has the full shape, else one number.
Reduction reduction(const Problem& p) { return p.size("each") ? Reduction::none : Reduction::mean; }

void element_forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ElementLossArgs args{p.at("prediction"), p.at("target"), p.at<std::uint8_t>("mask"), p.at("weight"),
                               p.size("each") ? p.at("losses") : p.at("loss"), p.size("rows"), p.size("targets"),
                               static_cast<ElementLoss>(p.size("kind")), reduction(p), kDelta, p.dtype};
    if (backend == Backend::cpu) return cpu::element_loss_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::element_loss_forward<T>(args); });
}

void element_backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ElementLossGradArgs args{p.at("prediction"), p.at("target"), p.at<std::uint8_t>("mask"), p.at("weight"),
                                   p.size("each") ? p.gradient("losses") : p.gradient("loss"), p.gradient("prediction"), p.size("rows"),
                                   p.size("targets"), static_cast<ElementLoss>(p.size("kind")), reduction(p), kDelta, p.dtype};
    if (!args.dprediction) return;
    if (backend == Backend::cpu) return cpu::element_loss_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::element_loss_backward<T>(args); });
}

// Missing targets hold NaN, as they do in a table that was read from a file. 2 in "masked": nothing is present.
void element_generate(Problem& p) {
    std::uint8_t* mask = p.at<std::uint8_t>("mask");
    double* target = p.at<double>("target");
    for (std::int64_t i = 0; i < p.size("rows") * p.size("targets"); ++i) {
        if (static_cast<ElementLoss>(p.size("kind")) == ElementLoss::bce) target[i] = target[i] > 0;
        if (!mask) continue;
        if (p.size("masked") == 2) mask[i] = 0;
        if (!mask[i]) target[i] = std::numeric_limits<double>::quiet_NaN();
    }
}

std::vector<Sizes> element_shapes() {
    std::vector<Sizes> rows;
    for (const std::int64_t kind : {0, 1, 2, 3})
        for (const Sizes& form : {Sizes{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {2, 0, 0}, {0, 1, 1}})  // masked, weighted, each
            for (const Sizes& shape : {Sizes{0, 3}, {1, 1}, {31, 2}, {127, 12}, {16385, 1}, {1709, 12}})
                rows.push_back({shape[0], shape[1], kind, form[0], form[1], form[2], !form[2]});
    return rows;
}

void class_forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const CrossEntropyArgs args{p.at("logits"), p.at<std::int32_t>("target"), p.size("each") ? p.at("losses") : p.at("loss"), p.at("lse"), p.size("rows"),
                                p.size("classes"), kIgnore, static_cast<double>(p.size("eighths")) / 8, reduction(p), p.dtype};
    if (backend == Backend::cpu) return cpu::cross_entropy_forward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::cross_entropy_forward<T>(args); });
}

void class_backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const CrossEntropyGradArgs args{p.at("logits"), p.at<std::int32_t>("target"), p.at("lse"), p.size("each") ? p.gradient("losses") : p.gradient("loss"),
                                    p.gradient("logits"), p.size("rows"), p.size("classes"), kIgnore, static_cast<double>(p.size("eighths")) / 8,
                                    reduction(p), p.dtype};
    if (!args.dlogits) return;
    if (backend == Backend::cpu) return cpu::cross_entropy_backward(launch, args);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::cross_entropy_backward<T>(args); });
}

// Every third row is ignored (all of them where "ignored" is 2).
void class_generate(Problem& p) {
    std::int32_t* target = p.at<std::int32_t>("target");
    for (std::int64_t r = 0; r < p.size("rows"); ++r) {
        target[r] = static_cast<std::int32_t>(philox_word(p.random, static_cast<std::uint64_t>(r)) % static_cast<std::uint64_t>(p.size("classes")));
        if ((p.size("ignored") && r % 3 == 1) || p.size("ignored") == 2) target[r] = kIgnore;
    }
}

std::vector<Sizes> class_shapes() {
    std::vector<Sizes> rows;
    for (const Sizes& form : {Sizes{0, 0, 0}, {1, 1, 0}, {1, 0, 1}, {0, 2, 1}, {2, 1, 0}})  // ignored, eighths of smoothing, each
        for (const Sizes& shape : {Sizes{0, 3}, {1, 1}, {31, 2}, {5, 127}, {700, 37}, {3, 16411}})
            rows.push_back({shape[0], shape[1], form[0], form[1], form[2], !form[2]});
    return rows;
}

double product(const Problem& p, const char* a, const char* b) { return static_cast<double>(p.size(a)) * static_cast<double>(p.size(b)); }

}  // namespace

const OpCases element_loss_cases{
    .op = "element_loss",
    .sizes = {"rows", "targets", "kind", "masked", "weighted", "each", "mean"},
    .inputs = {{"prediction", "[rows, targets]", Kind::value, Gradient::yes},
               {"target", "[rows, targets]"},
               {"mask", "[rows, targets]", Kind::mask, Gradient::no, "masked"},
               {"weight", "[targets]", Kind::value, Gradient::no, "weighted"}},
    .outputs = {{"loss", "[1]", Kind::statistic, Gradient::yes, "mean"}, {"losses", "[rows, targets]", Kind::statistic, Gradient::yes, "each"}},
    .shapes = element_shapes(),
    .values = {Values::normal, Values::large},
    .forward = element_forward,
    .backward = element_backward,
    .generate = element_generate,
    .bytes = [](const Problem& p) { return product(p, "rows", "targets") * (2. * static_cast<double>(size_of(p.dtype)) + (p.size("masked") ? 1 : 0)); },
    .flops = [](const Problem& p) { return 5 * product(p, "rows", "targets"); },
    .benchmarks = {{1 << 20, 8, 1, 0, 0, 0, 1}, {1 << 20, 8, 2, 1, 1, 0, 1}, {1 << 20, 8, 3, 1, 0, 0, 1}},
};

const OpCases cross_entropy_cases{
    .op = "cross_entropy",
    .sizes = {"rows", "classes", "ignored", "eighths", "each", "mean"},
    .inputs = {{"logits", "[rows, classes]", Kind::value, Gradient::yes}, {"target", "[rows]", Kind::index}},
    .outputs = {{"loss", "[1]", Kind::statistic, Gradient::yes, "mean"},
                {"losses", "[rows]", Kind::statistic, Gradient::yes, "each"},
                {"lse", "[rows]", Kind::statistic}},
    .shapes = class_shapes(),
    .values = {Values::normal, Values::large, Values::zeros},
    .forward = class_forward,
    .backward = class_backward,
    .generate = class_generate,
    .bytes = [](const Problem& p) { return product(p, "rows", "classes") * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem& p) { return 20 * product(p, "rows", "classes"); },
    .benchmarks = {{8192, 1024, 0, 0, 0, 1}, {256, 32768, 1, 1, 0, 1}},
};

}  // namespace molten

#include "kernels/common/cases.h"

#include "kernels/common/tracked.h"
#include "kernels/expert_gate/expert_gate.h"
#include "kernels/expert_gate/reference.h"

namespace molten {
namespace {

ExpertGateArgs bind(const Problem& p) {
    ExpertGateArgs a;
    a.logits = p.at("logits"), a.values = p.at("values"), a.weights = p.at("weights"), a.y = p.at("y");
    a.mean_gate = p.at("mean_gate"), a.fraction = p.at("fraction"), a.balance = p.at("balance");
    a.rows = p.size("rows"), a.experts = p.size("experts"), a.width = p.size("width"), a.top_k = p.size("top_k");
    if (p.size("experts_first")) a.row_stride = a.width, a.expert_stride = a.rows * a.width;
    a.function = p.size("sigmoid") ? GateFunction::sigmoid : GateFunction::softmax;
    a.normalised = p.size("normalised") != 0, a.dtype = p.dtype;
    return a;
}

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ExpertGateArgs a = bind(p);
    if (backend == Backend::cpu) return cpu::expert_gate_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::expert_gate_forward<T>(a); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const ExpertGateGradArgs g{
        bind(p), p.gradient("y"), p.gradient("weights"), p.gradient("balance"), p.gradient("logits"), p.gradient("values")};
    if (backend == Backend::cpu) return cpu::expert_gate_backward(launch, g);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::expert_gate_backward<T>(g); });
}

VectorGateArgs bind_vector(const Problem& p) {
    return {p.at("z"), p.at("a"), p.at("b"), p.at("y"), p.at("mean_gate"), p.size("count"), p.dtype};
}

void vector_forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const VectorGateArgs a = bind_vector(p);
    if (backend == Backend::cpu) return cpu::vector_gate_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::vector_gate_forward<T>(a); });
}

void vector_backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const VectorGateGradArgs g{bind_vector(p), p.gradient("y"), p.gradient("z"), p.gradient("a"), p.gradient("b")};
    if (backend == Backend::cpu) return cpu::vector_gate_backward(launch, g);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::vector_gate_backward<T>(g); });
}

}  // namespace

extern const OpCases expert_gate_cases;
const OpCases expert_gate_cases{
    .op = "expert_gate",
    .sizes = {"rows", "experts", "width", "top_k", "experts_first", "sigmoid", "normalised"},
    .inputs = {{"logits", "[rows, experts]", Kind::value, Gradient::yes},
               {"values", "[rows, experts, width]", Kind::value, Gradient::yes, "width"}},
    .outputs = {{"weights", "[rows, experts]", Kind::value, Gradient::yes},
                {"y", "[rows, width]", Kind::value, Gradient::yes, "width"},
                {"mean_gate", "[experts]", Kind::statistic, Gradient::no},
                {"fraction", "[experts]", Kind::statistic, Gradient::no},
                {"balance", "[1]", Kind::statistic, Gradient::yes}},
    .shapes = {{0, 2, 4, 0, 0, 0, 1},
               {1, 1, 1, 0, 0, 0, 1},
               {3, 2, 5, 0, 0, 0, 1},
               {5, 2, 7, 1, 1, 0, 1},
               {4, 3, 3, 2, 0, 0, 0},
               {6, 4, 5, 2, 1, 0, 1},
               {7, 3, 4, 0, 0, 1, 0},
               {5, 5, 3, 0, 1, 1, 1},
               {9, 4, 2, 3, 0, 1, 1},
               {8, 6, 3, 2, 0, 1, 0},
               {33, 8, 0, 2, 0, 0, 1},
               {127, 2, 31, 0, 0, 0, 1},
               {257, 16, 33, 4, 1, 0, 1},
               {1000, 3, 128, 0, 0, 0, 1},
               {64, 31, 17, 31, 0, 1, 1}},
    .values = {Values::normal, Values::tiny, Values::one_row_zero},
    .forward = forward,
    .backward = backward,
    .bytes =
        [](const Problem& p) {
            const double elements =
                static_cast<double>(p.size("rows")) * static_cast<double>(p.size("experts") * (p.size("width") + 2) + p.size("width"));
            return elements * static_cast<double>(size_of(p.dtype));
        },
    .flops =
        [](const Problem& p) {
            return static_cast<double>(p.size("rows") * p.size("experts")) * static_cast<double>(2 * p.size("width") + 10);
        },
};

extern const OpCases vector_gate_cases;
const OpCases vector_gate_cases{
    .op = "vector_gate",
    .sizes = {"count"},
    .inputs = {{"z", "[count]", Kind::value, Gradient::yes},
               {"a", "[count]", Kind::value, Gradient::yes},
               {"b", "[count]", Kind::value, Gradient::yes}},
    .outputs = {{"y", "[count]", Kind::value, Gradient::yes}, {"mean_gate", "[1]", Kind::statistic, Gradient::no}},
    .shapes = {{0}, {1}, {31}, {33}, {127}, {4096}, {70001}},
    .values = {Values::normal, Values::tiny, Values::zeros},
    .forward = vector_forward,
    .backward = vector_backward,
    .bytes = [](const Problem& p) { return 4 * static_cast<double>(p.size("count")) * static_cast<double>(size_of(p.dtype)); },
    .flops = [](const Problem& p) { return 10 * static_cast<double>(p.size("count")); },
};

}  // namespace molten

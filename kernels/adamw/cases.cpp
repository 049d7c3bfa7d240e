#include "kernels/common/cases.h"

#include "kernels/adamw/adamw.h"
#include "kernels/adamw/reference.h"
#include "kernels/common/tracked.h"

namespace molten {
namespace {

// The step works in place, so the case first copies its inputs to the outputs. Two tensors: one with decay, one without.
template <class T>
void copy_state(const Problem& p) {
    using State = accumulate_t<T>;
    const auto copy = [&]<class U>(const char* from, const char* to, U) { std::copy_n(p.at<U>(from), p.size("n"), p.at<U>(to)); };
    copy("parameter_in", "parameter", T());
    copy("m_in", "m", State());
    copy("v_in", "v", State());
    copy("ema_in", "ema", State());
}

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const std::int64_t n = p.size("n"), first = n / 3;
    const std::size_t value = size_of(p.dtype), state = size_of(statistic_dtype(p.dtype));
    const auto run = [&]<class T>() {
        copy_state<T>(p);
        const std::size_t v = tracked ? sizeof(T) : value, s = tracked ? sizeof(T) : state;
        const auto at = [&](const char* name, std::size_t size, std::int64_t i) {
            return p.at<char>(name) + static_cast<std::size_t>(i) * size;
        };
        const auto tensor = [&](std::int64_t begin, std::int64_t end, float decay) {
            return AdamWTensor{at("parameter", v, begin),
                               at("gradient", v, begin),
                               at("m", s, begin),
                               at("v", s, begin),
                               at("ema", s, begin),
                               end - begin,
                               decay};
        };
        const AdamWTensor tensors[] = {tensor(0, first, 0.01f), tensor(first, n, 0.f)};
        const AdamWArgs a{tensors, 2, 1e-3, 0.9, 0.999, 1e-8, 0.995, 0.5, p.size("step"), p.dtype};
        backend == Backend::cpu ? cpu::adamw_step(launch, a) : reference::adamw_step<T>(a);
    };
    dispatch_reference<Tracked>(tracked, p.dtype, run);
}

}  // namespace

extern const OpCases adamw_cases;
const OpCases adamw_cases{
    .op = "adamw",
    .sizes = {"n", "step"},
    .inputs = {{"parameter_in", "[n]"},
               {"gradient", "[n]"},
               {"m_in", "[n]", Kind::statistic},
               {"v_in", "[n]", Kind::statistic},
               {"ema_in", "[n]", Kind::statistic}},
    .outputs = {{"parameter", "[n]"}, {"m", "[n]", Kind::statistic}, {"v", "[n]", Kind::statistic}, {"ema", "[n]", Kind::statistic}},
    .shapes =
        {{0, 1}, {1, 1}, {3, 1}, {31, 2}, {33, 7}, {127, 100}, {1000, 3}, {16383, 1}, {16384, 2}, {16385, 5}, {50021, 9}, {100003, 1000}},
    .values = {Values::positive},
    .forward = forward,
    .bytes =
        [](const Problem& p) {
            return static_cast<double>(p.size("n")) *
                   (3.0 * static_cast<double>(size_of(p.dtype)) + 6.0 * static_cast<double>(size_of(statistic_dtype(p.dtype))));
        },
    .flops = [](const Problem& p) { return 16.0 * static_cast<double>(p.size("n")); },
};

}  // namespace molten

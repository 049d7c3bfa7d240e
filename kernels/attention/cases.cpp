#include "kernels/common/cases.h"

#include <algorithm>

#include "kernels/attention/attention.h"
#include "kernels/attention/reference.h"
#include "kernels/common/tracked.h"

namespace molten {
namespace {

AttentionArgs bind(const Problem& p) {
    AttentionArgs a;
    a.q = p.at("q"), a.k = p.at("k"), a.v = p.at("v"), a.key_mask = p.at<std::uint8_t>("key_mask"), a.bias = p.at("bias");
    a.out = p.at("out"), a.logsumexp = p.at("logsumexp");
    a.batch = p.size("batch"), a.heads = p.size("heads"), a.key_heads = p.size("key_heads");
    a.queries = p.size("queries"), a.keys = p.size("keys"), a.width = p.size("width");
    if (p.size("rows_first")) {  // [batch, seq, heads, width]
        const std::int64_t row = a.heads * a.width, key_row = a.key_heads * a.width;
        a.q_strides = a.out_strides = {a.queries * row, a.width, row};
        a.k_strides = a.v_strides = {a.keys * key_row, a.width, key_row};
    }
    const std::int64_t table = a.queries * a.keys;
    a.bias_strides = {p.size("bias_batch") > 1 ? p.size("bias_heads") * table : 0, p.size("bias_heads") > 1 ? table : 0, a.keys};
    a.causal = p.size("causal") != 0;
    a.causal_offset = a.causal && p.size("causal") > 1 ? a.keys - a.queries : 0;
    a.dtype = p.dtype;
    return a;
}

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const AttentionArgs a = bind(p);
    if (backend == Backend::cpu) return cpu::attention_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::attention_forward<T>(a); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const AttentionGradArgs g{bind(p), p.gradient("out"), p.gradient("q"), p.gradient("k"), p.gradient("v"), p.gradient("bias")};
    if (backend == Backend::cpu) return cpu::attention_backward(launch, g);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::attention_backward<T>(g); });
}

// The first batch item of several sees no key at all.
void generate(Problem& p) {
    if (auto* mask = p.at<std::uint8_t>("key_mask"); mask && p.size("batch") > 1) std::fill_n(mask, p.size("keys"), std::uint8_t{0});
}

double pairs(const Problem& p) {
    return static_cast<double>(p.size("batch") * p.size("heads")) * static_cast<double>(p.size("queries") * p.size("keys"));
}

}  // namespace

extern const OpCases attention_cases;
const OpCases attention_cases{
    .op = "attention",
    .sizes = {"batch", "heads", "key_heads", "queries", "keys", "width", "rows_first", "causal", "masked", "bias_batch", "bias_heads"},
    .inputs = {{"q", "[batch, heads, queries, width]", Kind::value, Gradient::yes},
               {"k", "[batch, key_heads, keys, width]", Kind::value, Gradient::yes},
               {"v", "[batch, key_heads, keys, width]", Kind::value, Gradient::yes},
               {"key_mask", "[batch, keys]", Kind::mask, Gradient::no, "masked"},
               {"bias", "[bias_batch, bias_heads, queries, keys]", Kind::value, Gradient::yes, "bias_batch"}},
    .outputs = {{"out", "[batch, heads, queries, width]", Kind::value, Gradient::yes},
                {"logsumexp", "[batch, heads, queries]", Kind::statistic, Gradient::no}},
    // batch heads key_heads queries keys width rows_first causal masked bias_batch bias_heads
    .shapes = {{1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0},
               {2, 4, 4, 3, 3, 32, 0, 0, 0, 0, 0},
               {2, 4, 4, 3, 3, 32, 1, 0, 1, 0, 0},
               {1, 2, 1, 5, 7, 4, 0, 0, 0, 1, 1},
               {2, 4, 2, 5, 6, 3, 1, 1, 1, 2, 4},
               {3, 2, 2, 4, 5, 8, 0, 0, 1, 1, 2},
               {2, 2, 1, 3, 4, 5, 1, 2, 0, 2, 1},
               {1, 1, 1, 4, 0, 3, 0, 0, 0, 0, 0},
               {0, 2, 2, 3, 3, 4, 0, 0, 1, 0, 0},
               {2, 3, 3, 17, 17, 8, 0, 1, 0, 0, 0},
               {1, 2, 2, 33, 65, 24, 0, 0, 1, 1, 1},
               {2, 2, 1, 31, 127, 16, 1, 1, 1, 0, 0},
               {1, 2, 2, 129, 129, 33, 0, 1, 0, 0, 0},
               {1, 4, 2, 85, 130, 64, 1, 2, 0, 1, 4},
               {2, 1, 1, 5, 300, 7, 0, 0, 1, 0, 0},
               {1, 1, 1, 200, 31, 5, 0, 1, 1, 1, 1}},
    .values = {Values::normal, Values::tiny, Values::one_row_zero},
    .variants = {"v2", "v1"},
    .forward = forward,
    .backward = backward,
    .generate = generate,
    .bytes =
        [](const Problem& p) {
            const double rows = static_cast<double>(2 * p.size("heads") * p.size("queries") + 2 * p.size("key_heads") * p.size("keys"));
            return static_cast<double>(p.size("batch") * p.size("width")) * rows * static_cast<double>(size_of(p.dtype));
        },
    .flops = [](const Problem& p) { return 4 * pairs(p) * static_cast<double>(p.size("width")); },
};

}  // namespace molten

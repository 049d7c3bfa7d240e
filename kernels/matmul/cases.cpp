#include "kernels/common/cases.h"

#include "kernels/common/tracked.h"
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/reference.h"

namespace molten {
namespace {

MatMulArgs bind(const Problem& p) {
    MatMulArgs a;
    a.a = p.at("a"), a.b = p.at("b"), a.bias = p.at("bias"), a.residual = p.at("residual"), a.c = p.at("c");
    a.pre_activation = p.at("pre_activation");
    a.batch = p.size("batch"), a.m = p.size("m"), a.n = p.size("n"), a.k = p.size("k");
    a.transpose_a = p.size("transpose_a") != 0, a.transpose_b = p.size("transpose_b") != 0;
    a.stride_a = p.size("items_a") > 1 ? a.m * a.k : 0;
    a.stride_b = p.size("items_b") > 1 ? a.k * a.n : 0;
    a.stride_c = a.m * a.n;
    a.activation = static_cast<MatMulActivation>(p.size("activation"));
    if (p.size("residual")) a.alpha = -0.75, a.beta = 1.5;  // exact in every dtype
    a.dtype = p.dtype;
    return a;
}

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const MatMulArgs a = bind(p);
    if (backend == Backend::cpu) return cpu::matmul_forward(launch, a);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::matmul_forward<T>(a); });
}

void backward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    const MatMulGradArgs g{bind(p), p.gradient("c"), p.gradient("a"), p.gradient("b"), p.gradient("bias"), p.gradient("residual")};
    if (backend == Backend::cpu) return cpu::matmul_backward(launch, g);
    dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { reference::matmul_backward<T>(g); });
}

// Where OpenBLAS uses several threads its bits depend on their number: larger products of lib are compared in test_matmul.cpp.
bool supports(std::string_view variant, DType dtype, const Problem& p) {
    if (variant != "lib") return true;
    return dtype != DType::bf16 && cpu::matmul_has_lib() && p.size("m") * p.size("n") * p.size("k") <= 262144;
}

double count(const Problem& p, std::initializer_list<const char*> names) {
    double product = 1;
    for (const char* name : names) product *= static_cast<double>(p.size(name));
    return product;
}

}  // namespace

extern const OpCases matmul_cases;
const OpCases matmul_cases{
    .op = "matmul",
    .sizes = {"batch", "items_a", "items_b", "m", "n", "k", "transpose_a", "transpose_b", "bias", "residual", "activation"},
    .inputs = {{"a", "[items_a, m, k]", Kind::value, Gradient::yes},
               {"b", "[items_b, k, n]", Kind::value, Gradient::yes},
               {"bias", "[n]", Kind::value, Gradient::yes, "bias"},
               {"residual", "[batch, m, n]", Kind::value, Gradient::yes, "residual"}},
    .outputs = {{"c", "[batch, m, n]", Kind::value, Gradient::yes},
                {"pre_activation", "[batch, m, n]", Kind::value, Gradient::no, "activation"}},
    .shapes =
        {
            // batch items m n k  tA tB bias residual activation
            {1, 1, 1, 0, 5, 3, 0, 0, 1, 0, 0},     {1, 1, 1, 4, 0, 3, 0, 0, 0, 0, 0},     {1, 1, 1, 3, 2, 0, 0, 0, 1, 1, 0},
            {1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0},     {1, 1, 1, 2, 3, 4, 0, 0, 1, 1, 1},     {1, 1, 1, 3, 5, 7, 1, 0, 1, 1, 2},
            {1, 1, 1, 5, 4, 3, 0, 1, 1, 0, 3},     {1, 1, 1, 4, 6, 5, 1, 1, 0, 1, 4},     {1, 1, 1, 7, 3, 2, 0, 1, 1, 0, 1},
            {1, 1, 1, 13, 31, 17, 0, 0, 1, 0, 1},  {1, 1, 1, 14, 32, 16, 0, 1, 1, 1, 0},  {1, 1, 1, 15, 33, 127, 1, 0, 0, 0, 0},
            {1, 1, 1, 29, 127, 33, 1, 1, 1, 1, 2}, {1, 1, 1, 127, 31, 97, 0, 0, 1, 1, 4}, {1, 1, 1, 43, 16, 400, 0, 0, 1, 1, 1},
            {1, 1, 1, 30, 65, 769, 0, 1, 1, 1, 3}, {1, 1, 1, 9, 11, 2500, 1, 0, 1, 1, 0}, {1, 1, 1, 33, 48, 512, 0, 0, 0, 0, 0},
            {1, 1, 1, 1, 130, 257, 0, 1, 1, 0, 0}, {1, 1, 1, 100, 1, 64, 0, 0, 1, 0, 0},  {1, 1, 1, 64, 128, 128, 0, 0, 1, 1, 1},
            {3, 3, 3, 5, 4, 6, 0, 0, 1, 1, 0},     {4, 4, 4, 3, 3, 32, 0, 1, 0, 0, 0},    {4, 4, 1, 7, 5, 3, 0, 1, 1, 1, 1},
            {3, 3, 1, 4, 3, 5, 1, 0, 1, 0, 0},     {3, 1, 3, 4, 3, 5, 0, 1, 0, 1, 0},     {5, 1, 5, 6, 2, 3, 1, 1, 1, 1, 2},
            {2, 1, 1, 3, 4, 2, 0, 0, 1, 1, 3},     {2, 2, 1, 40, 33, 50, 0, 0, 1, 0, 1},  {0, 1, 1, 3, 2, 4, 0, 0, 1, 0, 0},
            {1, 1, 1, 1, 31, 97, 0, 1, 1, 1, 1},   {1, 1, 1, 4, 6, 33, 0, 1, 0, 0, 0},    {1, 1, 1, 50, 1, 130, 0, 0, 1, 1, 4},
            {1, 1, 1, 9, 3, 64, 0, 1, 1, 0, 0},    {1, 1, 1, 2500, 33, 3, 0, 0, 1, 0, 0},  // dbias in several chunks
        },
    .values = {Values::normal, Values::large, Values::tiny, Values::one_row_zero},
    .variants = {"v2", "v1", "lib"},
    .forward = forward,
    .backward = backward,
    .supports = supports,
    .bytes =
        [](const Problem& p) {
            const double elements = count(p, {"items_a", "m", "k"}) + count(p, {"items_b", "k", "n"}) + count(p, {"batch", "m", "n"});
            return elements * static_cast<double>(size_of(p.dtype));
        },
    .flops =
        [](const Problem& p) {
            return 2 * count(p, {"batch", "m", "n", "k"});
        },
};

}  // namespace molten

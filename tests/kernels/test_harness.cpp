// The harness itself: a correct toy op passes, and each way of being wrong is seen.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "kernels/common/parallel.h"
#include "kernels/common/tracked.h"
#include "kernels/common/workspace.h"
#include "tests/kernels/harness.h"

namespace molten {
namespace {

// y = sum over the row of x^2 * w
enum class Flaw { none, forward_factor, backward_factor, past_end, before_begin, input, unwritten, accumulates, threads, repeat, scratch, wrong_reference };
Flaw flaw = Flaw::none;

template <class T>
void toy_forward(const Problem& p) {
    const T *x = p.at<T>("x"), *w = p.at<T>("w");
    const std::int64_t n = p.size("n");
    for (std::int64_t row = 0; row < p.size("rows"); ++row) {
        T sum = T(0);
        for (std::int64_t i = 0; i < n; ++i) sum = T(sum + T(T(x[row * n + i] * x[row * n + i]) * w[i]));
        p.at<T>("y")[row] = sum;
    }
}

template <class T>
void toy_backward(const Problem& p) {
    const T *x = p.at<T>("x"), *w = p.at<T>("w"), *dy = static_cast<const T*>(p.gradient("y"));
    const std::int64_t n = p.size("n"), rows = p.size("rows");
    T *dx = static_cast<T*>(p.gradient("x")), *dw = static_cast<T*>(p.gradient("w"));
    for (std::int64_t i = 0; i < n; ++i) {
        T sum = T(0);
        for (std::int64_t row = 0; row < rows; ++row) {
            if (dx) dx[row * n + i] = T(T(2.f * x[row * n + i]) * T(dy[row] * w[i]));
            sum = T(sum + T(T(x[row * n + i] * x[row * n + i]) * dy[row]));
        }
        if (dw) dw[i] = sum;
    }
}

void forward(Backend backend, bool tracked, const Launch& launch, const Problem& p) {
    if (backend == Backend::reference) return dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { toy_forward<T>(p); });
    float* y = p.at<float>("y");
    const auto rows = p.size("rows");
    const std::vector<float> before(y, y + rows);
    toy_forward<float>(p);
    if (rows == 0) return;
    static int calls = 0;
    ++calls;
    if (flaw == Flaw::forward_factor) y[rows - 1] *= 1.0001f;
    if (flaw == Flaw::past_end) y[rows] = 1;
    if (flaw == Flaw::before_begin) y[-1] = 1;
    if (flaw == Flaw::input) p.at<float>("x")[0] = 0;
    if (flaw == Flaw::unwritten || flaw == Flaw::accumulates) y[0] = before[0] + (flaw == Flaw::accumulates ? y[0] : 0);
    if (flaw == Flaw::threads && thread_count() == 7) y[0] = std::nextafter(y[0], 1e9f);
    if (flaw == Flaw::repeat && calls % 2 == 0) y[0] = std::nextafter(y[0], 1e9f);
    Scratch<float> scratch(launch, "toy", 4);
    if (flaw == Flaw::scratch) y[0] += scratch[0];
}

void backward(Backend backend, bool tracked, const Launch&, const Problem& p) {
    if (backend == Backend::reference) {
        dispatch_reference<Tracked>(tracked, p.dtype, [&]<class T>() { toy_backward<T>(p); });
        if (flaw == Flaw::wrong_reference && p.dtype == DType::f64 && !tracked && p.gradient("w") && p.size("n") > 0)
            static_cast<double*>(p.gradient("w"))[0] *= 1.01;
        return;
    }
    toy_backward<float>(p);
    if (flaw == Flaw::backward_factor && p.gradient("w") && p.size("n") > 0) static_cast<float*>(p.gradient("w"))[0] *= 1.0001f;
}

const OpCases toy{.op = "toy",
                  .sizes = {"rows", "n"},
                  .inputs = {{"x", "[rows, n]", Kind::value, Gradient::yes}, {"w", "[n]", Kind::value, Gradient::yes}},
                  .outputs = {{"y", "[rows]", Kind::value, Gradient::yes}},
                  .dtypes = {DType::f32},
                  .shapes = {{0, 3}, {1, 1}, {3, 31}, {2, 33}, {5, 7}},
                  .values = {Values::normal, Values::positive},
                  .forward = forward,
                  .backward = backward};

}  // namespace

TEST_CASE("kernel harness: a correct op passes") {
    flaw = Flaw::none;
    CHECK(failures_of(toy).empty());
}

TEST_CASE("kernel harness: every flaw is seen") {
    const std::pair<Flaw, const char*> flaws[] = {{Flaw::forward_factor, "budget"},  {Flaw::backward_factor, "backward"}, {Flaw::past_end, "past its end"},
                                                  {Flaw::before_begin, "before its"}, {Flaw::input, "input was written"},  {Flaw::unwritten, "nan"},
                                                  {Flaw::accumulates, "nan"},         {Flaw::threads, "7 threads"},        {Flaw::repeat, "second run"},
                                                  {Flaw::scratch, "nan"},             {Flaw::wrong_reference, "differences"}};
    for (const auto& [kind, word] : flaws) {
        flaw = kind;
        const auto failures = failures_of(toy, 1);
        INFO("flaw ", static_cast<int>(kind));
        REQUIRE(failures.size() == 1);
        CHECK_MESSAGE(failures[0].find(word) != std::string::npos, failures[0]);
    }
    flaw = Flaw::none;
}

TEST_CASE("kernel size expressions") {
    const NamedSizes sizes{{"batch", 3}, {"heads", 4}, {"rows", 5}};
    CHECK(evaluate_shape("[batch*heads, rows+1]", sizes) == std::vector<std::int64_t>{12, 6});
    CHECK(evaluate_shape("[]", sizes).empty());
    CHECK(evaluate_size("(rows + 1) / 2 * 10 - heads", sizes) == 26);
    for (const char* bad : {"", "rows+", "(rows", "rows)", "unknown", "rows/0", "1-rows", "9999999999999999", "rows rows", "4x",
                            "999999999999999*999999999999999", "((((((((((((((((((1))))))))))))))))))"})
        CHECK_THROWS(evaluate_size(bad, sizes));
    CHECK_THROWS(evaluate_shape("rows", sizes));
}

}  // namespace molten

// What the table of matmul cannot say: padded rows, known answers, larger products of every variant, NaN, error messages.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/common/check.h"
#include "kernels/common/parallel.h"
#include "kernels/common/philox.h"
#include "kernels/common/tracked.h"
#include "kernels/matmul/reference.h"

namespace molten {
namespace {

std::vector<float> random_floats(std::int64_t count, std::uint64_t stream) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(philox_normal({20, stream}, i));
    return values;
}

// Largest error of C (plus that of P where it is kept) over the analytic budget (k + 4) u sum |terms|, against a double loop.
double worst_over_budget(const MatMulArgs& p, const float* c) {
    const auto *a = static_cast<const float*>(p.a), *b = static_cast<const float*>(p.b), *bias = static_cast<const float*>(p.bias);
    const auto *residual = static_cast<const float*>(p.residual), *pre = static_cast<const float*>(p.pre_activation);
    double worst = 0;
    for (std::int64_t i = 0; i < p.m; i += 7)
        for (std::int64_t j = 0; j < p.n; ++j) {
            double sum = 0, magnitude = 0;
            for (std::int64_t q = 0; q < p.k; ++q) {
                const double term =
                    double(p.transpose_a ? a[q * p.lda + i] : a[i * p.lda + q]) * (p.transpose_b ? b[j * p.ldb + q] : b[q * p.ldb + j]);
                sum += term, magnitude += std::abs(term);
            }
            if (bias) sum += bias[j], magnitude += std::abs(bias[j]);
            const std::int64_t at = i * p.ldc + j;
            const double before = sum;
            if (p.activation == MatMulActivation::relu) sum = std::max(sum, 0.);
            if (residual) sum += p.beta * residual[at], magnitude += std::abs(p.beta * residual[at]);
            const double error = std::abs(c[at] - sum) + (pre ? std::abs(pre[at] - before) : 0);
            if (!std::isfinite(error)) return HUGE_VAL;
            worst = std::max(worst, error / (static_cast<double>(p.k + 4) * Tracked::u * magnitude + 1e-30));
        }
    return worst;
}

}  // namespace

TEST_CASE("matmul of padded rows leaves the padding alone, in every variant and orientation") {
    for (const char* variant : {"v1", "v2", "lib"}) {
        if (std::string(variant) == "lib" && !cpu::matmul_has_lib()) continue;
        for (int orientation = 0; orientation < 4; ++orientation) {
            MatMulArgs p;
            p.m = 131, p.n = 67, p.k = 403, p.transpose_a = orientation & 1, p.transpose_b = orientation & 2;
            p.lda = (p.transpose_a ? p.m : p.k) + 5, p.ldb = (p.transpose_b ? p.k : p.n) + 3, p.ldc = p.n + 9;
            const auto a = random_floats((p.transpose_a ? p.k : p.m) * p.lda, 1), b = random_floats((p.transpose_b ? p.n : p.k) * p.ldb, 2);
            std::vector<float> c(static_cast<std::size_t>(p.m * p.ldc), -77.f);
            p.a = a.data(), p.b = b.data(), p.c = c.data();
            Launch launch;
            launch.variant = variant;
            cpu::matmul_forward(launch, p);
            INFO(variant, " orientation ", orientation);
            CHECK(worst_over_budget(p, c.data()) <= 1);
            bool untouched = true;
            for (std::int64_t i = 0; i < p.m; ++i)
                for (std::int64_t j = p.n; j < p.ldc; ++j) untouched &= c[static_cast<std::size_t>(i * p.ldc + j)] == -77.f;
            CHECK(untouched);
        }
    }
}

TEST_CASE("matmul of the sizes of a model, every variant within its budget") {
    struct Row {
        std::int64_t m, n, k;
        bool ta, tb;
    };
    for (const auto& [m, n, k, ta, tb] :
         {Row{500, 128, 384, false, false}, Row{500, 384, 128, false, true}, Row{384, 128, 2311, true, false},
          Row{256, 512, 2048, false, false}, Row{3, 700, 1500, false, true}, Row{28, 1536, 700, false, false}})
        for (const char* variant : {"v1", "v2", "lib"}) {
            if (std::string(variant) == "lib" && !cpu::matmul_has_lib()) continue;
            MatMulArgs p;
            p.m = m, p.n = n, p.k = k, p.transpose_a = ta, p.transpose_b = tb;
            p.lda = ta ? m : k, p.ldb = tb ? k : n, p.ldc = n;
            const auto a = random_floats(m * k, 3), b = random_floats(k * n, 4);
            std::vector<float> c(static_cast<std::size_t>(m * n), NAN);
            p.a = a.data(), p.b = b.data(), p.c = c.data();
            Launch launch;
            launch.variant = variant;
            cpu::matmul_forward(launch, p);
            INFO(variant, " m ", m, " n ", n, " k ", k);
            CHECK(worst_over_budget(p, c.data()) <= 1);
        }
}

TEST_CASE("matmul of a B that is packed in several slabs, with all that follows the product") {
    MatMulArgs p;
    p.m = 40, p.n = 1250, p.k = 1100, p.lda = p.k, p.ldb = p.k, p.ldc = p.n + 6, p.transpose_b = true;
    p.activation = MatMulActivation::relu, p.beta = 0.5;
    const auto a = random_floats(p.m * p.k, 31), b = random_floats(p.n * p.k, 32), bias = random_floats(p.n, 33);
    const auto residual = random_floats(p.m * p.ldc, 34);
    for (const bool keeps : {false, true}) {
        std::vector<float> c(residual.size(), NAN), pre(residual.size(), NAN);
        p.a = a.data(), p.b = b.data(), p.c = c.data(), p.bias = bias.data(), p.residual = residual.data();
        p.pre_activation = keeps ? pre.data() : nullptr;
        cpu::matmul_forward({}, p);
        CHECK(worst_over_budget(p, c.data()) <= (keeps ? 2 : 1));
    }
}

TEST_CASE("matmul adds to C where the residual is C, over several slices of k") {
    for (const std::int64_t k : {3, 900}) {
        MatMulArgs p;
        p.m = 29, p.n = 37, p.k = k, p.activation = MatMulActivation::relu;
        const auto a = random_floats(p.m * k, 5), b = random_floats(k * p.n, 6), start = random_floats(p.m * p.n, 7),
                   bias = random_floats(p.n, 8);
        std::vector<float> expected = start;
        p.a = a.data(), p.b = b.data(), p.bias = bias.data(), p.beta = 0.5;
        p.c = expected.data(), p.residual = expected.data();
        reference::matmul_forward<float>(p);
        for (const char* variant : {"v1", "v2", "lib"}) {
            if (std::string(variant) == "lib" && !cpu::matmul_has_lib()) continue;
            std::vector<float> c = start;
            p.c = c.data(), p.residual = c.data();
            Launch launch;
            launch.variant = variant;
            cpu::matmul_forward(launch, p);
            for (std::size_t i = 0; i < c.size(); ++i) CHECK(c[i] == doctest::Approx(expected[i]).epsilon(1e-4).scale(10));
        }
    }
}

TEST_CASE("matmul carries NaN through ReLU") {
    float a[2] = {std::numeric_limits<float>::quiet_NaN(), -1}, b[2] = {1, 1}, c[2] = {};
    MatMulArgs p;
    p.a = a, p.b = b, p.c = c, p.m = 2, p.n = 1, p.k = 1, p.activation = MatMulActivation::relu;
    cpu::matmul_forward({}, p);
    CHECK(std::isnan(c[0]));
    CHECK(c[1] == 0);
}

TEST_CASE("matmul says what it does not do") {
    MatMulArgs p;
    float x = 0;
    p.a = &x, p.b = &x, p.c = &x, p.m = p.n = p.k = 1;
    Launch launch;
    launch.variant = "v9";
    CHECK_THROWS_WITH_AS(cpu::matmul_forward(launch, p), "matmul: no variant v9; v1, v2, lib exist", KernelError);
    launch.variant = "lib";
    p.dtype = DType::bf16;
    CHECK_THROWS_AS(cpu::matmul_forward(launch, p), KernelError);
    p.dtype = DType::f32;
    p.k = 4, p.lda = 2;
    CHECK_THROWS_WITH_AS(cpu::matmul_forward({}, p), "matmul: a row stride is shorter than its row: lda 2, ldb 1, ldc 1", KernelError);
    p.lda = 0, p.batch = 2;
    CHECK_THROWS_AS(cpu::matmul_forward({}, p), KernelError);
}

}  // namespace molten

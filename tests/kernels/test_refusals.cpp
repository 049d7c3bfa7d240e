// What the row and element kernels refuse, and what NaN does to them.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/activation/activation.h"
#include "kernels/common/check.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/loss/loss.h"
#include "kernels/reduce/reduce.h"
#include "kernels/softmax/softmax.h"

namespace molten {
namespace {
const float kNan = std::numeric_limits<float>::quiet_NaN();
}

TEST_CASE("kernel cross_entropy refuses a target that is no class, by row") {
    const std::vector<float> x(12, 0.5f);
    std::vector<float> loss(1), lse(4), dx(12);
    for (const std::int32_t bad : {3, -1, std::numeric_limits<std::int32_t>::max()}) {
        const std::int32_t target[] = {0, -100, bad, 1};
        const CrossEntropyArgs args{x.data(), target, loss.data(), lse.data(), 4, 3, -100, 0, Reduction::mean, DType::f32};
        CHECK_THROWS_WITH_AS(cpu::cross_entropy_forward({}, args), doctest::Contains("row 2"), KernelError);
        const float dloss = 1;
        CHECK_THROWS_AS(cpu::cross_entropy_backward({}, {x.data(), target, lse.data(), &dloss, dx.data(), 4, 3, -100, 0, Reduction::mean, DType::f32}),
                        KernelError);
    }
}

TEST_CASE("kernel losses of nothing are 0") {
    const float x[3] = {1, 2, 3}, t[3] = {kNan, kNan, kNan}, dloss = 1;
    const std::uint8_t mask[3] = {};
    float loss = -1, dx[3] = {-1, -1, -1};
    cpu::element_loss_forward({}, {x, t, mask, nullptr, &loss, 3, 1, ElementLoss::l2, Reduction::mean, 1, DType::f32});
    cpu::element_loss_backward({}, {x, t, mask, nullptr, &dloss, dx, 3, 1, ElementLoss::l2, Reduction::mean, 1, DType::f32});
    CHECK(loss == 0);
    for (const float g : dx) CHECK(g == 0);
}

TEST_CASE("kernel reduce: NaN wins, nothing is refused") {
    const std::vector<float> x = {1, kNan, 3, 2, 5, 4};
    float y[2];
    std::int32_t index[2];
    for (const Reduce op : {Reduce::max, Reduce::min}) {
        cpu::reduce_forward({}, {x.data(), y, index, 2, 3, 1, op, DType::f32});
        CHECK(std::isnan(y[0]));
        CHECK(index[0] == 1);
        CHECK(y[1] == (op == Reduce::max ? 5 : 2));
        cpu::reduce_forward({}, {x.data(), y, index, 1, 3, 2, op, DType::f32});
        CHECK(std::isnan(y[1]));
        CHECK(index[1] == 0);
        CHECK_THROWS_AS(cpu::reduce_forward({}, {x.data(), y, index, 2, 0, 1, op, DType::f32}), KernelError);
    }
    CHECK_THROWS_AS(cpu::reduce_forward({}, {x.data(), y, nullptr, 2, 0, 1, Reduce::mean, DType::f32}), KernelError);
}

TEST_CASE("kernel softmax and activations keep NaN") {
    const float x[3] = {1, kNan, 2};
    float y[3];
    cpu::softmax_forward({}, {x, nullptr, y, 1, 3, false, DType::f32});
    for (const float value : y) CHECK(std::isnan(value));
    for (int f = 0; f < kActivations; ++f) {
        cpu::activation_forward({}, {x, y, 3, static_cast<Activation>(f), DType::f32});
        INFO("function ", f);
        CHECK(std::isnan(y[1]));
        CHECK(!std::isnan(y[0]));
    }
}

TEST_CASE("kernel backward passes refuse a missing operand") {
    float g[2] = {};
    CHECK_THROWS_AS(cpu::activation_backward({}, {nullptr, g, g, g, 2, Activation::gelu, DType::f32}), KernelError);
    CHECK_THROWS_AS(cpu::reduce_backward({}, {g, nullptr, g, 1, 2, 1, Reduce::max, DType::f32}), KernelError);
    CHECK_THROWS_AS(cpu::binary_backward({}, {nullptr, nullptr, g, g, g, 1, {2}, {1}, {1}, Binary::mul, DType::f32}), KernelError);
    CHECK_THROWS_AS(cpu::layer_norm_forward({}, {g, g, nullptr, nullptr, nullptr, g, g, g, 1, 2, 1e-5, DType::f32}), KernelError);
}

}  // namespace molten

// Known answers of the expert gates.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "kernels/common/check.h"
#include "kernels/common/philox.h"
#include "kernels/expert_gate/expert_gate.h"

namespace molten {
namespace {

std::vector<double> random_numbers(std::size_t count, std::uint64_t stream) {
    std::vector<double> numbers(count);
    for (std::size_t i = 0; i < count; ++i) numbers[i] = philox_normal({55, stream}, i);
    return numbers;
}

struct Gate {
    std::vector<double> logits, values, weights, y, mean_gate, fraction;
    double balance = NAN;
    ExpertGateArgs args;

    Gate(std::vector<double> z, std::vector<double> f, std::int64_t experts, std::int64_t width)
        : logits(std::move(z)),
          values(std::move(f)),
          weights(logits.size()),
          y(logits.size() / static_cast<std::size_t>(experts * 1) * static_cast<std::size_t>(width)),
          mean_gate(static_cast<std::size_t>(experts)),
          fraction(mean_gate.size()) {
        args.rows = static_cast<std::int64_t>(logits.size()) / experts, args.experts = experts, args.width = width, args.dtype = DType::f64;
        args.logits = logits.data(), args.values = values.data(), args.weights = weights.data(), args.y = y.data();
        args.mean_gate = mean_gate.data(), args.fraction = fraction.data(), args.balance = &balance;
    }
    Gate(const Gate&) = delete;
};

}  // namespace

TEST_CASE("expert_gate of two experts is the sigmoid of their difference, and weights sum to 1") {
    Gate gate(random_numbers(8, 1), random_numbers(24, 2), 2, 3);
    cpu::expert_gate_forward({}, gate.args);
    for (std::size_t i = 0; i < 4; ++i) {
        const double s = 1 / (1 + std::exp(gate.logits[2 * i + 1] - gate.logits[2 * i]));
        CHECK(std::abs(gate.weights[2 * i] - s) < 1e-14);
        CHECK(std::abs(gate.weights[2 * i] + gate.weights[2 * i + 1] - 1) < 1e-15);
        for (std::size_t d = 0; d < 3; ++d)
            CHECK(std::abs(gate.y[3 * i + d] - (s * gate.values[6 * i + d] + (1 - s) * gate.values[6 * i + 3 + d])) < 1e-14);
    }
}

TEST_CASE("expert_gate gives equal experts no gradient at the gate") {
    std::vector<double> values = random_numbers(5 * 4, 3), twice;
    for (std::size_t i = 0; i < 5; ++i)
        for (int expert = 0; expert < 3; ++expert)
            twice.insert(twice.end(), values.begin() + static_cast<long>(4 * i), values.begin() + static_cast<long>(4 * i + 4));
    Gate gate(random_numbers(15, 4), twice, 3, 4);
    cpu::expert_gate_forward({}, gate.args);
    const auto dy = random_numbers(20, 5);
    std::vector<double> dlogits(15, NAN);
    cpu::expert_gate_backward({}, {gate.args, dy.data(), nullptr, nullptr, dlogits.data(), nullptr});
    for (const double d : dlogits) CHECK(std::abs(d) < 1e-14);
}

TEST_CASE("expert_gate chooses the top experts, the lower index first among equals") {
    Gate gate({1, 3, 3, 2, /**/ 0, 0, 0, 0}, random_numbers(8, 6), 4, 1);
    gate.args.top_k = 2;
    cpu::expert_gate_forward({}, gate.args);
    CHECK(gate.weights == std::vector<double>{0, .5, .5, 0, .5, .5, 0, 0});
    CHECK(gate.fraction == std::vector<double>{.25, .5, .25, 0});
    CHECK(gate.mean_gate == std::vector<double>{.25, .5, .25, 0});
    gate.args.normalised = false;
    cpu::expert_gate_forward({}, gate.args);
    CHECK(gate.weights[4] == .25);
    gate.args.top_k = 5;
    CHECK_THROWS_WITH_AS(cpu::expert_gate_forward({}, gate.args), "expert_gate: top_k 5 of 4 experts", KernelError);
}

TEST_CASE("expert_gate: the balance is 1 when even and the number of experts when one takes all") {
    Gate even({9, 0, 0, /**/ 0, 9, 0, /**/ 0, 0, 9}, random_numbers(9, 7), 3, 1),
        one({99, 0, 0, /**/ 99, 0, 0}, random_numbers(6, 8), 3, 1);
    even.args.top_k = one.args.top_k = 1;
    cpu::expert_gate_forward({}, even.args);
    cpu::expert_gate_forward({}, one.args);
    CHECK(std::abs(even.balance - 1) < 1e-14);
    CHECK(std::abs(one.balance - 3) < 1e-14);
}

TEST_CASE("vector_gate: 0 is half of each, far ends choose one") {
    const std::vector<float> z = {0, 100, -100}, a = {2, 2, 2}, b = {4, 4, 4};
    std::vector<float> y(3);
    float mean = 0;
    cpu::vector_gate_forward({}, {z.data(), a.data(), b.data(), y.data(), &mean, 3, DType::f32});
    CHECK(y == std::vector<float>{3, 2, 4});
    CHECK(mean == 0.5f);
}

}  // namespace molten

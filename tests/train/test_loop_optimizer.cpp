#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>

#include "engine/core/error.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "train/loop/optimizer.h"

using namespace molten;
using namespace molten::train;

namespace {

// Two parameters, a matrix that decays and a bias that does not, and a loss whose gradient is what the test says.
struct Toy {
    Tensor weight = Tensor::randn({3, 4}, DType::f32, 1), bias = Tensor::randn({5}, DType::f32, 2);
    Tensor weight_average = weight.clone(), bias_average = bias.clone();

    Toy() {
        weight.set_requires_grad(true);
        bias.set_requires_grad(true);
    }
    Optimizer optimizer(const OptimizerOptions& options) { return Optimizer({{"layer.weight", weight}, {"layer.bias", bias}}, {weight_average, bias_average}, options); }
    Gradients gradients(const Tensor& of_weight, const Tensor& of_bias) const {
        Tape tape;
        return tape.backward(add(sum(mul(weight, of_weight)), sum(mul(bias, of_bias))));
    }
};

// AdamW (Loshchilov and Hutter 2019, algorithm 2) with clipping by the global norm, in double.
struct Reference {
    std::vector<double> p, m, v, average;
    double decay;
    Reference(const Tensor& t, double decay) : p(t.to_vector()), m(p.size(), 0), v(p.size(), 0), average(p), decay(decay) {}
    void step(const std::vector<double>& g, double clipped, double rate, double ema, int t) {
        for (std::size_t i = 0; i < p.size(); ++i) {
            const double gradient = g[i] * clipped;
            m[i] = 0.9 * m[i] + 0.1 * gradient;
            v[i] = 0.999 * v[i] + 0.001 * gradient * gradient;
            p[i] -= rate * decay * p[i];
            p[i] -= rate * (m[i] / (1 - std::pow(0.9, t))) / (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
            average[i] = ema * average[i] + (1 - ema) * p[i];
        }
    }
};

double worst(const Tensor& found, const std::vector<double>& expected) {
    const auto values = found.to_vector();
    double result = 0;
    for (std::size_t i = 0; i < values.size(); ++i) result = std::max(result, std::abs(values[i] - expected[i]));
    return result;
}

}  // namespace

TEST_CASE("loop: the optimiser follows AdamW's formula, clipping and averaging included") {
    Toy toy;
    Optimizer optimizer = toy.optimizer({0.9, 0.999, 1e-8, 0.1, 1.5, 0.9});
    Reference weight(toy.weight, 0.1), bias(toy.bias, 0);
    for (int t = 1; t <= 30; ++t) {
        const Tensor gw = Tensor::randn({3, 4}, DType::f32, 100 + t, t % 2 ? 1.0 : 0.1), gb = Tensor::randn({5}, DType::f32, 200 + t, 0.2);
        double squares = 0;
        for (const Tensor& g : {gw, gb})
            for (const double x : g.to_vector()) squares += x * x;
        const double norm = std::sqrt(squares), clipped = norm > 1.5 ? 1.5 / norm : 1, rate = 0.01 * t;
        const double ema = std::min(0.9, (1.0 + t) / (10.0 + t));  // a young average follows faster
        CHECK(optimizer.step(toy.gradients(gw, gb), rate) == doctest::Approx(norm).epsilon(1e-6));
        weight.step(gw.to_vector(), clipped, rate, ema, t);
        bias.step(gb.to_vector(), clipped, rate, ema, t);
        CHECK(worst(toy.weight, weight.p) < 1e-5);
        CHECK(worst(toy.bias, bias.p) < 1e-5);
        CHECK(worst(toy.weight_average, weight.average) < 1e-5);
        CHECK(worst(toy.bias_average, bias.average) < 1e-5);
    }
    CHECK(optimizer.steps() == 30);
    CHECK(optimizer.never_moved().empty());
}

TEST_CASE("loop: a gradient that is not finite is named and changes nothing") {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
        Toy toy;
        Optimizer optimizer = toy.optimizer({0.9, 0.999, 1e-8, 0.1, 1, 0.9});
        optimizer.step(toy.gradients(Tensor::full({3, 4}, 1, DType::f32), Tensor::full({5}, 1, DType::f32)), 0.1);
        std::vector<float> values(5, 1);
        values[3] = bad;
        const auto weight = toy.weight.to_vector(), bias = toy.bias.to_vector(), average = toy.weight_average.to_vector();
        std::map<std::string, std::vector<double>> state;
        optimizer.visit_state([&](const std::string& name, Tensor& t) { state[name] = t.to_vector(); });
        CHECK(state.size() == 4);
        try {
            optimizer.step(toy.gradients(Tensor::full({3, 4}, 1, DType::f32), Tensor::from(values, {5})), 0.1);
            FAIL("the step was taken");
        } catch (const Error& error) {
            CHECK(error.code() == ExitCode::numbers);
            INFO(std::string(error.what()));
            CHECK(std::string(error.what()).find("layer.bias") != std::string::npos);
            CHECK(std::string(error.what()).find("element 3 in step 2") != std::string::npos);
        }
        CHECK(optimizer.steps() == 1);
        CHECK(toy.weight.to_vector() == weight);
        CHECK(toy.bias.to_vector() == bias);
        CHECK(toy.weight_average.to_vector() == average);
        optimizer.visit_state([&](const std::string& name, Tensor& t) { CHECK(t.to_vector() == state.at(name)); });
    }
}

TEST_CASE("loop: parameters whose gradient was always zero are listed") {
    Toy toy;
    Optimizer optimizer = toy.optimizer({});
    const Tensor nothing = Tensor::zeros({5}, DType::f32);
    for (int i = 0; i < 3; ++i) optimizer.step(toy.gradients(Tensor::full({3, 4}, 1, DType::f32), nothing), 0.1);
    CHECK(optimizer.never_moved() == std::vector<std::string>{"layer.bias"});
    Tape tape;
    const Gradients lost = tape.backward(sum(toy.weight));
    CHECK_THROWS_WITH_AS(optimizer.step(lost, 0.1), "no gradient reached the parameter layer.bias", Error);
}

TEST_CASE("loop: the schedule rises, then falls along a cosine") {
    // 100 steps, a tenth of them warm-up, down to 0.2: values computed by hand from the definition.
    const std::map<std::int64_t, double> expected = {{0, 0.1}, {4, 0.5}, {9, 1.0}, {10, 1.0}, {55, 0.6}, {40, 0.8}, {70, 0.4}};
    for (const auto& [step, value] : expected) {
        INFO("step " << step);
        CHECK(schedule(step, 100, 0.1, 0.2) == doctest::Approx(value).epsilon(1e-12));
    }
    CHECK(schedule(99, 100, 0.1, 0.2) == doctest::Approx(0.2 + 0.8 * 0.5 * (1 + std::cos(std::acos(-1.0) * 89 / 90))).epsilon(1e-12));
    for (const std::int64_t total : {1, 2, 3, 1000}) {
        double before = 2;
        for (std::int64_t step = 0; step < total; ++step) {
            const double rate = schedule(step, total, 0, 0);
            CHECK((rate > 0 && rate <= 1));
            if (step > 0) CHECK(rate <= before);
            before = rate;
        }
        for (std::int64_t step = 0; step < total; ++step) CHECK(schedule(step, total, 1, 0.5) == doctest::Approx(static_cast<double>(step + 1) / static_cast<double>(total)));
    }
}

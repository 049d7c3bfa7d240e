#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/core/error.h"
#include "train/baselines/random.h"
#include "train/uncertainty/classification.h"
#include "train/uncertainty/regression.h"

namespace {

using namespace molten::uncertainty;
using molten::baselines::Random;
using nlohmann::json;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

const json& golden() {
    static const json g = json::parse(std::ifstream("tests/train/golden/metrics.json"));
    return g["uncertainty"];
}

std::vector<double> numbers(const std::string& key) { return golden()[key].get<std::vector<double>>(); }

double normal(Random& random) {  // Box and Muller
    return std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(2 * std::acos(-1.0) * random.uniform());
}

}  // namespace

TEST_CASE("uncertainty: the conformal quantile is the exact order statistic on tiny samples") {
    const std::vector<double> nine{9, 1, 8, 2, 7, 3, 6, 4, 5};
    CHECK(conformal_quantile(nine, 0.1) == 9);  // ceil(10 * 0.9) = 9th of 9
    CHECK(conformal_quantile(nine, 0.2) == 8);
    CHECK(conformal_quantile(nine, 0.5) == 5);
    CHECK(conformal_quantile(nine, 0.05) == infinity);  // ceil(9.5) = 10 > 9
    CHECK(conformal_quantile(std::span(nine).first(8), 0.1) == infinity);
    CHECK(conformal_quantile({}, 0.1) == infinity);
    for (std::size_t n : {9u, 19u, 29u, 69u, 99u, 999u}) {  // (n + 1) alpha is whole and 0.1 is not exact in binary
        std::vector<double> scores(n);
        for (std::size_t i = 0; i < n; ++i) scores[i] = static_cast<double>(i + 1);
        CHECK(conformal_quantile(scores, 0.1) == static_cast<double>((n + 1) * 9 / 10));
    }
    for (double alpha : {0.0, 1.0, -0.1, missing}) CHECK_THROWS_AS(conformal_quantile(nine, alpha), molten::Error);
}

TEST_CASE("uncertainty: with exchangeable scores the interval covers exactly ceil((n+1)(1-alpha)) of the n + 1 places a new one can take") {
    for (std::size_t n : {9u, 10u, 12u, 37u}) {
        std::size_t covered = 0;
        for (std::size_t left_out = 0; left_out <= n; ++left_out) {
            std::vector<double> scores;
            for (std::size_t i = 0; i <= n; ++i)
                if (i != left_out) scores.push_back(static_cast<double>(i));
            covered += static_cast<double>(left_out) <= conformal_quantile(scores, 0.1);
        }
        CHECK(covered == static_cast<std::size_t>(std::ceil(static_cast<double>(n + 1) * 0.9 - 1e-9)));
    }
}

// Averaged over calibration and test draws, coverage is k / (n + 1) with k = ceil((n + 1)(1 - alpha)).
TEST_CASE("uncertainty: conformal coverage over 400 seeds lies within binomial bounds, plain and normalised") {
    constexpr int seeds = 400;
    constexpr std::size_t n = 60, tests = 50;
    for (bool normalised : {false, true}) {
        double share = 0, squares = 0;
        for (int seed = 0; seed < seeds; ++seed) {
            Random random(static_cast<std::uint64_t>(seed));
            std::vector<double> y, f, s;
            for (std::size_t i = 0; i < n + tests; ++i) {
                s.push_back(0.2 + 2 * random.uniform());
                f.push_back(5 * random.uniform());
                y.push_back(f[i] + s[i] * normal(random));
            }
            const auto part = [&](std::size_t begin, std::size_t count) {
                return Measured{
                    std::span(y).subspan(begin, count), std::span(f).subspan(begin, count), std::span(s).subspan(begin, count), {}};
            };
            const auto intervals = normalised ? fit_normalised_intervals(part(0, n)) : fit_intervals(part(0, n));
            CHECK(intervals.normalised == normalised);
            CHECK(intervals.message.empty());
            const auto coverage = measure(intervals, part(n, tests));
            CHECK(coverage.rows == tests);
            share += coverage.share / seeds;
            squares += coverage.share * coverage.share / seeds;
        }
        const double expected = std::ceil(61 * 0.9) / 61, error = std::sqrt((squares - share * share) / seeds);
        MESSAGE(std::string(normalised ? "normalised: " : "plain: ") << share << " +- " << error << ", expected " << expected);
        CHECK(std::abs(share - expected) < 4 * error);
        CHECK(error < 0.005);
    }
}

TEST_CASE("uncertainty: intervals of too few rows are infinite and say so, missing rows do not count") {
    const std::vector<double> y{1, 2, missing, 4, 5}, f{1, 3, 3, 3, 3}, s{1, 1, 1, 0.01, 2};
    const std::vector<std::uint8_t> mask{1, 1, 1, 1, 0};
    const auto few = fit_intervals({y, f, s, mask});
    CHECK(few.calibration_rows == 3);
    CHECK(few.quantile == infinity);
    CHECK(few.message.find("at least 9") != std::string::npos);
    CHECK(few.at(1).lower == -infinity);
    CHECK(measure(few, {y, f, s, mask}).share == 1);
    const auto half = fit_intervals({y, f, s, mask}, 0.5);
    CHECK(half.quantile == 1);
    CHECK(half.at(7).lower == 6);
    CHECK(half.at(7).upper == 8);
    const auto coverage = measure(half, {y, f, {}, {}});
    CHECK(coverage.rows == 4);
    CHECK(coverage.share == 0.75);
    CHECK(coverage.mean_width == 2);
    const auto wide = fit_normalised_intervals({y, f, s, mask}, 0.5);
    CHECK(wide.normalised);
    CHECK(wide.floor == 0.1);
    CHECK(wide.quantile == 1);  // scores 0, 1, 1 / 0.1
    CHECK(wide.at(7, 3).upper == 10);
    CHECK(wide.at(7, 0).upper == doctest::Approx(7.1));
    const std::vector<double> none(5);
    const auto fallback = fit_normalised_intervals({y, f, none, mask}, 0.5);
    CHECK_FALSE(fallback.normalised);
    CHECK_FALSE(fallback.message.empty());
    CHECK(std::isnan(measure(half, {}).share));
    CHECK_THROWS_AS(fit_intervals({y, std::span(f).first(4)}), molten::Error);
}

TEST_CASE("uncertainty golden: ensemble, miscalibration area, ENCE, scale and quantiles equal the references") {
    const auto members = golden()["members"].get<std::vector<std::vector<double>>>();
    const auto e = combine(members);
    const auto mean = numbers("mean"), deviation = numbers("deviation");
    for (std::size_t i = 0; i < mean.size(); ++i) {
        CHECK(e.mean[i] == doctest::Approx(mean[i]).epsilon(1e-13));
        CHECK(e.spread[i] == doctest::Approx(deviation[i]).epsilon(1e-13));
    }
    CHECK(combine(std::span(members).first(1)).spread == std::vector<double>(mean.size()));
    const auto y = numbers("target"), f = numbers("prediction"), s = numbers("spread");
    const Measured rows{y, f, s, {}};
    CHECK(miscalibration_area(rows) ==
          doctest::Approx(golden()["area"].get<double>()).epsilon(1e-5));  // the reference is a sum of 2e6 cells
    CHECK(ence(rows, 5) == doctest::Approx(golden()["ence"].get<double>()).epsilon(1e-12));
    CHECK(spread_scale(rows) == doctest::Approx(golden()["scale"].get<double>()).epsilon(1e-12));
    for (const auto& q : golden()["quantiles"]) CHECK(fit_intervals(rows, q["alpha"]).quantile == q["value"].get<double>());
}

TEST_CASE("uncertainty: miscalibration area of clear cases") {
    std::vector<double> y(1000), f(1000), s(1000, 1);
    CHECK(miscalibration_area({y, f, s, {}}) == doctest::Approx(0.5));  // never wrong: all targets in every interval
    const std::vector<double> zero(1000);
    for (double& v : y) v = 1;
    CHECK(miscalibration_area({y, f, zero, {}}) == doctest::Approx(0.5));  // no spread and always wrong
    Random random(3);
    for (double& v : y) v = normal(random);
    CHECK(miscalibration_area({y, f, s, {}}) < 0.03);
    CHECK(std::isnan(miscalibration_area({})));
    const auto curve = interval_calibration_curve({y, f, s, {}}, 10);
    REQUIRE(curve.size() == 11);
    CHECK(curve.back().upper == 1);
    for (const auto& point : curve) CHECK(std::abs(point.upper - point.lower) < 0.06);
}

TEST_CASE("uncertainty golden: Platt scaling, temperature and calibration curve equal scikit-learn and scipy") {
    const auto score = numbers("score"), label = numbers("label");
    const auto platt = fit_platt(score, label);
    CHECK(platt.slope == doctest::Approx(golden()["platt_slope"].get<double>()).epsilon(1e-5));
    CHECK(platt.offset == doctest::Approx(golden()["platt_offset"].get<double>()).epsilon(1e-5));
    const auto logits = numbers("logits"), classes = numbers("classes");
    const double temperature = fit_temperature(logits, classes, 3);
    CHECK(temperature == doctest::Approx(golden()["temperature"].get<double>()).epsilon(1e-6));
    const auto p = apply_temperature(logits, 3, temperature);
    for (std::size_t i = 0; i < p.size(); i += 3) {
        CHECK(p[i] + p[i + 1] + p[i + 2] == doctest::Approx(1));
        CHECK(p[i] / p[i + 1] == doctest::Approx(std::exp((logits[i] - logits[i + 1]) / temperature)));
    }
    const auto curve = calibration_curve(numbers("probability"), label, 10);
    const auto expected_p = numbers("curve_probability"), expected_share = numbers("curve_share");
    REQUIRE(curve.size() == expected_p.size());
    for (std::size_t i = 0; i < curve.size(); ++i) {
        CHECK(curve[i].probability == doctest::Approx(expected_p[i]).epsilon(1e-12));
        CHECK(curve[i].share == doctest::Approx(expected_share[i]).epsilon(1e-12));
    }
}

TEST_CASE("uncertainty: Platt scaling of separable, one-class and empty data stays finite") {
    const std::vector<double> score{-2, -1, 1, 2}, label{0, 0, 1, 1}, ones{1, 1, 1, 1};
    const auto separable = fit_platt(score, label);
    CHECK(separable.probability(1.5) > 0.7);
    CHECK(separable.probability(1.5) < 1);
    CHECK(separable.probability(-1.5) < 0.3);
    CHECK(fit_platt(score, ones).probability(-5) == doctest::Approx(5.0 / 6));
    CHECK(fit_platt({}, {}).probability(1) == 0.5);
    CHECK(fit_temperature({}, {}, 2) == 1);
}

TEST_CASE("uncertainty: conformal sets cover within binomial bounds and are everything when rows are few") {
    constexpr int seeds = 300;
    constexpr std::size_t n = 80, classes = 3;
    double share = 0, squares = 0;
    for (int seed = 0; seed < seeds; ++seed) {
        Random random(static_cast<std::uint64_t>(seed) + 1000);
        std::vector<double> p, label;
        for (std::size_t i = 0; i < n; ++i) {
            double row[classes], sum = 0;
            for (double& v : row) sum += v = random.uniform() * random.uniform();
            for (double& v : row) p.push_back(v / sum);
            double u = random.uniform() * sum, c = 0;
            while (c < classes - 1 && u >= row[static_cast<std::size_t>(c)]) u -= row[static_cast<std::size_t>(c++)];
            label.push_back(c);
        }
        const auto sets = fit_sets(std::span(p).first(40 * classes), std::span(label).first(40), classes);
        const auto coverage = measure(sets, std::span(p).subspan(40 * classes), std::span(label).subspan(40));
        CHECK(coverage.mean_size <= classes);
        share += coverage.share / seeds;
        squares += coverage.share * coverage.share / seeds;
    }
    const double expected = std::ceil(41 * 0.9) / 41, error = std::sqrt((squares - share * share) / seeds);
    MESSAGE("sets: " << share << " +- " << error << ", expected " << expected);
    CHECK(std::abs(share - expected) < 4 * error);
    const std::vector<double> probabilities{0.1, 0.9}, label{1};
    const auto few = fit_sets(probabilities, label, 2);
    CHECK_FALSE(few.message.empty());
    CHECK(few.at(probabilities) == std::vector<std::uint8_t>{1, 1});
    CHECK_THROWS_AS(fit_sets(probabilities, std::vector<double>{2}, 2), molten::Error);
    CHECK(two_columns(std::vector<double>{0.25}) == std::vector<double>{0.75, 0.25});
}

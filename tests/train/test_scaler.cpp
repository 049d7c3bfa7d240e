#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "engine/core/error.h"
#include "train/data/descriptor_scaler.h"
#include "train/data/scaler.h"

using namespace molten;
using namespace molten::data;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

std::vector<double> column(const std::vector<double>& matrix, std::size_t columns, std::size_t c) {
    std::vector<double> result;
    for (std::size_t i = c; i < matrix.size(); i += columns) result.push_back(matrix[i]);
    return result;
}

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("scaler: mean and deviation by hand, missing values left out") {
    // Target 0: 2 4 4 4 5 5 7 9: mean 5, population deviation 2. Target 1: 1 and 3 present: mean 2, deviation 1. Target 2: constant.
    const std::vector<double> values{2, missing, 7, 4, 1,       7, 4, missing, 7, 4, 3,       7,
                                     5, missing, 7, 5, missing, 7, 7, missing, 7, 9, missing, 7};
    const StandardScaler scaler = StandardScaler::fit(values, 3);
    CHECK(scaler.mean() == std::vector<double>{5, 2, 7});
    CHECK(scaler.deviation() == std::vector<double>{2, 1, 1});
    auto scaled = values;
    scaler.scale(scaled);
    CHECK(scaled[0] == -1.5);
    CHECK(std::isnan(scaled[1]));
    CHECK(scaled[2] == 0);
    CHECK(scaled[21] == 2);
    scaler.unscale(scaled);
    for (std::size_t i = 0; i < values.size(); ++i) CHECK((std::isnan(values[i]) ? std::isnan(scaled[i]) : scaled[i] == values[i]));
    // 0.1 added ten times is not ten times 0.1: rounding is no spread.
    const StandardScaler constant = StandardScaler::fit(std::vector<double>(10, 0.1), 1);
    CHECK(constant.deviation()[0] == 1);
    CHECK_THROWS_AS(StandardScaler::fit(std::vector<double>{missing, 1, missing, 2}, 2), Error);
}

TEST_CASE("scaler: logarithmic targets") {
    const std::vector<double> values{1, 0, std::exp(2.0), std::exp(2.0) - 1};
    const StandardScaler scaler = StandardScaler::fit(values, 2, std::vector{Transform::log, Transform::log1p});
    for (std::size_t t = 0; t < 2; ++t) {
        CHECK(scaler.mean()[t] == doctest::Approx(1).epsilon(1e-14));
        CHECK(scaler.deviation()[t] == doctest::Approx(1).epsilon(1e-14));
        CHECK(scaler.scale(values[t], t) == doctest::Approx(-1).epsilon(1e-14));
        CHECK(scaler.unscale(-1, t) == doctest::Approx(values[t]).epsilon(1e-14));
    }
    CHECK(std::isnan(scaler.scale(0, 0)));  // no logarithm
    CHECK_THROWS_AS(StandardScaler::fit(std::vector<double>{1, 0}, 1, std::vector{Transform::log}), Error);
    CHECK_THROWS_AS(StandardScaler::fit(std::vector<double>{1, -1}, 1, std::vector{Transform::log1p}), Error);
    CHECK(skewness(std::vector<double>{1, 2, 3}) == doctest::Approx(0));
    CHECK(skewness(std::vector<double>{0, 0, missing, 0, 1}) == doctest::Approx(1.1547005383792515).epsilon(1e-14));  // 2 / sqrt(3)
    CHECK(skewness(std::vector<double>{4, 4}) == 0);
    std::vector<double> decades;
    for (int i = 0; i <= 60; ++i) decades.push_back(std::pow(10.0, i / 10.0 - 3));
    CHECK(suggest_transform(decades) == Transform::log);
    CHECK(suggest_transform(std::vector<double>{1, 2, 3, 4}) == Transform::none);
    decades.push_back(0);
    CHECK(suggest_transform(decades) == Transform::none);
    CHECK(suggest_transform(std::vector<double>{missing}) == Transform::none);
}

TEST_CASE("scaler: state there and back, and states that are none") {
    const StandardScaler scaler = StandardScaler::fit(std::vector<double>{1, 5, 2, 9}, 2, std::vector{Transform::log, Transform::none});
    const StandardScaler back = StandardScaler::from_state(scaler.state());
    CHECK(back.mean() == scaler.mean());
    CHECK(back.deviation() == scaler.deviation());
    CHECK(back.transforms() == scaler.transforms());
    for (const auto& [name, wrong] : std::vector<std::pair<std::string, std::vector<double>>>{{"mean", {1}},
                                                                                              {"mean", {1, missing}},
                                                                                              {"deviation", {1, 0}},
                                                                                              {"deviation", {1, -1}},
                                                                                              {"deviation", {1, infinite}},
                                                                                              {"transform", {0, 3}},
                                                                                              {"transform", {0, 0.5}}}) {
        State state = scaler.state();
        state[name] = wrong;
        CHECK_THROWS_AS(StandardScaler::from_state(state), Error);
    }
    CHECK_THROWS_AS(StandardScaler::from_state({}), Error);
}

TEST_CASE("scaler: quantiles and normal scores") {
    const std::vector<double> values{1, 2, 4, 8};
    CHECK(quantile(values, 0) == 1);
    CHECK(quantile(values, 1) == 8);
    CHECK(quantile(values, 0.5) == 3);
    CHECK(quantile(values, 0.25) == 1.75);  // numpy.quantile
    CHECK(quantile(std::vector<double>{7}, 0.3) == 7);
    // Abramowitz and Stegun, table 26.5, and symmetry.
    CHECK(normal_quantile(0.5) == doctest::Approx(0).scale(1).epsilon(1e-12));
    CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-12));
    CHECK(normal_quantile(0.01) == doctest::Approx(-2.3263478740408408).epsilon(1e-12));
    CHECK(normal_quantile(1e-10) == doctest::Approx(-6.361340902404056).epsilon(1e-12));
    for (double p = 1e-12; p < 1; p += 0.0137)
        CHECK(0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0)) == doctest::Approx(p).epsilon(1e-12));
}

TEST_CASE("scaler: descriptors by hand") {
    // Column 0: 0 1 2 3 4 with one NaN (median 2). Column 1 constant: dropped. Column 2 without a finite value: dropped.
    const std::vector<double> values{0, 5, missing, 1, 5, infinite, missing, 5, missing, 2, 5, -infinite, 3, 5, missing, 4, 5, missing};
    const DescriptorScaler none = DescriptorScaler::fit(values, 3, {.squash = Squash::none});
    CHECK(none.kept() == std::vector<std::size_t>{0});
    const auto z = none.apply(values);
    // 0 1 2 2 3 4: mean 2, population deviation sqrt(10/6).
    const double deviation = std::sqrt(10.0 / 6.0);
    const std::vector<double> expected{-2 / deviation, -1 / deviation, 0, 0, 1 / deviation, 2 / deviation};
    REQUIRE(z.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) CHECK(z[i] == doctest::Approx(expected[i]).scale(1).epsilon(1e-14));

    // asinh: median 2, interquartile range of 0 1 2 3 4 is 2.
    const DescriptorScaler squashed = DescriptorScaler::fit(values, 3);
    const double s = 2 / 1.349;
    std::vector<double> u;
    for (const double x : {0.0, 1.0, 2.0, 2.0, 3.0, 4.0}) u.push_back(std::asinh((x - 2) / s));
    double squares = 0;
    for (const double v : u) squares += v * v;
    CHECK(squashed.apply(values)[5] == doctest::Approx(u[5] / std::sqrt(squares / 6)).epsilon(1e-14));

    // clip at the quartiles: 1 and 3.
    const DescriptorScaler clipped = DescriptorScaler::fit(values, 3, {.squash = Squash::clip, .low = 0.25, .high = 0.75});
    const auto c = clipped.apply(values);
    CHECK(c[0] == c[1]);
    CHECK(c[4] == c[5]);
    CHECK(c[5] == doctest::Approx(1 / std::sqrt(4.0 / 6.0)).epsilon(1e-14));

    // rank-Gauss: scores of 0.1 0.3 0.5 0.7 0.9, linear between, flat outside.
    const DescriptorScaler ranked = DescriptorScaler::fit(values, 3, {.squash = Squash::rank_gauss});
    const auto r = ranked.apply(values);
    const double ratio = normal_quantile(0.9) / normal_quantile(0.7);
    CHECK(r[5] / r[4] == doctest::Approx(ratio).epsilon(1e-12));
    std::vector<double> outside{1e9, 5, 0}, z_outside(1);
    ranked.apply(outside, z_outside);
    CHECK(z_outside[0] == r[5]);
    outside[0] = 3.5;
    ranked.apply(outside, z_outside);
    CHECK(z_outside[0] == doctest::Approx((r[4] + r[5]) / 2).epsilon(1e-12));
}

TEST_CASE("scaler: whatever comes in, descriptors come out finite, centred and without outliers") {
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal;
    constexpr std::size_t rows = 3000, columns = 8;
    std::vector<double> values(rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
        double* row = values.data() + i * columns;
        row[0] = normal(random);
        row[1] = std::pow(10.0, 20 * std::abs(normal(random)));  // as Ipc
        row[2] = i % 1000 == 0 ? 1 : 0;                          // a rare count
        row[3] = i % 50 == 0 ? missing : normal(random);
        row[4] = i % 2 == 0 ? 1e200 : normal(random);
        row[5] = static_cast<double>(i % 3) * 1e-200;
        row[6] = i % 2 == 0 ? 1e149 : -1e149;
        row[7] = i == 0 ? 1e-300 : 1e140;
    }
    for (const Squash squash : {Squash::none, Squash::clip, Squash::asinh, Squash::rank_gauss}) {
        const DescriptorScaler scaler = DescriptorScaler::fit(values, columns, {.squash = squash});
        const auto z = scaler.apply(values);
        INFO("squash " << static_cast<int>(squash));
        CHECK(scaler.outputs() == columns);
        CHECK(std::all_of(z.begin(), z.end(), [](double v) { return std::abs(v) <= 8; }));
        CHECK(std::abs(mean_of(column(z, columns, 0))) < 0.01);
        std::vector<double> out(columns);
        for (const double wild : {missing, infinite, -infinite, 1e308, -1e308, 1e150, 5e-324, 0.0}) {
            scaler.apply(std::vector<double>(columns, wild), out);
            CHECK(std::all_of(out.begin(), out.end(), [](double v) { return std::abs(v) <= 8; }));
        }
        const DescriptorScaler back = DescriptorScaler::from_state(scaler.state());
        CHECK(back.apply(values) == z);
        CHECK(back.kept() == scaler.kept());
        CHECK(DescriptorScaler::fit(values, columns, {.squash = squash}).apply(values) == z);
        // Any value of the state that is missing, cut or not finite is refused.
        for (const auto& [name, numbers] : scaler.state()) {
            State state = scaler.state();
            state.erase(name);
            if (!(numbers.empty())) CHECK_THROWS_AS(DescriptorScaler::from_state(state), Error);
            state = scaler.state();
            if (numbers.empty()) continue;
            state[name].back() = missing;
            CHECK_THROWS_AS(DescriptorScaler::from_state(state), Error);
            state = scaler.state();
            state[name].push_back(1e9);
            CHECK_THROWS_AS(DescriptorScaler::from_state(state), Error);
        }
    }
    // The tame part of a wild column is not squeezed to nothing: asinh keeps half of Ipc outside +-0.3.
    const DescriptorScaler scaler = DescriptorScaler::fit(values, columns);
    const auto ipc = column(scaler.apply(values), columns, 1);
    CHECK(std::count_if(ipc.begin(), ipc.end(), [](double v) { return std::abs(v) > 0.3; }) > static_cast<long>(rows / 2));
    CHECK_THROWS_AS(DescriptorScaler::fit({}, 3), Error);
}

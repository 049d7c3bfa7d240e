#include <doctest/doctest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <random>

#include "tests/train/markup.h"
#include "train/report/svg.h"
#include "train/report/ticks.h"

using namespace molten;
using namespace molten::report;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
const std::string kHostile = "<script>alert(\"1\")</script> & 'x' \x01\x1b[31m \xff \xe2\x80\xae";

Markup sound(const std::string& svg) {
    Markup markup = read_markup(svg);
    for (const std::string& fault : markup.faults) FAIL_CHECK(fault << " in " << svg.substr(0, 200));
    REQUIRE_FALSE(markup.elements.empty());
    CHECK(markup.elements[0].name == "svg");
    return markup;
}

bool says(const Markup& markup, const std::string& text) {
    return std::any_of(markup.elements.begin(), markup.elements.end(),
                       [&](const MarkupElement& e) { return e.name == "text" && e.text == text; });
}

// x or y of the axis label `text`.
double label_at(const Markup& markup, const std::string& text, const std::string& attribute) {
    for (const MarkupElement& e : markup.elements)
        if (e.name == "text" && e.text == text && e.path.ends_with("g/text")) return std::stod(e.attributes.at(attribute));
    FAIL("no label " << text);
    return 0;
}

std::vector<std::string> labels(double low, double high, int most) { return tick_labels(linear_ticks({low, high}, most)); }

LineChart chart_of(std::vector<double> x, std::vector<double> y, bool logarithmic = false) {
    LineChart chart;
    chart.title = "Loss";
    chart.x.label = "epoch";
    chart.y = {"loss", logarithmic, false};
    chart.series.push_back({"model 0", std::move(x), std::move(y), 0, false, false, true});
    return chart;
}

std::string all_plots(const std::vector<double>& x, const std::vector<double>& y, const std::string& name, bool logarithmic) {
    LineChart line = chart_of(x, y, logarithmic);
    line.title = line.x.label = line.y.label = line.series[0].name = name;
    line.x.logarithmic = logarithmic;
    line.diagonal = true;
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) line.markers.push_back({x[i], y[i], 0, name});
    Scatter dots{name,
                 {name, logarithmic, false},
                 {name, logarithmic, false},
                 {{name, x, y, {}, y, x, 0}, {name, x, y, std::vector<std::string>(x.size(), name), {}, {}, 1}},
                 Guide::diagonal,
                 true};
    std::string svgs[] = {line_chart(line), scatter(dots), histogram({name, name, name, {{name, x, 0}, {name, y, 1}}, 0, false}),
                          bar_chart({name, name, std::vector<std::string>(x.size(), name), {name, name}, {x, y}, {}}),
                          calibration_chart({name, name, name, x, y})};
    std::string all;
    for (const std::string& svg : svgs) {
        sound(svg);
        all += svg;
    }
    return all;
}

}  // namespace

TEST_CASE("ticks: by hand") {
    using V = std::vector<std::string>;
    CHECK(labels(0, 1, 6) == V{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
    CHECK(labels(0, 10, 6) == V{"0", "2", "4", "6", "8", "10"});
    CHECK(labels(-1, 1, 5) == V{"−1.0", "−0.5", "0.0", "0.5", "1.0"});
    CHECK(labels(0.93, 1.07, 4) == V{"0.95", "1.00", "1.05"});
    CHECK(labels(0, 1000, 5) == V{"0", "250", "500", "750", "1,000"});
    CHECK(labels(-12000, -9000, 4) == V{"−12,000", "−11,000", "−10,000", "−9,000"});
    CHECK(labels(0, 4e7, 5) == V{"0", "1e+07", "2e+07", "3e+07", "4e+07"});
    CHECK(labels(0, 1e-6, 5) == V{"0", "2.5e−07", "5e−07", "7.5e−07", "1e−06"});
    CHECK(tick_labels(log_ticks({0.001, 100}, 8), true) == V{"0.001", "0.01", "0.1", "1", "10", "100"});
    CHECK(tick_labels(log_ticks({0.05, 2}, 8), true) == V{"0.05", "0.1", "0.2", "0.5", "1", "2"});
    CHECK(tick_labels(log_ticks({3, 3.5}, 4), true) == V{"3.0", "3.2", "3.4"});
    CHECK(tick_labels(log_ticks({3.0001, 3.0002}, 4), true) == V{"3.00010", "3.00015", "3.00020"});
    CHECK(labels(-602829.9, -602827, 4) == V{"−602,829", "−602,828", "−602,827"});
    CHECK(tick_labels(log_ticks({1e-30, 1e30}, 7), true).size() <= 8);
}

TEST_CASE("ticks: any range gives a few even, labelled apart, inside it") {
    std::mt19937_64 random(11);
    std::uniform_real_distribution<double> mantissa(-10, 10), exponent(-60, 60);
    for (int trial = 0; trial < 2000; ++trial) {
        const double a = mantissa(random) * std::pow(10, exponent(random)),
                     b = trial % 2 ? a * (1 + 1e-5 * mantissa(random)) : mantissa(random);
        const std::vector<double> values = {a, b};
        const Range range = range_of(values);
        REQUIRE(range.low < range.high);
        REQUIRE(range.low <= std::min(a, b));
        const std::vector<double> ticks = linear_ticks(range, 7);
        CAPTURE(range.low);
        CAPTURE(range.high);
        REQUIRE(ticks.size() >= 2);
        REQUIRE(ticks.size() <= 7);
        const double slack = 1e-6 * (range.high - range.low);
        CHECK(ticks.front() >= range.low - slack);
        CHECK(ticks.back() <= range.high + slack);
        for (std::size_t i = 2; i < ticks.size(); ++i) CHECK(ticks[i] - ticks[i - 1] == doctest::Approx(ticks[1] - ticks[0]).epsilon(1e-3));
        std::vector<std::string> texts = tick_labels(ticks);
        CHECK(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
    }
}

TEST_CASE("ticks: ranges without extent") {
    for (const std::vector<double>& values :
         {std::vector<double>{}, {kNan}, {5}, {0}, {5e-324}, {0, 5e-324}, {1e300}, {-7, -7}, {1, 1 + 1e-16}}) {
        const Range range = range_of(values), logarithmic = range_of(values, true);
        CHECK(range.low < range.high);
        CHECK(linear_ticks(range, 7).size() >= 2);
        CHECK(logarithmic.low > 0);
        CHECK(logarithmic.low < logarithmic.high);
        CHECK(log_ticks(logarithmic, 7).size() >= 2);
    }
    CHECK_FALSE(drawable(kNan));
    CHECK_FALSE(drawable(kInfinity));
    CHECK_FALSE(drawable(1e101));
    CHECK_FALSE(drawable(0, true));
    CHECK_FALSE(drawable(-1, true));
    CHECK(drawable(-1));
}

TEST_CASE("svg: a point stands where the ticks say") {
    for (const bool logarithmic : {false, true}) {
        LineChart chart = chart_of({0, 30, 60}, {1, 10, 100}, logarithmic);
        const Markup markup = sound(line_chart(chart));
        const auto circles = markup.all("circle");
        REQUIRE(circles.size() == 3);
        CHECK(std::stod(circles[1]->attributes.at("cx")) == doctest::Approx(label_at(markup, "30", "x")).epsilon(1e-3));
        CHECK(std::stod(circles[2]->attributes.at("cy")) == doctest::Approx(label_at(markup, "100", "y") - 3.5).epsilon(1e-3));
        const double low = std::stod(circles[0]->attributes.at("cy")), middle = std::stod(circles[1]->attributes.at("cy")),
                     high = std::stod(circles[2]->attributes.at("cy"));
        CHECK((low - middle) / (low - high) == doctest::Approx(logarithmic ? 0.5 : 9.0 / 99).epsilon(0.01));
    }
}

TEST_CASE("svg: predicted equals measured lies on the diagonal, and both axes share their ticks") {
    Scatter plot{"Parity",        {"measured"}, {"predicted"}, {{"test", {-3, 0, 5}, {-3, 0, 5}, {"a", "b", "c"}, {}, {}, 0}},
                 Guide::diagonal, true};
    const Markup markup = sound(scatter(plot));
    const auto circles = markup.all("circle");  // the legend's, then three
    REQUIRE(circles.size() == 4);
    const double sum = std::stod(circles[1]->attributes.at("cx")) + std::stod(circles[1]->attributes.at("cy"));
    for (std::size_t i = 2; i < 4; ++i)
        CHECK(std::stod(circles[i]->attributes.at("cx")) + std::stod(circles[i]->attributes.at("cy")) ==
              doctest::Approx(sum).epsilon(1e-3));
    for (const char* text : {"−2", "0", "2", "4"}) {
        CHECK(label_at(markup, text, "x") > 0);
        CHECK(std::count_if(markup.elements.begin(), markup.elements.end(),
                            [&](const MarkupElement& e) { return e.name == "text" && e.text == text; }) == 2);
    }
    const auto titles = markup.all("title");
    REQUIRE(titles.size() == 3);
    CHECK(titles[2]->text == "c");
}

TEST_CASE("svg: a line breaks at a gap, and a logarithmic axis leaves out what is not positive") {
    const auto path_of = [](const LineChart& chart) {
        const Markup markup = sound(line_chart(chart));
        for (const auto* path : markup.all("path"))
            if (path->attributes.contains("stroke-linejoin")) return path->attributes.at("d");
        return std::string();
    };
    const auto starts = [](const std::string& d) { return std::count(d.begin(), d.end(), 'M'); };
    CHECK(starts(path_of(chart_of({0, 1, 2, 3, 4}, {1, 2, kNan, 4, 5}))) == 2);
    CHECK(starts(path_of(chart_of({0, 1, 2, 3, 4}, {1, 2, 0, -4, 5}, true))) == 2);
    CHECK(starts(path_of(chart_of({0, 1, 2}, {1, 2, 3}))) == 1);
    std::vector<double> x(100000), y(100000);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i), y[i] = std::sin(x[i] / 1000);
    const std::string d = path_of(chart_of(x, y));
    CHECK(std::count(d.begin(), d.end(), 'L') == 999);
}

TEST_CASE("svg: bars of a histogram hold the shares, and all of them") {
    std::vector<double> values(60, 0.5);
    values.insert(values.end(), 40, 2.5);
    values.push_back(kNan);
    const Markup markup = sound(histogram({"h", "x", "share", {{"a", values, 0}}, 4, false}));
    std::vector<double> heights, percents;
    for (const auto* rect : markup.all("rect"))
        if (!rect->text.empty()) {
            heights.push_back(std::stod(rect->attributes.at("height")));
            percents.push_back(std::stod(rect->text.substr(rect->text.find(':') + 1)));
        }
    REQUIRE(heights.size() == 2);
    CHECK(percents == std::vector<double>{60, 40});
    CHECK(heights[1] / heights[0] == doctest::Approx(2.0 / 3).epsilon(0.01));
}

TEST_CASE("svg: bars are as long as their values, from zero, either way") {
    const Markup markup =
        sound(bar_chart({"gate", "weight", {"graph", "fingerprint"}, {"train", "test"}, {{0.2, 0.4}, {0.1, -0.3}}, {6, 0}}));
    std::vector<double> heights, tops;
    for (const auto* rect : markup.all("rect"))
        if (!rect->text.empty()) {
            heights.push_back(std::stod(rect->attributes.at("height")));
            tops.push_back(std::stod(rect->attributes.at("y")));
        }
    REQUIRE(heights.size() == 4);  // train graph, train fingerprint, test graph, test fingerprint
    CHECK(heights[1] / heights[0] == doctest::Approx(2).epsilon(0.01));
    CHECK(heights[2] / heights[0] == doctest::Approx(0.5).epsilon(0.02));
    CHECK(tops[3] == doctest::Approx(tops[0] + heights[0]).epsilon(0.002));  // below the line on which the others stand
    CHECK(says(markup, "graph"));
    CHECK(says(markup, "fingerprint"));
}

TEST_CASE("svg: nothing to draw says so") {
    for (const std::vector<double>& values : {std::vector<double>{}, {kNan, kInfinity, -kInfinity}, {1e200}}) {
        const std::vector<double> other(values.size(), kNan);
        CHECK(says(sound(line_chart(chart_of(values, other))), "no data"));
        CHECK(says(sound(scatter({"s", {"x"}, {"y"}, {{"a", values, other, {}, {}, {}, 0}}, Guide::zero, false})), "no data"));
        CHECK(says(sound(histogram({"h", "x", "y", {{"a", values, 0}}, 0, false})), "no data"));
        CHECK(says(sound(bar_chart({"b", "y", {"g"}, {"s"}, {values}, {}})), "no data"));
        CHECK(says(sound(calibration_chart({"c", "x", "y", values, other})), "no data"));
    }
    CHECK(says(sound(histogram({"h", "x", "y", {}, 0, false})), "no data"));
    CHECK(says(sound(bar_chart({"b", "y", {}, {}, {}, {}})), "no data"));
    CHECK_FALSE(says(sound(line_chart(chart_of({1}, {1}))), "no data"));
}

TEST_CASE("svg: hostile names and numbers leave every plot sound, and the same input gives the same bytes") {
    const std::vector<double> awful = {kNan,     kInfinity, -kInfinity, 0, -0.0,      5e-324, DBL_MAX,
                                       -DBL_MAX, 1e100,     -1e100,     1, 1 + 1e-16, -1e-99};
    for (const bool logarithmic : {false, true}) {
        const std::string first = all_plots(awful, {awful.rbegin(), awful.rend()}, kHostile, logarithmic);
        CHECK(first == all_plots(awful, {awful.rbegin(), awful.rend()}, kHostile, logarithmic));
        CHECK(first.find("<script") == std::string::npos);
        CHECK(first.find("\\x1b") != std::string::npos);
        CHECK(first.find("\\u202e") != std::string::npos);
        all_plots({1, 2}, {1, 2, 3}, "", logarithmic);  // of unequal length
        all_plots({1, 2, 3}, {1}, std::string(100000, 'x'), logarithmic);
        CHECK(all_plots({1, 2}, {1, 2}, std::string(100000, 'x'), logarithmic).size() < 20000 + 2 * 1000000);
    }
}

TEST_CASE("svg: random numbers of all sizes") {
    std::mt19937_64 random(5);
    for (int trial = 0; trial < 300; ++trial) {
        std::vector<double> x, y;
        for (int i = 0; i < 9; ++i) {
            const std::uint64_t bits[2] = {random(), random()};
            double values[2];
            static_assert(sizeof bits == sizeof values);
            std::copy_n(reinterpret_cast<const char*>(bits), sizeof bits, reinterpret_cast<char*>(values));
            x.push_back(values[0]);
            y.push_back(trial % 2 ? values[1] : 1e-8 * static_cast<double>(bits[1] % 1000));
        }
        all_plots(x, y, "n", trial % 3 == 0);
    }
}

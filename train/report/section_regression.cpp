#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "train/report/sections.h"
#include "train/report/svg.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

constexpr std::size_t kErrorBars = 300;  // more of them hide the dots

// `keep` of `from`, evenly, in order.
std::vector<std::size_t> evenly(const std::vector<std::size_t>& from, std::size_t keep) {
    if (from.size() <= keep) return from;
    std::vector<std::size_t> result;
    for (std::size_t k = 0; k < keep; ++k) result.push_back(from[k * from.size() / keep]);
    return result;
}

double error_size(const Point& p) {
    const double size = std::abs(p.predicted - p.measured);
    return std::isnan(size) ? -1 : size;
}

// Which points are drawn, and how. Of the test part the largest errors always can be pointed at.
struct Drawn {
    std::vector<std::size_t> plain[3], pointed;
    std::size_t all[3] = {0, 0, 0};
    bool thinned = false;
};
Drawn choose(const std::vector<Point>& points, DotBudget budget) {
    std::vector<std::size_t> parts[3];
    for (std::size_t i = 0; i < points.size(); ++i) parts[static_cast<std::size_t>(points[i].part)].push_back(i);
    Drawn drawn;
    for (std::size_t p = 0; p < 3; ++p) {
        drawn.all[p] = parts[p].size();
        drawn.thinned |= parts[p].size() > (p == 2 ? budget.pointed : budget.plain);
    }
    drawn.plain[0] = evenly(parts[0], budget.plain);
    drawn.plain[1] = evenly(parts[1], budget.plain);
    std::vector<std::size_t>& test = parts[2];
    if (test.size() <= budget.pointed) {
        drawn.pointed = test;
        return drawn;
    }
    const std::size_t largest = budget.pointed / 4;
    std::stable_sort(test.begin(), test.end(), [&](std::size_t a, std::size_t b) { return error_size(points[a]) > error_size(points[b]); });
    drawn.pointed.assign(test.begin(), test.begin() + static_cast<std::ptrdiff_t>(largest));
    std::vector<std::size_t> rest(test.begin() + static_cast<std::ptrdiff_t>(largest), test.end());
    std::sort(rest.begin(), rest.end());
    const std::vector<std::size_t> chosen = evenly(rest, budget.pointed - largest);
    drawn.pointed.insert(drawn.pointed.end(), chosen.begin(), chosen.end());
    std::vector<std::size_t> silent;
    std::set_difference(rest.begin(), rest.end(), chosen.begin(), chosen.end(), std::back_inserter(silent));
    drawn.plain[2] = evenly(silent, budget.plain);
    return drawn;
}

std::string tooltip(const Point& p) {
    std::string text = p.name.size() > 120 ? p.name.substr(0, 120) + "..." : p.name;
    text += fmt::format("\nmeasured {}, predicted {}", compact(p.measured), compact(p.predicted));
    if (std::isfinite(p.lower) && std::isfinite(p.upper) && p.lower < p.upper)
        text += fmt::format(" ({} to {})", compact(p.lower), compact(p.upper));
    return text;
}

// One plot of all parts; `x` and `y` say what of a point is shown.
template <class X, class Y>
std::vector<DotSeries> dots(const std::vector<Point>& points, const Drawn& drawn, X x, Y y) {
    std::vector<DotSeries> result;
    const auto add = [&](const std::string& name, std::size_t part, const std::vector<std::size_t>& chosen) -> DotSeries& {
        DotSeries series{name, {}, {}, {}, {}, {}, kPartColour[part]};
        for (const std::size_t i : chosen) {
            series.x.push_back(x(points[i]));
            series.y.push_back(y(points[i]));
        }
        return result.emplace_back(std::move(series));
    };
    add(kPartName[0], 0, drawn.plain[0]);
    add(kPartName[1], 1, drawn.plain[1]);
    add("", 2, drawn.plain[2]);
    DotSeries& pointed = add(kPartName[2], 2, drawn.pointed);
    for (const std::size_t i : drawn.pointed) pointed.tooltips.push_back(tooltip(points[i]));
    return result;
}

std::string parity_plot(const TargetSection& target, const Drawn& drawn) {
    Scatter parity{"Predicted against measured", {"measured"}, {"predicted"}, {}, Guide::diagonal, true};
    parity.series = dots(
        target.points, drawn, [](const Point& p) { return p.measured; }, [](const Point& p) { return p.predicted; });
    if (drawn.all[2] <= kErrorBars)
        for (const std::size_t i : drawn.pointed) {
            const Point& p = target.points[i];
            const bool there = p.lower < p.upper;
            parity.series.back().lower.push_back(there ? p.lower : std::nan(""));
            parity.series.back().upper.push_back(there ? p.upper : std::nan(""));
        }
    return plot(scatter(parity));
}

std::string residual_plot(const TargetSection& target, const Drawn& drawn) {
    Scatter residuals{"Residual against prediction", {"predicted"}, {"predicted \u2212 measured"}, {}, Guide::zero, false};
    residuals.series = dots(
        target.points, drawn, [](const Point& p) { return p.predicted; }, [](const Point& p) { return p.predicted - p.measured; });
    return plot(scatter(residuals));
}

std::string residual_histogram(const TargetSection& target) {
    Histogram h{"Distribution of residuals", "predicted \u2212 measured", "share of the part", {}, 0, false};
    for (const std::size_t part : {2, 0, 1}) h.series.push_back({kPartName[part], {}, kPartColour[part]});
    for (const Point& p : target.points)
        h.series[p.part == Part::test ? 0 : p.part == Part::train ? 1 : 2].values.push_back(p.predicted - p.measured);
    return plot(histogram(h));
}

std::string calibration_plot(const TargetSection& target) {
    if (target.calibration.empty()) return "";
    CalibrationChart chart{"Calibration of the ensemble's intervals", "nominal coverage", "measured coverage, test part", {}, {}};
    for (const auto& [nominal, measured] : target.calibration) {
        chart.x.push_back(nominal);
        chart.y.push_back(measured);
    }
    return plot(calibration_chart(chart));
}

std::string interval_caption(const TargetSection& target) {
    if (target.calibration.empty()) return "";
    return "<p class=\"small\">The calibration curve shows the spread of the ensemble by itself: below the diagonal its intervals are too "
           "narrow. The "
           "intervals of the predictions (the bars in the first plot) are conformal, corrected on the validation part.</p>\n";
}

std::string thinning_note(const Drawn& drawn) {
    if (!drawn.thinned) return "";
    std::string text =
        "Dots are thinned evenly; the largest errors of the test part are all kept, histograms and figures count every molecule. Drawn:";
    for (const std::size_t p : {0, 1, 2}) {
        const std::size_t shown = drawn.plain[p].size() + (p == 2 ? drawn.pointed.size() : 0);
        text += fmt::format("{} {} of {} {}", p ? "," : "", grouped(shown), grouped(drawn.all[p]), kPartName[p]);
    }
    return "<p class=\"small\">" + text + ".</p>\n";
}

}  // namespace

std::string regression_plots(const TargetSection& target, DotBudget budget) {
    if (target.points.empty()) return "<p class=\"small\">No measured values to draw.</p>\n";
    const Drawn drawn = choose(target.points, budget);
    return "<div class=\"plots\">\n" + parity_plot(target, drawn) + calibration_plot(target) + residual_plot(target, drawn) +
           residual_histogram(target) + "</div>\n" + interval_caption(target) + thinning_note(drawn);
}

}  // namespace molten::report

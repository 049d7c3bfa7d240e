#include <cmath>

#include "train/report/sections.h"
#include "train/report/svg.h"

namespace molten::report {
namespace {

using Pairs = std::vector<std::pair<double, double>>;

LineSeries series_of(const Pairs& pairs) {
    LineSeries series;
    for (const auto& [x, y] : pairs) {
        series.x.push_back(x);
        series.y.push_back(y);
    }
    return series;
}

std::string roc_plot(const Pairs& roc) {
    LineChart chart{"ROC curve, test part",
                    {"false positive rate", false, true},
                    {"true positive rate", false, true},
                    {series_of(roc)},
                    {},
                    true,
                    true};
    return plot(line_chart(chart));
}

// The dashed line is what a model without knowledge reaches: the share of positives.
std::string precision_recall_plot(const TargetSection& target) {
    double positives = 0, all = 0;
    for (const Point& p : target.points)
        if (p.part == Part::test) {
            positives += p.measured > 0.5;
            ++all;
        }
    LineChart chart{"Precision and recall, test part",
                    {"recall", false, true},
                    {"precision", false, true},
                    {series_of(target.precision_recall)},
                    {},
                    false,
                    true};
    if (all > 0) chart.series.push_back({"share of positives", {0, 1}, {positives / all, positives / all}, kNeutral, true, true, false});
    return plot(line_chart(chart));
}

std::string reliability_plot(const Pairs& reliability) {
    const LineSeries series = series_of(reliability);
    return plot(calibration_chart({"Reliability, test part", "predicted probability", "share of positives", series.x, series.y}));
}

std::string probability_histogram(const TargetSection& target) {
    Histogram h{"Predicted probability by class, test part",
                "predicted probability",
                "share of the class",
                {{"positive", {}, 0}, {"negative", {}, 1}},
                20,
                true};
    for (const Point& p : target.points)
        if (p.part == Part::test) h.series[p.measured > 0.5 ? 0 : 1].values.push_back(p.predicted);
    return plot(histogram(h));
}

}  // namespace

std::string classification_plots(const TargetSection& target) {
    if (target.points.empty()) return "<p class=\"small\">Nothing to draw for this task.</p>\n";
    std::string out = "<div class=\"plots\">\n";
    if (!target.roc.empty()) out += roc_plot(target.roc);
    if (!target.precision_recall.empty()) out += precision_recall_plot(target);
    if (!target.reliability.empty()) out += reliability_plot(target.reliability);
    out += probability_histogram(target) + "</div>\n";
    if (target.roc.empty()) out += "<p class=\"small\">The test part holds one class only: no curves.</p>\n";
    return out;
}

}  // namespace molten::report

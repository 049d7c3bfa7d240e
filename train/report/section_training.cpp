#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/report/sections.h"
#include "train/report/svg.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

// A logarithmic axis shows a loss that falls by more than a factor of ten.
bool wants_logarithm(const std::vector<LossCurve>& curves) {
    double low = HUGE_VAL, high = 0;
    for (const LossCurve& curve : curves)
        for (const auto* values : {&curve.train, &curve.validation})
            for (const double v : *values) {
                if (!std::isfinite(v)) continue;
                if (v <= 0) return false;
                low = std::min(low, v);
                high = std::max(high, v);
            }
    return high > 10 * low;
}

LineChart loss_chart(const std::vector<LossCurve>& curves) {
    LineChart chart;
    chart.wide = true;
    chart.title = "Loss";
    chart.x.label = "epoch";
    chart.y.label = "loss";
    chart.y.logarithmic = wants_logarithm(curves);
    for (std::size_t i = 0; i < curves.size(); ++i) {
        const LossCurve& curve = curves[i];
        const int colour = static_cast<int>(i) % kColours;
        chart.series.push_back({"", curve.epoch, curve.train, colour, true, true, false});
        chart.series.push_back({curve.name, curve.epoch, curve.validation, colour, false, false, false});
        for (std::size_t e = 0; e < std::min(curve.epoch.size(), curve.validation.size()); ++e)
            if (curve.epoch[e] == curve.best_epoch)
                chart.markers.push_back({curve.epoch[e], curve.validation[e], colour,
                                         fmt::format("{}: best epoch {}, validation loss {}", curve.name, compact(curve.epoch[e]),
                                                     compact(curve.validation[e]))});
    }
    chart.series.push_back({"train (dashed)", {}, {}, kNeutral, true, true, false});
    chart.series.push_back({"validation", {}, {}, kNeutral, false, false, false});
    return chart;
}

}  // namespace

std::string training_section(const ReportData& data) {
    if (data.curves.empty()) return "";
    std::string best;
    for (const LossCurve& curve : data.curves) best += (best.empty() ? "" : ", ") + curve.name + " " + compact(curve.best_epoch);
    return "<div class=\"plots\">\n" + plot(line_chart(loss_chart(data.curves))) +
           "</div>\n<p class=\"small\">The ring marks the epoch with the least validation loss, whose weights are kept: " + escaped(best) +
           ".</p>\n";
}

std::string gate_section(const ReportData& data) {
    const GateSection& gate = data.gate;
    if (gate.experts.empty()) return "";
    BarChart bars{
        "Mean weight of each expert",  "mean weight", gate.experts, {kPartName, kPartName + 3}, {gate.train, gate.validation, gate.test},
        {kPartColour, kPartColour + 3}};
    std::string out = "<div class=\"plots\">\n" + plot(bar_chart(bars));
    if (!gate.by_epoch.empty()) {
        const std::vector<double> epochs = data.curves.empty() ? std::vector<double>{} : data.curves[0].epoch;
        LineChart lines;
        lines.title = "Mean weight by epoch, validation part";
        lines.x.label = "epoch";
        lines.y.label = "mean weight";
        for (std::size_t e = 0; e < gate.experts.size(); ++e) {
            LineSeries series{gate.experts[e], {}, {}, static_cast<int>(e) % kColours, e >= kColours, false, false};
            for (std::size_t epoch = 0; epoch < gate.by_epoch.size(); ++epoch) {
                const auto& weights = gate.by_epoch[epoch];
                series.x.push_back(epoch < epochs.size() ? epochs[epoch] : static_cast<double>(epoch));
                series.y.push_back(e < weights.size() ? weights[e] : std::nan(""));
            }
            lines.series.push_back(std::move(series));
        }
        out += plot(line_chart(lines));
    }
    return out + "</div>\n<p class=\"small\">The gate decides, molecule by molecule, how much each expert counts." +
           (gate.by_epoch.empty() ? std::string() : std::string(" By epoch: the first model of the ensemble.")) + "</p>\n";
}

}  // namespace molten::report

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/report/plot_frame.h"
#include "train/report/svg.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

// The share of the drawable values in each of `bins` equal bins of the range.
std::vector<double> shares(const std::vector<double>& values, Range range, int bins) {
    std::vector<double> counts(static_cast<std::size_t>(bins), 0);
    double total = 0;
    for (const double v : values) {
        if (!drawable(v)) continue;
        const double place = (v - range.low) / (range.high - range.low) * bins;
        counts[static_cast<std::size_t>(std::clamp(place, 0.0, bins - 1.0))] += 1;
        ++total;
    }
    if (total > 0)
        for (double& c : counts) c /= total;
    return counts;
}

int number_of_bins(const Histogram& plot) {
    if (plot.bins > 0) return std::min(plot.bins, 200);
    const double n = plot.series.empty() ? 0 : static_cast<double>(plot.series[0].values.size());
    return static_cast<int>(std::clamp(2 * std::cbrt(n), 16.0, 40.0));  // Rice's rule
}

// One bin after the other, from the base line and back to it.
std::string outline(const Frame& f, const std::vector<double>& heights, Range range) {
    const double step = (range.high - range.low) / static_cast<double>(heights.size());
    std::string d = fmt::format("M{} {}", pixels(f.x(range.low)), pixels(f.bottom));
    for (std::size_t b = 0; b < heights.size(); ++b)
        d += fmt::format("V{}H{}", pixels(f.y(heights[b])), pixels(f.x(range.low + static_cast<double>(b + 1) * step)));
    return d + "V" + pixels(f.bottom);
}

std::string histogram_bars(const Frame& f, const std::vector<double>& heights, Range range, int colour) {
    const double step = (range.high - range.low) / static_cast<double>(heights.size());
    std::string out = fmt::format("<g fill-opacity=\".65\" style=\"fill:{}\">", colour_of(colour));
    for (std::size_t b = 0; b < heights.size(); ++b) {
        if (heights[b] == 0) continue;
        const double low = range.low + static_cast<double>(b) * step, left = f.x(low), width = f.x(low + step) - left;
        out += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{} to {}: {:.1f} %</title></rect>",
                           pixels(left + 0.5), pixels(f.y(heights[b])), pixels(std::max(width - 1, 0.5)),
                           pixels(f.bottom - f.y(heights[b])), compact(low), compact(low + step), 100 * heights[b]);
    }
    return out + "</g>\n";
}

}  // namespace

std::string histogram(const Histogram& plot) {
    const int bins = number_of_bins(plot);
    std::vector<double> all;
    for (const HistogramSeries& s : plot.series)
        std::copy_if(s.values.begin(), s.values.end(), std::back_inserter(all), [](double v) { return drawable(v); });
    const Range range = plot.unit ? Range{0, 1} : range_of(all, false, 0);
    std::vector<std::vector<double>> heights;
    double highest = 0;
    FrameSpec spec;
    spec.title = plot.title;
    spec.x_label = plot.x_label;
    spec.y_label = plot.y_label;
    spec.x = range;
    for (const HistogramSeries& s : plot.series) {
        heights.push_back(shares(s.values, range, bins));
        highest = std::max(highest, *std::max_element(heights.back().begin(), heights.back().end()));
        if (!s.values.empty()) spec.legend.push_back({s.name, s.colour, heights.size() == 1 ? Key::bar : Key::outline});
    }
    spec.y = {0, highest > 0 ? 1.06 * highest : 1};
    const Frame f = draw_frame(spec);
    std::string content;
    for (std::size_t i = 0; i < heights.size(); ++i) {
        if (plot.series[i].values.empty()) continue;
        content += i == 0 ? histogram_bars(f, heights[i], range, plot.series[i].colour)
                          : fmt::format("<path d=\"{}\" fill=\"none\" stroke-width=\"1.6\" style=\"stroke:{}\"/>\n",
                                        outline(f, heights[i], range), colour_of(plot.series[i].colour));
    }
    return finish(f, content, all.empty());
}

std::string bar_chart(const BarChart& chart) {
    const double groups = static_cast<double>(chart.groups.size()), series = std::max(1.0, static_cast<double>(chart.series.size()));
    std::vector<double> all = {0};
    const auto value = [&](std::size_t s, std::size_t g) {
        return s < chart.values.size() && g < chart.values[s].size() ? chart.values[s][g] : std::nan("");
    };
    const auto colour = [&](std::size_t s) { return s < chart.colours.size() ? chart.colours[s] : static_cast<int>(s); };
    FrameSpec spec;
    spec.title = chart.title;
    spec.y_label = chart.y_label;
    spec.groups = chart.groups;
    spec.x = {-0.5, std::max(groups, 1.0) - 0.5};
    for (std::size_t s = 0; s < chart.series.size(); ++s) {
        spec.legend.push_back({chart.series[s], colour(s), Key::bar});
        for (std::size_t g = 0; g < chart.groups.size(); ++g)
            if (drawable(value(s, g))) all.push_back(value(s, g));
    }
    const auto [low, high] = std::minmax_element(all.begin(), all.end());
    spec.y = *high > *low ? Range{1.06 * *low, 1.06 * *high} : Range{0, 1};
    const Frame f = draw_frame(spec);
    std::string content;
    const double thick = 0.8 / series;
    for (std::size_t s = 0; s < chart.series.size(); ++s)
        for (std::size_t g = 0; g < chart.groups.size(); ++g) {
            const double v = value(s, g);
            if (!drawable(v)) continue;
            const double from = static_cast<double>(g) - 0.4 + static_cast<double>(s) * thick, left = f.x(from), right = f.x(from + thick);
            const double top = std::min(f.y(v), f.y(0)), bottom = std::max(f.y(v), f.y(0));
            content += fmt::format(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"1\" fill-opacity=\".85\" style=\"fill:{}\"><title>{}, {}: "
                "{}</title></rect>\n",
                pixels(left + 0.5), pixels(top), pixels(std::max(right - left - 1, 0.5)), pixels(bottom - top), colour_of(colour(s)),
                escaped(shortened(chart.groups[g], 80)), escaped(shortened(chart.series[s], 80)), compact(v));
        }
    return finish(f, content, all.size() == 1);
}

}  // namespace molten::report

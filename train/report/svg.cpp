#include "train/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/report/plot_frame.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

constexpr std::size_t kLinePoints = 1000;

struct Values {
    std::vector<double> x, y;
};
// Where a point can be drawn, both of its numbers.
template <class S>
void append_drawable(Values& values, const S& series, const Axis& x, const Axis& y) {
    for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
        if (!drawable(series.x[i], x.logarithmic) || !drawable(series.y[i], y.logarithmic)) continue;
        values.x.push_back(series.x[i]);
        values.y.push_back(series.y[i]);
    }
}

Range axis_range(const Axis& axis, const std::vector<double>& values) {
    return axis.unit ? Range{0, 1} : range_of(values, axis.logarithmic);
}

FrameSpec frame_spec(const std::string& title, const Axis& x, const Axis& y) {
    FrameSpec spec;
    spec.title = title;
    spec.x_label = x.label;
    spec.y_label = y.label;
    spec.x_logarithmic = x.logarithmic;
    spec.y_logarithmic = y.logarithmic;
    return spec;
}

std::string guide_line(const Frame& f, double x0, double y0, double x1, double y1) {
    return fmt::format("<path d=\"M{} {}L{} {}\" stroke=\"currentColor\" stroke-opacity=\".5\" stroke-dasharray=\"4 4\"/>\n",
                       pixels(f.x(x0)), pixels(f.y(y0)), pixels(f.x(x1)), pixels(f.y(y1)));
}
// y = x across the frame.
std::string diagonal_line(const Frame& f, Range x, Range y) {
    const double low = std::max(x.low, y.low), high = std::min(x.high, y.high);
    return low < high ? guide_line(f, low, low, high, high) : "";
}

// A path that breaks where a point is missing. A point alone between two gaps shows by its round cap.
std::string line_path(const Frame& f, const LineSeries& s) {
    const std::size_t n = std::min(s.x.size(), s.y.size()), drawn = std::min(n, kLinePoints);
    std::string d;
    bool down = false;
    for (std::size_t k = 0; k < drawn; ++k) {
        const std::size_t i = drawn == n || drawn < 2 ? k : k * (n - 1) / (drawn - 1);
        if (!f.x.shows(s.x[i]) || !f.y.shows(s.y[i])) {
            down = false;
            continue;
        }
        d += fmt::format("{}{} {}", down ? "L" : "M", pixels(f.x(s.x[i])), pixels(f.y(s.y[i])));
        if (!down) d += "h0";
        down = true;
    }
    return d;
}

std::string draw_series(const Frame& f, const LineSeries& s) {
    const std::string d = line_path(f, s);
    if (d.empty()) return "";
    std::string out = fmt::format(
        "<path d=\"{}\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\" stroke-width=\"{}\"{}{} style=\"stroke:{}\"/>\n",
        d, s.faint ? "1.2" : "1.8", s.dashed ? " stroke-dasharray=\"4 3\"" : "", s.faint ? " stroke-opacity=\".6\"" : "",
        colour_of(s.colour));
    if (!s.dots) return out;
    out += fmt::format("<g style=\"fill:{}\">", colour_of(s.colour));
    for (std::size_t i = 0; i < std::min({s.x.size(), s.y.size(), kLinePoints}); ++i)
        if (f.x.shows(s.x[i]) && f.y.shows(s.y[i]))
            out += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"2.6\"><title>{}, {}</title></circle>", pixels(f.x(s.x[i])),
                               pixels(f.y(s.y[i])), compact(s.x[i]), compact(s.y[i]));
    return out + "</g>\n";
}

std::string draw_markers(const Frame& f, const std::vector<Marker>& markers) {
    std::string out;
    for (const Marker& m : markers)
        if (f.x.shows(m.x) && f.y.shows(m.y))
            out += fmt::format(
                "<circle cx=\"{}\" cy=\"{}\" r=\"5\" fill=\"none\" stroke-width=\"2\" style=\"stroke:{}\"><title>{}</title></circle>\n",
                pixels(f.x(m.x)), pixels(f.y(m.y)), colour_of(m.colour), escaped(m.tooltip));
    return out;
}

std::string error_bars(const Frame& f, const DotSeries& s) {
    std::string d;
    for (std::size_t i = 0; i < std::min({s.x.size(), s.lower.size(), s.upper.size()}); ++i)
        if (f.x.shows(s.x[i]) && f.y.shows(s.lower[i]) && f.y.shows(s.upper[i]))
            d += fmt::format("M{} {}V{}", pixels(f.x(s.x[i])), pixels(f.y(s.lower[i])), pixels(f.y(s.upper[i])));
    return d.empty() ? "" : fmt::format("<path d=\"{}\" stroke-opacity=\".3\" style=\"stroke:{}\"/>\n", d, colour_of(s.colour));
}

// Dots without a tooltip are one path of zero-length lines with round caps.
std::string draw_dots(const Frame& f, const DotSeries& s) {
    const bool single = !s.tooltips.empty();
    std::string dots;
    for (std::size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i) {
        if (!f.x.shows(s.x[i]) || !f.y.shows(s.y[i])) continue;
        const std::string x = pixels(f.x(s.x[i])), y = pixels(f.y(s.y[i]));
        if (!single)
            dots += fmt::format("M{} {}h0", x, y);
        else
            dots += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"2.8\"><title>{}</title></circle>\n", x, y,
                                i < s.tooltips.size() ? escaped(s.tooltips[i], true) : "");
    }
    if (dots.empty()) return "";
    if (single) return fmt::format("<g fill-opacity=\".75\" style=\"fill:{}\">\n{}</g>\n", colour_of(s.colour), dots);
    return fmt::format("<path d=\"{}\" stroke-width=\"4\" stroke-linecap=\"round\" stroke-opacity=\".45\" style=\"stroke:{}\"/>\n", dots,
                       colour_of(s.colour));
}

}  // namespace

std::string line_chart(const LineChart& chart) {
    Values values;
    FrameSpec spec = frame_spec(chart.title, chart.x, chart.y);
    spec.square = chart.square;
    spec.wide = chart.wide;
    for (const LineSeries& s : chart.series) {
        append_drawable(values, s, chart.x, chart.y);
        spec.legend.push_back({s.name, s.colour, s.dashed ? Key::dashed : Key::line});
    }
    spec.x = axis_range(chart.x, values.x);
    spec.y = axis_range(chart.y, values.y);
    const Frame f = draw_frame(spec);
    std::string content = chart.diagonal ? diagonal_line(f, spec.x, spec.y) : "";
    for (const LineSeries& s : chart.series) content += draw_series(f, s);
    return finish(f, content + draw_markers(f, chart.markers), values.x.empty());
}

std::string scatter(const Scatter& plot) {
    Values values;
    FrameSpec spec = frame_spec(plot.title, plot.x, plot.y);
    spec.square = plot.square;
    for (const DotSeries& s : plot.series) {
        append_drawable(values, s, plot.x, plot.y);
        if (!s.x.empty()) spec.legend.push_back({s.name, s.colour, Key::dot});
    }
    const bool empty = values.x.empty();
    if (plot.guide == Guide::zero && !empty) values.y.push_back(0);
    if (plot.guide == Guide::diagonal) {
        values.x.insert(values.x.end(), values.y.begin(), values.y.end());
        values.y = values.x;
    }
    spec.x = axis_range(plot.x, values.x);
    spec.y = axis_range(plot.y, values.y);
    const Frame f = draw_frame(spec);
    std::string content;
    for (const DotSeries& s : plot.series) content += error_bars(f, s) + draw_dots(f, s);
    if (plot.guide == Guide::diagonal) content += diagonal_line(f, spec.x, spec.y);
    if (plot.guide == Guide::zero) content += guide_line(f, spec.x.low, 0, spec.x.high, 0);
    return finish(f, content, empty);
}

std::string calibration_chart(const CalibrationChart& chart) {
    LineChart lines{chart.title, {chart.x_label, false, true}, {chart.y_label, false, true}, {}, {}, true, true};
    lines.series.push_back({"", chart.x, chart.y, 0, false, false, true});
    return line_chart(lines);
}

}  // namespace molten::report

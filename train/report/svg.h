#pragma once
#include <string>
#include <vector>

// Plots as SVG text, for a page or a file of their own. Lines and letters take currentColor, series take var(--series-0) to
// var(--series-6) with a colour-blind-safe palette (Okabe and Ito 2008) behind it. The same input gives the same bytes. Numbers that
// cannot be drawn (NaN, infinite, not positive on a logarithmic axis) are left out; a plot without any says "no data". Texts are
// escaped here.
namespace molten::report {

inline constexpr int kColours = 7;
inline constexpr int kNeutral = -1;  // currentColor, faint

struct Axis {
    std::string label;
    bool logarithmic = false;
    bool unit = false;  // exactly 0 to 1: shares and probabilities
};

struct LineSeries {
    std::string name;  // empty: not in the legend
    std::vector<double> x, y;
    int colour = 0;
    bool dashed = false, faint = false, dots = false;
};
struct Marker {  // a ring around a point, with a tooltip
    double x = 0, y = 0;
    int colour = 0;
    std::string tooltip;
};
struct LineChart {
    std::string title;
    Axis x, y;
    std::vector<LineSeries> series;  // at most 1,000 points of each are drawn, evenly
    std::vector<Marker> markers;
    bool diagonal = false;  // y = x behind the series
    bool square = false, wide = false;
};
std::string line_chart(const LineChart&);

// Dots of one colour. With tooltips each dot can be pointed at; without, a dot costs a tenth of the bytes.
struct DotSeries {
    std::string name;
    std::vector<double> x, y;
    std::vector<std::string> tooltips;  // empty, or one a dot
    std::vector<double> lower, upper;   // empty, or a bar along y for each dot (NaN: none)
    int colour = 0;
};
enum class Guide { none, diagonal, zero };  // y = x (x and y then share one range), y = 0
struct Scatter {
    std::string title;
    Axis x, y;
    std::vector<DotSeries> series;  // the last on top
    Guide guide = Guide::none;
    bool square = false;
};
std::string scatter(const Scatter&);

struct HistogramSeries {
    std::string name;
    std::vector<double> values;
    int colour = 0;
};
// The share of each series in bins common to all: the first series as bars, the others as outlines.
struct Histogram {
    std::string title, x_label, y_label;
    std::vector<HistogramSeries> series;
    int bins = 0;       // 0: by the number of values of the first series, 16 to 40
    bool unit = false;  // bins from 0 to 1
};
std::string histogram(const Histogram&);

// Groups of bars from zero: values[series][group].
struct BarChart {
    std::string title, y_label;
    std::vector<std::string> groups, series;
    std::vector<std::vector<double>> values;
    std::vector<int> colours;  // of the series; missing: 0, 1, 2, ...
};
std::string bar_chart(const BarChart&);

// Nominal against measured shares with the diagonal of perfect calibration, both from 0 to 1.
struct CalibrationChart {
    std::string title, x_label, y_label;
    std::vector<double> x, y;
};
std::string calibration_chart(const CalibrationChart&);

}  // namespace molten::report

#include "train/report/plot_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/report/text.h"

namespace molten::report {
namespace {

constexpr double kWidth = 480, kWide = 960, kHeight = 320, kSquare = 400;
constexpr double kLetter = 6.2, kLine = 18;  // of 11 px text: mean advance, line pitch
constexpr const char* kPalette[kColours] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"};

double text_width(const std::string& text) { return kLetter * static_cast<double>(code_points(text)); }

std::string text_at(double x, double y, const char* attributes, const std::string& text) {
    return fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>", pixels(x), pixels(y), attributes, escaped(text));
}

std::string legend_key(const LegendEntry& entry, double x, double y) {
    const std::string colour = colour_of(entry.colour), a = pixels(x), b = pixels(x + 16), middle = pixels(y - 4);
    switch (entry.key) {
        case Key::dot:
            return fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4\" style=\"fill:{}\"/>", pixels(x + 8), middle, colour);
        case Key::bar:
            return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"12\" height=\"10\" style=\"fill:{}\"/>", pixels(x + 2), pixels(y - 9),
                               colour);
        case Key::outline:
            return fmt::format("<path d=\"M{} {}v-8h12v8\" style=\"fill:none;stroke:{};stroke-width:1.6\"/>", pixels(x + 2), pixels(y),
                               colour);
        default:
            return fmt::format("<path d=\"M{} {}H{}\" style=\"stroke:{};stroke-width:2{}\"/>", a, middle, b, colour,
                               entry.key == Key::dashed ? ";stroke-dasharray:5 3" : "");
    }
}

// The legend in as many lines as it takes; returns the y below it.
double draw_legend(std::string& out, const std::vector<LegendEntry>& entries, double left, double right, double y) {
    double x = left;
    bool any = false;
    for (const LegendEntry& entry : entries) {
        if (entry.name.empty()) continue;
        const std::string name = shortened(entry.name, 28);
        const double width = 22 + text_width(name) + 14;
        if (any && x + width > right) {
            x = left;
            y += kLine;
        }
        out += legend_key(entry, x, y + 13) + text_at(x + 21, y + 13, "", name);
        x += width;
        any = true;
    }
    return y + (any ? kLine + 4 : 8);
}

struct Ticks {
    std::vector<double> at;
    std::vector<std::string> labels;
};
Ticks ticks_of(Range range, bool logarithmic, int most) {
    Ticks ticks;
    ticks.at = logarithmic ? log_ticks(range, most) : linear_ticks(range, most);
    ticks.labels = tick_labels(ticks.at, logarithmic);
    return ticks;
}

// As many as their labels leave room for.
Ticks fitting_ticks(Range range, bool logarithmic, double room) {
    for (int most = room > 500 ? 13 : 8;; --most) {
        Ticks ticks = ticks_of(range, logarithmic, most);
        double total = 0;
        for (const std::string& label : ticks.labels) total += text_width(label) + 12;
        if (total <= room || most <= 2) return ticks;
    }
}

void draw_y_axis(Frame& f, const Ticks& ticks, const std::string& label) {
    std::string grid, labels;
    for (std::size_t i = 0; i < ticks.at.size(); ++i) {
        const double y = f.y(ticks.at[i]);
        grid += fmt::format("M{} {}H{}", pixels(f.left), pixels(y), pixels(f.right));
        labels += text_at(f.left - 6, y + 3.5, "", ticks.labels[i]);
    }
    f.svg += "<path class=\"grid\" d=\"" + grid +
             "\" stroke=\"currentColor\" stroke-opacity=\".13\"/>\n<g text-anchor=\"end\" fill-opacity=\".8\">" + labels + "</g>\n";
    if (label.empty()) return;
    const double middle = (f.top + f.bottom) / 2;
    f.svg += fmt::format("<text transform=\"translate(12 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", pixels(middle),
                         escaped(shortened(label, 48)));
}

void draw_x_axis(Frame& f, const FrameSpec& spec, const Ticks& ticks) {
    std::string grid, labels;
    const double cell = (f.right - f.left) / std::max(1.0, static_cast<double>(spec.groups.size()));
    for (std::size_t i = 0; i < spec.groups.size(); ++i)
        labels += text_at(f.x(static_cast<double>(i)), f.bottom + 16, "",
                          shortened(spec.groups[i], static_cast<std::size_t>(std::max(3.0, cell / kLetter))));
    for (std::size_t i = 0; i < ticks.at.size(); ++i) {
        grid += fmt::format("M{} {}V{}", pixels(f.x(ticks.at[i])), pixels(f.top), pixels(f.bottom));
        labels += text_at(f.x(ticks.at[i]), f.bottom + 16, "", ticks.labels[i]);
    }
    if (!grid.empty()) f.svg += "<path class=\"grid\" d=\"" + grid + "\" stroke=\"currentColor\" stroke-opacity=\".13\"/>\n";
    f.svg += "<g text-anchor=\"middle\" fill-opacity=\".8\">" + labels + "</g>\n";
    f.svg += fmt::format("<path d=\"M{} {}V{}H{}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".55\"/>\n", pixels(f.left),
                         pixels(f.top), pixels(f.bottom), pixels(f.right));
    if (!spec.x_label.empty())
        f.svg += text_at((f.left + f.right) / 2, f.bottom + 34, " text-anchor=\"middle\"", shortened(spec.x_label, 64)) + "\n";
}

}  // namespace

Scale::Scale(Range range, bool logarithmic, double from, double to) : range_(range), logarithmic_(logarithmic), from_(from), to_(to) {
    if (logarithmic_) range_ = {std::log10(range.low), std::log10(range.high)};
}

double Scale::operator()(double value) const {
    const double v = logarithmic_ ? std::log10(value) : value;
    return from_ + std::clamp((v - range_.low) / (range_.high - range_.low), 0.0, 1.0) * (to_ - from_);
}

Frame draw_frame(const FrameSpec& spec) {
    const double width = spec.square ? kSquare : spec.wide ? kWide : kWidth;
    const Ticks x_ticks = spec.groups.empty() ? fitting_ticks(spec.x, spec.x_logarithmic, width - 90) : Ticks{};
    const bool shared = spec.square && spec.x.low == spec.y.low && spec.x.high == spec.y.high;
    const Ticks y_ticks = shared ? x_ticks : ticks_of(spec.y, spec.y_logarithmic, 7);
    Frame f;
    double widest = 0;
    for (const std::string& label : y_ticks.labels) widest = std::max(widest, text_width(label));
    f.left = (spec.y_label.empty() ? 10 : 26) + widest;
    f.right = width - 14;
    std::string head = fmt::format("<text x=\"{}\" y=\"16\" font-size=\"13\" font-weight=\"600\">{}</text>\n", pixels(f.left),
                                   escaped(shortened(spec.title, static_cast<std::size_t>((f.right - f.left) / 7.2))));
    f.top = draw_legend(head, spec.legend, f.left, f.right, 22) + 6;
    f.bottom = spec.square ? f.top + f.right - f.left : std::max(kHeight - 44, f.top + 180);
    const double height = f.bottom + (spec.x_label.empty() ? 26 : 44);
    f.x = Scale(spec.x, spec.x_logarithmic, f.left, f.right);
    f.y = Scale(spec.y, spec.y_logarithmic, f.bottom, f.top);
    f.svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{2}\" "
        "font-family=\"system-ui,sans-serif\" font-size=\"11\" fill=\"currentColor\">\n",
        pixels(width), pixels(height), escaped(shortened(spec.title, 200)));
    f.svg += head + "\n";
    draw_y_axis(f, y_ticks, spec.y_label);
    draw_x_axis(f, spec, x_ticks);
    return f;
}

std::string finish(Frame frame, const std::string& content, bool empty) {
    frame.svg += content;
    if (empty)
        frame.svg += text_at((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2, " text-anchor=\"middle\" fill-opacity=\".6\"",
                             "no data") +
                     "\n";
    return std::move(frame.svg) + "</svg>\n";
}

std::string pixels(double value) {
    std::string text = fmt::format("{:.1f}", value);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text == "-0" ? "0" : text;
}

std::string colour_of(int colour) {
    if (colour < 0) return "currentColor";
    return fmt::format("var(--series-{},{})", colour % kColours, kPalette[colour % kColours]);
}

std::string shortened(const std::string& text, std::size_t limit) {
    const std::string clean = visible(text);
    if (code_points(clean) <= limit) return clean;
    std::size_t end = 0;
    for (std::size_t left = std::max<std::size_t>(limit, 2) - 1; end < clean.size(); ++end)
        if ((clean[end] & 0xC0) != 0x80 && left-- == 0) break;
    return clean.substr(0, end) + "…";
}

}  // namespace molten::report

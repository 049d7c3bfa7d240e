#pragma once
#include <string>
#include <vector>

#include "train/report/svg.h"
#include "train/report/ticks.h"

// What all plots share: the mapping to pixels, title, legend, axes, grid. For the plots of this folder only.
namespace molten::report {

class Scale {
  public:
    Scale() = default;
    Scale(Range range, bool logarithmic, double from, double to);
    bool shows(double value) const { return drawable(value, logarithmic_); }
    double operator()(double value) const;  // pixels, held within the axis

  private:
    Range range_;
    bool logarithmic_ = false;
    double from_ = 0, to_ = 1;
};

enum class Key { line, dashed, dot, bar, outline };
struct LegendEntry {
    std::string name;
    int colour = 0;
    Key key = Key::line;
};

struct FrameSpec {
    std::string title, x_label, y_label;
    Range x, y;
    bool x_logarithmic = false, y_logarithmic = false;
    std::vector<LegendEntry> legend;
    std::vector<std::string> groups;  // names along x instead of ticks: group i stands at x = i
    bool square = false, wide = false;
};

struct Frame {
    std::string svg;  // from <svg ...> on: title, legend, grid, axes
    Scale x, y;
    double left = 0, top = 0, right = 0, bottom = 0;
};
Frame draw_frame(const FrameSpec&);
// A word in the middle where there is nothing to draw, then </svg>.
std::string finish(Frame frame, const std::string& content, bool empty);

std::string pixels(double value);                                         // "12.5", one decimal at most
std::string colour_of(int colour);                                        // "var(--series-0,#0072b2)" or "currentColor"
std::string shortened(const std::string& text, std::size_t code_points);  // "abc…", before escaping

}  // namespace molten::report

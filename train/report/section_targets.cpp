#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/report/sections.h"
#include "train/report/svg.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

std::size_t count_of(const TargetSection& target, Part part) {
    return static_cast<std::size_t>(
        std::count_if(target.points.begin(), target.points.end(), [&](const Point& p) { return p.part == part; }));
}

std::string summary(const TargetSection& target) {
    std::string out = "<summary><b>" + escaped(target.name) + "</b><span class=\"small\">" + escaped(task_text(target));
    if (!target.points.empty())
        out += fmt::format(", {} train, {} validation, {} test", grouped(count_of(target, Part::train)),
                           grouped(count_of(target, Part::validation)), grouped(count_of(target, Part::test)));
    return out + "</span></summary>\n";
}

// What the sample alone lets the measured coverage vary by: the standard deviation of a binomial share.
std::string sampling_note(double nominal, std::size_t n) {
    return fmt::format("{:.1f} % wanted; ± {:.1f} % by chance with {} molecules", 100 * nominal,
                       100 * std::sqrt(nominal * (1 - nominal) / static_cast<double>(n)), grouped(n));
}

std::string coverage_tiles(const TargetSection& target) {
    const std::size_t n = count_of(target, Part::test);
    std::string out;
    if (std::isfinite(target.measured_coverage))
        out += tile("Test part within its intervals", fmt::format("{:.1f} %", 100 * target.measured_coverage),
                    n ? sampling_note(target.nominal_coverage, n) : "");
    if (std::isfinite(target.mean_width))
        out += tile("Mean width of an interval", compact(target.mean_width), "in the units of " + target.name);
    return out.empty() ? "" : "<div class=\"tiles\">\n" + out + "</div>\n";
}

std::string target_body(const TargetSection& target, DotBudget budget) {
    std::string out;
    if (target.classification) {
        out += classification_plots(target);
    } else {
        out += coverage_tiles(target) + regression_plots(target, budget);
    }
    if (!target.interval_note.empty()) out += "<p class=\"small\">" + escaped(target.interval_note) + "</p>\n";
    return out;
}

}  // namespace

std::string task_text(const TargetSection& target) {
    std::string why = target.why;
    if (const std::string tail = ": " + target.task; why.ends_with(tail)) why.resize(why.size() - tail.size());
    return why.empty() ? target.task : target.task + " (" + why + ")";
}

DotBudget dot_budget(std::size_t targets) {
    const std::size_t n = std::max<std::size_t>(targets, 1);
    return {std::clamp<std::size_t>(4000 / n, 100, 800), std::clamp<std::size_t>(20000 / n, 300, 4000)};
}

std::string targets_section(const ReportData& data) {
    std::string out;
    const DotBudget budget = dot_budget(data.targets.size());
    for (std::size_t i = 0; i < data.targets.size(); ++i)
        out += (i == 0 || data.targets.size() <= 3 ? "<details open=\"open\">\n" : "<details>\n") + summary(data.targets[i]) +
               target_body(data.targets[i], budget) + "</details>\n";
    return out;
}

}  // namespace molten::report

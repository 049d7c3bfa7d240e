#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <numeric>

#include "train/report/sections.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

std::string base64(const std::string& bytes) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        for (int k = 3; k >= 0; --k) out += kDigits[group >> (6 * k) & 63];
    }
    for (std::size_t missing = (3 - bytes.size() % 3) % 3; missing > 0; --missing) out[out.size() - missing] = '=';
    return out;
}

// An image of its own, so that nothing in a drawing can reach the page.
std::string drawing(const WorstMolecule& m) {
    if (m.svg.empty()) return "<div class=\"none\">no drawing</div>";
    return "<img alt=\"" + escaped(m.smiles) + "\" src=\"data:image/svg+xml;base64," + base64(m.svg) + "\"/>";
}

std::string card_line(const char* name, const std::string& value) { return fmt::format("<dt>{}</dt><dd>{}</dd>", name, value); }

std::string molecule_card(const WorstMolecule& m, bool several_targets) {
    std::string out = "<figure class=\"molecule\">" + drawing(m) + "<figcaption>" +
                      (several_targets ? "<b>" + escaped(m.target) + "</b>, " : "") + escaped(m.row) + "<dl>";
    out += card_line("measured", compact(m.measured)) + card_line("predicted", compact(m.predicted));
    if (std::isfinite(m.lower) && std::isfinite(m.upper) && m.lower < m.upper) {
        const bool inside = m.lower <= m.measured && m.measured <= m.upper;
        out +=
            card_line("interval", compact(m.lower) + " to " + compact(m.upper) + (inside ? "" : " <span class=\"outside\">missed</span>"));
    }
    if (std::isfinite(m.similarity)) out += card_line("similarity", fmt::format("{:.2f}", m.similarity));
    return out + "</dl><code>" + escaped(m.smiles) + "</code></figcaption></figure>\n";
}

}  // namespace

std::string worst_section(const ReportData& data) {
    if (data.worst.empty()) return "";
    std::string out =
        "<p class=\"small\">The largest errors of the test part, in standard deviations of the target. Similarity is the Tanimoto "
        "coefficient "
        "of Morgan fingerprints with the nearest training molecule: a small one says that the model has seen nothing like it.</p>\n<div "
        "class=\"worst\">\n";
    for (const WorstMolecule& m : data.worst) out += molecule_card(m, data.targets.size() > 1);
    return out + "</div>\n";
}

std::string rows_section(const ReportData& data) {
    if (data.rejected.empty()) return "";
    std::size_t total = 0;
    std::string rows;
    for (const auto& [reason, count] : data.rejected) {
        rows += "<tr><td><code>" + escaped(reason) + "</code></td><td class=\"number\">" + grouped(count) + "</td></tr>\n";
        total += count;
    }
    return "<p class=\"small\">" + grouped(total) +
           " rows could not be used; each is in <code>rejected.csv</code> with its reason.</p>\n<table>\n<tr><th>reason</th><th "
           "class=\"number\">rows</th></tr>\n" +
           rows + "</table>\n";
}

std::string reproduce_section(const ReportData& data) {
    std::string out;
    if (!data.command.empty()) out += "<h3>Command</h3>\n<pre>" + escaped(data.command, true) + "</pre>\n";
    if (!data.config.empty()) out += "<h3>Configuration</h3>\n<pre>" + escaped(data.config, true) + "</pre>\n";
    return out;
}

}  // namespace molten::report

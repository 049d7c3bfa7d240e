#include <algorithm>
#include <cmath>

#include "train/report/metrics_table.h"
#include "train/report/sections.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

// The model's figures beside the best of the baselines, from a table of models.
std::string headline(const MetricsTable& table) {
    const TableText text = table_text(table);
    if (table.rows.empty() || table.rows_are != "model") return "";
    std::string out;
    for (std::size_t c = 0; c < std::min<std::size_t>(table.columns.size(), 4); ++c) {
        const bool larger = c < table.larger_is_better.size() && table.larger_is_better[c];
        std::string note;
        double best = std::nan("");
        for (std::size_t r = 0; r < table.rows.size(); ++r) {
            const MetricsRow& row = table.rows[r];
            if (row.kind != "baseline" || c >= row.mean.size() || !std::isfinite(row.mean[c])) continue;
            if (!std::isnan(best) && (larger ? row.mean[c] <= best : row.mean[c] >= best)) continue;
            best = row.mean[c];
            note = "best baseline: " + row.model + ", " + text.rows[r].cells[c].text;
        }
        out += tile(table.columns[c], text.rows[0].cells[c].text, note);
    }
    return "<div class=\"tiles\">\n" + out + "</div>\n";
}

std::string html_table(const MetricsTable& table) {
    const TableText text = table_text(table);
    std::string out = "<h3>" + escaped(table.title) + "</h3>\n<div class=\"wide\"><table class=\"metrics\">\n<tr>";
    for (std::size_t c = 0; c < text.head.size(); ++c) out += (c ? "<th class=\"number\">" : "<th>") + escaped(text.head[c]) + "</th>";
    if (text.has_kind) out += "<th>kind</th>";
    if (text.has_settings) out += "<th>settings</th>";
    if (text.has_time) out += "<th class=\"number\">time</th>";
    out += "</tr>\n";
    for (const auto& row : text.rows) {
        out += (text.has_kind && row.kind == "model" ? "<tr class=\"own\"><td>" : "<tr><td>") + escaped(row.name) + "</td>";
        for (const TableCell& cell : row.cells)
            out += (cell.best ? "<td class=\"number best\">" : "<td class=\"number\">") + escaped(cell.text) + "</td>";
        if (text.has_kind) out += "<td class=\"kind\">" + escaped(row.kind) + "</td>";
        if (text.has_settings) out += "<td class=\"wrap\">" + escaped(row.settings) + "</td>";
        if (text.has_time) out += "<td class=\"number kind\">" + escaped(row.time) + "</td>";
        out += "</tr>\n";
    }
    return out + "</table></div>\n";
}

bool has_deviation(const MetricsTable& table) {
    return std::any_of(table.rows.begin(), table.rows.end(), [](const MetricsRow& row) { return !row.deviation.empty(); });
}

}  // namespace

std::string facts_section(const ReportData& data) {
    std::string out;
    for (const auto& [name, value] : data.facts) out += "<tr><th>" + escaped(name) + "</th><td>" + escaped(value) + "</td></tr>\n";
    if (!out.empty()) out = "<table class=\"facts\">\n" + out + "</table>\n";
    for (const std::string& note : data.notes) out += "<p class=\"small\">" + escaped(note) + "</p>\n";
    return out;
}

std::string results_section(const ReportData& data) {
    if (data.tables.empty()) return "";
    std::string out = headline(data.tables[0]);
    bool deviations = false;
    for (const MetricsTable& table : data.tables) {
        out += html_table(table);
        deviations |= has_deviation(table);
    }
    return out + "<p class=\"small\">↓ smaller is better, ↑ larger is better; the best of a column is marked." +
           (deviations ? " Mean ± standard deviation over replicates." : "") + "</p>\n";
}

}  // namespace molten::report

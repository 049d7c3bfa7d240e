#include "train/report/metrics_table.h"

#include <algorithm>
#include <cmath>

#include "train/log/run_log.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

double at(const std::vector<double>& values, std::size_t i) { return i < values.size() ? values[i] : std::nan(""); }

std::string mean_and_deviation(const MetricsRow& row, std::size_t column, int decimals) {
    const double mean = at(row.mean, column), deviation = at(row.deviation, column);
    std::string text = fixed(mean, decimals);
    if (std::isfinite(mean) && std::isfinite(deviation)) text += " ± " + fixed(deviation, decimals);
    return text;
}

// Columns as aligned Markdown: the first to the left, the rest to the right.
std::string aligned(const std::vector<std::vector<std::string>>& lines, const std::vector<bool>& right) {
    std::vector<std::size_t> width(lines[0].size(), 3);
    for (const auto& line : lines)
        for (std::size_t c = 0; c < line.size(); ++c) width[c] = std::max(width[c], code_points(line[c]));
    std::string out;
    for (std::size_t l = 0; l < lines.size(); ++l) {
        out += '|';
        for (std::size_t c = 0; c < width.size(); ++c) {
            const std::string space(width[c] - code_points(lines[l][c]), ' ');
            out += right[c] ? " " + space + lines[l][c] + " |" : " " + lines[l][c] + space + " |";
        }
        out += '\n';
        if (l > 0) continue;
        out += '|';
        for (std::size_t c = 0; c < width.size(); ++c)
            out += (right[c] ? std::string(width[c] + 1, '-') + ":" : ":" + std::string(width[c] + 1, '-')) + "|";
        out += '\n';
    }
    return out;
}

}  // namespace

TableText table_text(const MetricsTable& table) {
    TableText text;
    text.head.push_back(table.rows_are);
    for (const MetricsRow& row : table.rows) {
        text.rows.push_back({row.model, row.kind, row.settings, row.seconds > 0 ? log::human_duration(row.seconds) : "", {}});
        text.has_kind |= row.kind != table.rows[0].kind;
        text.has_settings |= !row.settings.empty();
        text.has_time |= row.seconds > 0;
    }
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const bool larger = c < table.larger_is_better.size() && table.larger_is_better[c];
        text.head.push_back(table.columns[c] + (larger ? " ↑" : " ↓"));
        std::vector<double> column;
        for (const MetricsRow& row : table.rows) column.push_back(at(row.mean, c));
        const int decimals = decimals_for(column);
        double best = std::nan("");
        std::size_t finite = 0;
        for (const double v : column) {
            if (!std::isfinite(v)) continue;
            ++finite;
            if (std::isnan(best) || (larger ? v > best : v < best)) best = v;
        }
        const bool marks = table.rows_are == "model" && finite > 1;
        for (std::size_t r = 0; r < table.rows.size(); ++r)
            text.rows[r].cells.push_back({mean_and_deviation(table.rows[r], c, decimals), marks && column[r] == best});
    }
    return text;
}

std::string to_markdown(const MetricsTable& table) {
    const TableText text = table_text(table);
    std::vector<std::vector<std::string>> lines(1);
    std::vector<bool> right;
    for (const std::string& name : text.head) {
        lines[0].push_back(markdown_escaped(name));
        right.push_back(right.size() > 0);
    }
    const auto extra = [&](bool there, const char* name, bool to_right) {
        if (!there) return;
        lines[0].push_back(name);
        right.push_back(to_right);
    };
    extra(text.has_kind, "kind", false);
    extra(text.has_settings, "settings", false);
    extra(text.has_time, "time", true);
    for (const auto& row : text.rows) {
        std::vector<std::string> line = {markdown_escaped(row.name)};
        for (const TableCell& cell : row.cells) line.push_back(cell.best ? "**" + cell.text + "**" : cell.text);
        if (text.has_kind) line.push_back(markdown_escaped(row.kind));
        if (text.has_settings) line.push_back(markdown_escaped(row.settings));
        if (text.has_time) line.push_back(row.time);
        lines.push_back(std::move(line));
    }
    return aligned(lines, right);
}

}  // namespace molten::report

#include <fmt/format.h>

#include "train/report/metrics_table.h"
#include "train/report/report.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

std::string facts_table(const ReportData& data) {
    std::string out = "<table class=\"facts\">\n";
    for (const auto& [name, value] : data.facts) out += "<tr><th>" + escaped(name) + "</th><td>" + escaped(value) + "</td></tr>\n";
    return out + "</table>\n";
}

std::string metrics_table(const MetricsTable& table) {
    const TableText text = table_text(table);
    std::string out = "<h3>" + escaped(table.title) + "</h3>\n<table>\n<tr>";
    for (const std::string& name : text.head) out += "<th>" + escaped(name) + "</th>";
    out += "</tr>\n";
    for (const auto& row : text.rows) {
        out += "<tr><td>" + escaped(row.name) + "</td>";
        for (const TableCell& cell : row.cells) out += (cell.best ? "<td class=\"best\">" : "<td>") + escaped(cell.text) + "</td>";
        out += "</tr>\n";
    }
    return out + "</table>\n";
}

std::string worst_molecules(const ReportData& data) {
    std::string out;
    for (const WorstMolecule& m : data.worst)
        out += "<figure>" + m.svg + "<figcaption>" + escaped(m.row) + ", " + escaped(m.target) + ": measured " + compact(m.measured) + ", predicted " +
               compact(m.predicted) + "<br><code>" + escaped(m.smiles) + "</code></figcaption></figure>\n";
    return out.empty() ? "" : "<h2>Worst molecules</h2>\n" + out;
}

}  // namespace

std::string to_html(const ReportData& data) {
    std::string out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + escaped(data.title) + "</title></head>\n<body>\n";
    out += "<h1>" + escaped(data.title) + "</h1>\n" + facts_table(data);
    for (const MetricsTable& table : data.tables) out += metrics_table(table);
    out += worst_molecules(data);
    for (const auto& [reason, rows] : data.rejected) out += "<p>" + escaped(reason) + ": " + grouped(rows) + "</p>\n";
    for (const std::string& note : data.notes) out += "<p>" + escaped(note) + "</p>\n";
    return out + "<pre>" + escaped(data.command, true) + "\n\n" + escaped(data.config, true) + "</pre>\n</body></html>\n";
}

}  // namespace molten::report

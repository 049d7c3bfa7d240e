#include <fmt/format.h>

#include "train/report/plot_frame.h"
#include "train/report/report.h"
#include "train/report/sections.h"
#include "train/report/style.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

struct Section {
    const char *id, *name;
    std::string body;
};

}  // namespace

std::string heading(const std::string& id, const std::string& text) { return "<h2 id=\"" + id + "\">" + escaped(text) + "</h2>\n"; }

std::string plot(const std::string& svg) { return "<figure class=\"plot\">" + svg + "</figure>\n"; }

std::string tile(const std::string& name, const std::string& figure, const std::string& note) {
    return "<div class=\"tile\"><span>" + escaped(name) + "</span><b>" + escaped(figure) + "</b><span>" + escaped(note) + "</span></div>\n";
}

std::string to_html(const ReportData& data) {
    const Section sections[] = {{"results", "Results", results_section(data)},      {"training", "Training", training_section(data)},
                                {"targets", "Targets", targets_section(data)},      {"gate", "Gate", gate_section(data)},
                                {"worst", "Worst molecules", worst_section(data)},  {"rejected", "Rejected rows", rows_section(data)},
                                {"reproduce", "Reproduce", reproduce_section(data)}};
    const std::string title = escaped(data.title.empty() ? "untitled" : shortened(data.title, 200));
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"/>\n<title>" +
        title + " - molten report</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<p class=\"over\">molten report</p>\n<h1>" +
        title + "</h1>\n<nav>";
    for (const Section& s : sections)
        if (!s.body.empty()) out += fmt::format("<a href=\"#{}\">{}</a>", s.id, s.name);
    out += "</nav>\n" + facts_section(data);
    for (const Section& s : sections)
        if (!s.body.empty()) out += heading(s.id, s.name) + s.body;
    return out + "<footer>Written by molten. This page needs no network and runs no script.</footer>\n</body>\n</html>\n";
}

}  // namespace molten::report

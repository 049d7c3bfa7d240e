#include <fmt/format.h>

#include <cmath>

#include "engine/io/file.h"
#include "train/report/report.h"
#include "train/report/sections.h"
#include "train/report/text.h"

namespace molten::report {
namespace {

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string target_line(const TargetSection& target) {
    std::string line = "- **" + markdown_escaped(target.name) + "**: " + markdown_escaped(task_text(target));
    if (!target.classification && std::isfinite(target.measured_coverage)) {
        line +=
            fmt::format("; intervals of {} hold {} of the test part", percent(target.nominal_coverage), percent(target.measured_coverage));
        if (std::isfinite(target.mean_width)) line += ", mean width " + compact(target.mean_width);
    }
    return line + "\n";
}

}  // namespace

std::string to_model_card(const ReportData& data) {
    std::string out = "---\nlibrary_name: molten\ntags:\n- chemistry\n- molecular-property-prediction\n---\n";
    out += "\n# " + markdown_escaped(data.title.empty() ? "A molten model" : data.title) + "\n\n";
    out +=
        "A multimodal model of molecules (graph, fingerprint, descriptors and neighbours, mixed by a gate), trained with molten.\n"
        "Plots, intervals and the worst molecules are in `report.html`.\n\n";
    for (const auto& [name, value] : data.facts) out += "- " + markdown_escaped(name) + ": " + markdown_escaped(value) + "\n";
    out += "\n## Use\n\n" + markdown_code("molten predict --model . --data molecules.csv --out predictions.csv");
    out +=
        "\n`predictions.csv` has every row of `molecules.csv` in its order, with `<target>_pred`, `<target>_lower`, `<target>_upper` and "
        "`reason`.\n";
    if (!data.targets.empty()) out += "\n## Targets\n\n";
    for (const TargetSection& target : data.targets) out += target_line(target);
    if (!data.tables.empty()) out += "\n## Results\n\nArrows show the better direction; the best of a column is bold.\n";
    for (const MetricsTable& table : data.tables) out += "\n### " + markdown_escaped(table.title) + "\n\n" + to_markdown(table);
    out +=
        "\n## Limits\n\n"
        "- The figures hold for molecules like those of the test part. Look at the similarity to the nearest training molecule before you\n"
        "  trust a prediction for something else.\n"
        "- Intervals are calibrated on the validation part: their coverage is a mean over molecules, not a promise for each one.\n";
    for (const auto& note : data.notes) out += "- " + markdown_escaped(note) + "\n";
    if (!data.rejected.empty()) {
        out += "\n## Rejected rows\n\nEach is in `rejected.csv` with its reason.\n\n| reason | rows |\n|:-------|-----:|\n";
        for (const auto& [reason, rows] : data.rejected) out += "| " + markdown_escaped(reason) + " | " + grouped(rows) + " |\n";
    }
    if (!data.command.empty()) out += "\n## Command\n\n" + markdown_code(data.command);
    if (!data.config.empty()) out += "\n## Configuration\n\n" + markdown_code(data.config);
    return out;
}

void write_report(const ReportData& data, const std::filesystem::path& directory) {
    io::write_file_atomically(directory / "report.html", to_html(data));
    io::write_file_atomically(directory / "README.md", to_model_card(data));
}

}  // namespace molten::report

#include "train/loop/report_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "chem/drawing/drawing.h"
#include "engine/io/json.h"
#include "train/baselines/tanimoto.h"
#include "train/log/run_log.h"
#include "train/uncertainty/classification.h"

namespace molten::train {
namespace {

using report::Part;

std::vector<double> headline_values(const Outcome& outcome, const std::vector<Measure>& measures) {
    std::vector<double> values;
    for (const Measure& m : headline(outcome.pipeline.targets, measures)) values.push_back(m.score.value.value_or(std::nan("")));
    return values;
}

// "ROC-AUC" for "roc_auc".
std::string label_of(const Measure& measure) {
    const auto all = metrics::all();
    const auto metric = std::find_if(all.begin(), all.end(), [&](const metrics::Metric& m) { return m.name == measure.metric; });
    return metric == all.end() ? measure.metric : std::string(metric->label);
}

report::MetricsTable empty_table(const Outcome& outcome, std::string title) {
    report::MetricsTable table;
    table.title = std::move(title);
    for (const Measure& m : headline(outcome.pipeline.targets, outcome.arms[0].test)) {
        table.columns.push_back(outcome.pipeline.targets.size() > 1 ? "mean " + label_of(m) : label_of(m));
        table.larger_is_better.push_back(m.larger_is_better);
    }
    return table;
}

report::MetricsTable comparison(const Outcome& outcome) {
    report::MetricsTable table = empty_table(outcome, "Test part");
    for (std::size_t a = 0; a < outcome.arms.size(); ++a)
        table.rows.push_back({outcome.arms[a].arm.name,
                              a == 0 || outcome.arms[a].arm.name == "one member" ? "model" : "ablation",
                              headline_values(outcome, outcome.arms[a].test),
                              {},
                              fmt::format("{} model{}", outcome.arms[a].arm.members, outcome.arms[a].arm.members == 1 ? "" : "s"),
                              0});
    for (std::size_t b = 0; b < outcome.baselines.size(); ++b)
        table.rows.push_back({outcome.baselines[b].name,
                              "baseline",
                              headline_values(outcome, outcome.baseline_test[b]),
                              {},
                              outcome.baselines[b].settings,
                              outcome.baselines[b].seconds});
    return table;
}

report::MetricsTable by_target(const Outcome& outcome) {
    report::MetricsTable table;
    table.title = "Test part, target by target";
    table.rows_are = "target";
    for (const TargetInfo& target : outcome.pipeline.targets) {
        report::MetricsRow row{target.name, "model", {}, {}, "", 0};
        for (const Measure& m : headline({target}, outcome.arms[0].test)) {  // targets of other tasks have other columns
            const auto column =
                static_cast<std::size_t>(std::find(table.columns.begin(), table.columns.end(), label_of(m)) - table.columns.begin());
            if (column == table.columns.size()) {
                table.columns.push_back(label_of(m));
                table.larger_is_better.push_back(m.larger_is_better);
            }
            row.mean.resize(table.columns.size(), std::nan(""));
            row.mean[column] = m.score.value.value_or(std::nan(""));
        }
        table.rows.push_back(std::move(row));
    }
    for (report::MetricsRow& row : table.rows) row.mean.resize(table.columns.size(), std::nan(""));
    return table;
}

Part part_of(std::int64_t molecule, const data::Split& split) {
    if (std::binary_search(split.train.begin(), split.train.end(), molecule)) return Part::train;
    return std::binary_search(split.val.begin(), split.val.end(), molecule) ? Part::validation : Part::test;
}

std::vector<std::pair<double, double>> pairs(const std::vector<metrics::Point>& points) {
    std::vector<std::pair<double, double>> result;
    for (const auto& p : points) result.emplace_back(p.x, p.y);
    return result;
}

// Measured, predicted and spread of one output over the rows that have it.
struct TestColumn {
    std::vector<double> measured, predicted, spread;
};
TestColumn test_column(const Material& material, const Predictions& p, const TargetInfo& target, const std::vector<std::int64_t>& rows) {
    TestColumn c;
    for (const std::int64_t r : rows) {
        c.measured.push_back(material.values[static_cast<std::size_t>(r * p.outputs + target.first_output)]);
        c.predicted.push_back(p.at(p.mean, r, target.first_output));
        c.spread.push_back(p.at(p.spread, r, target.first_output));
    }
    return c;
}

report::TargetSection section_of(const Material& material, const Outcome& outcome, std::size_t number) {
    const TargetInfo& target = outcome.pipeline.targets[number];
    const Predictions& p = outcome.arms[0].predictions;
    report::TargetSection section;
    section.name = target.name;
    section.task = data::name_of(target.task);
    section.why = material.targets[number].why;
    section.classification = target.task != data::Task::regression;
    section.nominal_coverage = 1 - outcome.pipeline.alpha;
    section.measured_coverage = section.mean_width = std::nan("");
    if (target.task == data::Task::multiclass) return section;
    for (std::int64_t i = 0; i < p.molecules; ++i) {
        const double value = material.values[static_cast<std::size_t>(i * p.outputs + target.first_output)];
        if (std::isnan(value)) continue;
        const TargetPrediction t = target_prediction(p, target, i);
        section.points.push_back(
            {part_of(i, outcome.split), value, t.value, t.lower, t.upper, material.molecules->canonical[static_cast<std::size_t>(i)]});
    }
    const TestColumn c = test_column(material, p, target, outcome.split.test);
    if (section.classification) {
        const metrics::Sample sample{c.measured, c.predicted, {}, metrics::Task::binary, 2};
        section.roc = pairs(metrics::roc_curve(sample));
        section.precision_recall = pairs(metrics::precision_recall_curve(sample));
        for (const auto& point : uncertainty::calibration_curve(c.predicted, c.measured))
            section.reliability.emplace_back(point.probability, point.share);
        return section;
    }
    const uncertainty::Measured measured{c.measured, c.predicted, c.spread, {}};
    const uncertainty::Coverage coverage = uncertainty::measure(target.interval, measured);
    section.measured_coverage = coverage.share;
    section.mean_width = coverage.mean_width;
    section.interval_note = target.interval.message;
    for (const auto& point : uncertainty::interval_calibration_curve(measured, 20))
        section.calibration.emplace_back(point.lower, point.upper);
    return section;
}

report::GateSection gate_of(const Outcome& outcome) {
    report::GateSection gate;
    const Predictions& p = outcome.arms[0].predictions;
    if (p.experts == 0) return gate;
    gate.experts = outcome.arms[0].arm.model.experts();
    const auto mean = [&](const std::vector<std::int64_t>& rows) {
        std::vector<double> result(static_cast<std::size_t>(p.experts), 0);
        for (const std::int64_t r : rows)
            for (std::int64_t e = 0; e < p.experts; ++e)
                result[static_cast<std::size_t>(e)] +=
                    p.gate[static_cast<std::size_t>(r * p.experts + e)] / static_cast<double>(rows.size());
        return result;
    };
    gate.train = mean(outcome.split.train);
    gate.validation = mean(outcome.split.val);
    gate.test = mean(outcome.split.test);
    return gate;
}

// Loss curves and gate weights by epoch, from the run's own metrics.jsonl: so a resumed run shows all of them.
void read_curves(const RunDirectory& run, report::ReportData& data) {
    std::ifstream in(run.root / "metrics.jsonl");
    for (std::string line; std::getline(in, line);) {
        const io::Json document = io::parse_json(line, "metrics.jsonl");
        const io::JsonView j(document, "metrics.jsonl");
        if (j["arm"].string() != "molten") continue;
        const auto member = static_cast<std::size_t>(j["member"].integer(0, 1000));
        if (data.curves.size() <= member) data.curves.push_back({fmt::format("model {}", member), {}, {}, {}, 0});
        report::LossCurve& curve = data.curves[member];
        curve.epoch.push_back(static_cast<double>(j["epoch"].integer()));
        curve.train.push_back(j["train_loss"].number_or(std::nan("")));
        curve.validation.push_back(j["val_loss"].number_or(std::nan("")));
        if (j["best"].integer() == 1) curve.best_epoch = curve.epoch.back();
        if (member != 0 || data.gate.experts.empty()) continue;
        std::vector<double> weights;
        for (const std::string& expert : data.gate.experts) weights.push_back(j[("gate_" + expert)].number_or(std::nan("")));
        data.gate.by_epoch.push_back(std::move(weights));
    }
}

std::string drawing_of(const std::string& smiles) {
    const chem::Parsed parsed = chem::parse_smiles(smiles);
    return parsed ? chem::draw_svg(parsed.molecule) : "";
}

// The largest errors of the test part, in standard deviations of the target (classification: of the probability).
std::vector<report::WorstMolecule> worst_of(const TrainOptions& options, const Material& material, const Outcome& outcome) {
    struct Error {
        double size;
        std::int64_t molecule;
        std::size_t target;
    };
    const Predictions& p = outcome.arms[0].predictions;
    std::vector<Error> errors;
    for (const std::int64_t i : outcome.split.test)
        for (std::size_t t = 0; t < outcome.pipeline.targets.size(); ++t) {
            const TargetInfo& target = outcome.pipeline.targets[t];
            const double value = material.values[static_cast<std::size_t>(i * p.outputs + target.first_output)];
            if (std::isnan(value) || target.task == data::Task::multiclass) continue;
            errors.push_back({std::abs(value - p.at(p.mean, i, target.first_output)) /
                                  outcome.pipeline.scaler.deviation()[static_cast<std::size_t>(target.first_output)],
                              i, t});
        }
    std::stable_sort(errors.begin(), errors.end(), [](const Error& a, const Error& b) { return a.size > b.size; });
    if (errors.size() > static_cast<std::size_t>(options.worst)) errors.resize(static_cast<std::size_t>(options.worst));

    const Molecules& molecules = *material.molecules;
    const auto words = static_cast<std::size_t>(molecules.words);
    std::vector<report::WorstMolecule> result;
    for (const Error& error : errors) {
        const auto i = static_cast<std::size_t>(error.molecule);
        const TargetInfo& target = outcome.pipeline.targets[error.target];
        const TargetPrediction t = target_prediction(p, target, error.molecule);
        const auto near = baselines::nearest_neighbours(
            {molecules.bits.data() + i * words, 1, words},
            {outcome.pipeline.reference_bits.data(), outcome.pipeline.reference_keys.size(), words}, 1, {}, 1);
        result.push_back({drawing_of(molecules.canonical[i]), molecules.canonical[i], target.name,
                          fmt::format("row {}", material.table->rows[molecules.rows[i]].number),
                          material.values[i * static_cast<std::size_t>(p.outputs) + static_cast<std::size_t>(target.first_output)], t.value,
                          t.lower, t.upper, near.similarity.empty() ? std::nan("") : near.similarity[0]});
    }
    return result;
}

std::string read_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

io::Json metrics_json(const TrainOptions& options, const Outcome& outcome) {
    io::Json j = io::Json::object(), arms = io::Json::object(), baselines = io::Json::object();
    for (const ArmOutcome& arm : outcome.arms) arms.set(arm.arm.name, to_json(arm.test));
    for (std::size_t b = 0; b < outcome.baselines.size(); ++b) baselines.set(outcome.baselines[b].name, to_json(outcome.baseline_test[b]));
    j.set("format", "molten-metrics")
        .set("version", 1)
        .set("seed", options.seed)
        .set("test_rows", static_cast<std::int64_t>(outcome.split.test.size()));
    j.set("models", arms).set("baselines", baselines);
    return j;
}

report::ReportData report_data(const TrainOptions& options, const Material& material, const data::Rejects& rejects, const Outcome& outcome,
                               const RunDirectory& run, const std::string& command) {
    report::ReportData data;
    std::string names;
    for (const TargetInfo& target : outcome.pipeline.targets) names += (names.empty() ? "" : ", ") + target.name;
    data.title = names;
    const auto count = [](std::size_t n) { return log::human_count(static_cast<double>(n)); };
    data.facts = {{"Data", fmt::format("{}: {} rows, {} molecules used, {} rows rejected", options.data, count(material.table->rows.size()),
                                       count(material.molecules->rows.size()), rejects.size())},
                  {"Split", fmt::format("{}, seed {}: {} train, {} validation, {} test", options.split, options.seed,
                                        outcome.split.train.size(), outcome.split.val.size(), outcome.split.test.size())},
                  {"Model", fmt::format("{} models of {} parameters; experts {}; gate {}", options.ensemble,
                                        count(static_cast<std::size_t>(outcome.parameters)),
                                        fmt::join(outcome.arms[0].arm.model.experts(), ", "), name_of(outcome.arms[0].arm.model.gate))},
                  {"Training", fmt::format("{} epochs, batches of {}, loss {}, {}", options.epochs, options.batch_size, options.loss,
                                           log::human_duration(outcome.seconds))}};
    data.tables.push_back(comparison(outcome));
    if (outcome.pipeline.targets.size() > 1) data.tables.push_back(by_target(outcome));
    for (std::size_t t = 0; t < outcome.pipeline.targets.size(); ++t) data.targets.push_back(section_of(material, outcome, t));
    data.gate = gate_of(outcome);
    read_curves(run, data);
    data.worst = worst_of(options, material, outcome);
    data.rejected = rejects.by_reason();
    data.command = command;
    data.config = read_text(run.root / "config.toml");
    if (data.config.empty()) data.config = to_toml(options);
    return data;
}

report::MetricsTable replicates_table(const std::vector<Outcome>& outcomes) {
    report::MetricsTable table = empty_table(outcomes[0], fmt::format("Test part, {} seeds", outcomes.size()));
    std::vector<report::MetricsTable> each;
    for (const Outcome& outcome : outcomes) each.push_back(comparison(outcome));
    for (std::size_t r = 0; r < each[0].rows.size(); ++r) {
        report::MetricsRow row = each[0].rows[r];
        if (row.kind == "baseline") row.settings.clear();  // chosen anew for each seed
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            double mean = 0, squares = 0;
            const double n = static_cast<double>(each.size());
            for (const auto& one : each) mean += one.rows[r].mean[c] / n;
            for (const auto& one : each) squares += (one.rows[r].mean[c] - mean) * (one.rows[r].mean[c] - mean);
            row.mean[c] = mean;
            row.deviation.push_back(std::sqrt(squares / (n - 1)));
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace molten::train

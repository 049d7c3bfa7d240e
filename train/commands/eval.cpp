#include <fmt/format.h>

#include <memory>
#include <numeric>

#include "engine/io/file.h"
#include "train/commands/command.h"
#include "train/commands/model_files.h"
#include "train/loop/evaluation.h"
#include "train/loop/predictor.h"

namespace molten::commands {
namespace {

struct State {
    std::string model, data, out, smiles_column;
    bool isolate = true;
    std::shared_ptr<data::TableOptions> table;
};

// The measured targets of the table, read as the model's: [molecules, outputs].
std::vector<double> measured_values(const train::Ensemble& ensemble, Featurized& input) {
    std::vector<data::Target> targets;
    for (const train::TargetInfo& info : ensemble.pipeline.targets)
        targets.push_back(data::read_target(input.table, info.name, input.rejects, {info.task, info.classes}));
    return train::output_values(input.molecules, targets);
}

int run(const State& state) {
    const train::Ensemble ensemble = train::Ensemble::load(model_directory(state.model));
    Featurized input = featurize_file(state.data, state.smiles_column, ensemble.pipeline.features, state.isolate, *state.table);
    const std::vector<double> values = measured_values(ensemble, input);
    const train::Predictions predictions = ensemble.predict(input.molecules);
    std::vector<std::int64_t> rows(static_cast<std::size_t>(input.molecules.size()));
    std::iota(rows.begin(), rows.end(), 0);
    const auto measures = train::evaluate(ensemble.pipeline.targets, values, predictions.mean, rows);
    fmt::print("{}\n{:<24} {:<20} {:>12} {:>8}\n", input.rejects.summary(input.table.rows.size()), "target", "metric", "value", "rows");
    for (const train::Measure& m : measures)
        fmt::print("{:<24} {:<20} {:>12} {:>8}  {}\n", m.target.empty() ? "mean" : m.target, m.metric,
                   m.score.value ? fmt::format("{:.6g}", *m.score.value) : "-", m.score.rows, m.score.reason);
    if (!state.out.empty()) io::write_file_atomically(state.out, train::to_json(measures).text(true) + "\n");
    return 0;
}

std::function<int()> declare(CLI::App& app) {
    auto state = std::make_shared<State>();
    app.add_option("--model", state->model, "run directory of `molten train`, or its best/")->required();
    app.add_option("--data", state->data, "table with the targets measured")->required();
    app.add_option("--smiles-column", state->smiles_column, "column of SMILES; found by its name when not given");
    app.add_option("--out", state->out, "also write the measures as JSON");
    state->table = add_table_flags(app);
    app.add_flag("--isolate,--no-isolate{false}", state->isolate, "compute features in guarded worker processes");
    return [state] { return run(*state); };
}

}  // namespace

const Command eval_command = {"eval", "measure a trained model on a table with known values",
                              "  molten eval --model run --data measured.csv --out measures.json", declare};

}  // namespace molten::commands

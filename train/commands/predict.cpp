#include <fmt/format.h>

#include <memory>

#include "train/commands/command.h"
#include "train/commands/model_files.h"
#include "train/loop/prediction_table.h"

namespace molten::commands {
namespace {

struct State {
    std::string model, data, out = "predictions.csv", smiles_column, smiles;
    bool isolate = true;
    std::shared_ptr<data::TableOptions> table;
};

std::function<int()> declare(CLI::App& app) {
    auto state = std::make_shared<State>();
    app.add_option("--model", state->model, "run directory of `molten train`, or its best/")->required();
    app.add_option("--data", state->data, "table of molecules: CSV, TSV, SMI or SDF, also .gz");
    app.add_option("--smiles", state->smiles, "one SMILES instead of a table: the answer goes to the terminal");
    app.add_option("--smiles-column", state->smiles_column, "column of SMILES; found by its name when not given");
    app.add_option("--out", state->out, "where the predictions go [predictions.csv]");
    state->table = add_table_flags(app);
    app.add_flag("--isolate,--no-isolate{false}", state->isolate, "compute features in guarded worker processes");
    return [state] {
        if (state->data.empty() == state->smiles.empty()) throw Error(ExitCode::usage, "give either --data or --smiles");
        const train::Ensemble ensemble = train::Ensemble::load(model_directory(state->model));
        Featurized input = state->smiles.empty()
                               ? featurize_file(state->data, state->smiles_column, ensemble.pipeline.features, state->isolate, *state->table)
                               : featurize_text(state->smiles, ensemble.pipeline.features, state->isolate);
        const train::Predictions predictions = ensemble.predict(input.molecules);
        if (!state->smiles.empty()) {
            if (input.molecules.size() == 0) throw Error(ExitCode::data, input.rejects.find(1)->message, "check the SMILES");
            for (const train::TargetInfo& target : ensemble.pipeline.targets) {
                const train::TargetPrediction p = train::target_prediction(predictions, target, 0);
                fmt::print("{}: {}  [{:.4g}, {:.4g}]\n", target.name, p.label.empty() ? fmt::format("{:.4g}", p.value) : p.label, p.lower,
                           p.upper);
            }
            return 0;
        }
        train::write_prediction_table(input.table, input.molecules, input.rejects, predictions, ensemble.pipeline.targets, state->out);
        fmt::print("{}\n{} rows in {}\n", input.rejects.summary(input.table.rows.size()), input.table.rows.size(), state->out);
        return 0;
    };
}

}  // namespace

const Command predict_command = {"predict", "predict with a trained model",
                                 "  molten predict --model run --data new.csv --out predictions.csv\n"
                                 "  molten predict --model run --smiles 'CC(=O)Oc1ccccc1C(=O)O'",
                                 declare};

}  // namespace molten::commands

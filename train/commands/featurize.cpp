#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "chem/descriptors/descriptors.h"
#include "engine/io/file.h"
#include "train/commands/command.h"
#include "train/commands/model_files.h"
#include "train/data/csv.h"
#include "train/data/nearest.h"

namespace molten::commands {
namespace {

struct State {
    std::string data, kind = "descriptors", out = "features.csv", smiles_column;
    std::int64_t radius = 2, bits = 2048;
    bool isolate = true;
    std::shared_ptr<data::TableOptions> table;
};

const std::vector<std::string> kKinds = {"descriptors", "morgan", "scaffold", "canonical", "key"};

std::vector<std::string> columns_of(const State& state) {
    if (state.kind == "descriptors") return {chem::descriptors::names().begin(), chem::descriptors::names().end()};
    if (state.kind == "morgan") return {"morgan"};
    return {state.kind};
}

// "17:1 80:3": bit and count, ascending.
std::string sparse_text(const std::uint8_t* counts, std::int64_t bits) {
    std::string text;
    for (std::int64_t b = 0; b < bits; ++b)
        if (counts[b]) text += fmt::format("{}{}:{}", text.empty() ? "" : " ", b, counts[b]);
    return text;
}

void write_features(data::CsvWriter& csv, const State& state, const train::Molecules& molecules, std::size_t i) {
    if (state.kind == "descriptors")
        for (std::int64_t d = 0; d < molecules.descriptor_count; ++d)
            csv.number(molecules.descriptors[i * static_cast<std::size_t>(molecules.descriptor_count) + static_cast<std::size_t>(d)]);
    else if (state.kind == "morgan")
        csv.own_cell(
            sparse_text(molecules.counts.data() + i * static_cast<std::size_t>(molecules.fingerprint_bits), molecules.fingerprint_bits));
    else
        csv.own_cell(state.kind == "scaffold"    ? molecules.scaffold[i]
                     : state.kind == "canonical" ? molecules.canonical[i]
                                                 : molecules.key[i]);
}

int run(const State& state) {
    if (std::find(kKinds.begin(), kKinds.end(), state.kind) == kKinds.end())
        throw Error(ExitCode::usage, fmt::format("--kind '{}' is not one of {}.{}", state.kind, fmt::join(kKinds, ", "),
                                                 data::did_you_mean(state.kind, kKinds)));
    train::FeatureSettings settings;
    settings.fingerprint_radius = state.radius;
    settings.fingerprint_bits = state.bits;
    const Featurized input = featurize_file(state.data, state.smiles_column, settings, state.isolate, *state.table);
    std::ostringstream out;
    data::CsvWriter csv(out);
    for (const std::string& column : input.table.columns) csv.user_cell(column);
    const auto columns = columns_of(state);
    for (const std::string& column : columns) csv.own_cell(column);
    csv.own_cell("reason");
    csv.end_row();
    std::size_t molecule = 0;
    for (std::size_t r = 0; r < input.table.rows.size(); ++r) {
        const data::Row& row = input.table.rows[r];
        for (std::size_t c = 0; c < input.table.columns.size(); ++c) csv.user_cell(c < row.cells.size() ? row.cells[c] : "");
        if (molecule < input.molecules.rows.size() && input.molecules.rows[molecule] == r)
            write_features(csv, state, input.molecules, molecule++);
        else
            for (std::size_t c = 0; c < columns.size(); ++c) csv.own_cell("");
        const data::Reject* reject = input.rejects.find(row.number);
        csv.own_cell(reject ? reject->reason : "");
        csv.end_row();
    }
    io::write_file_atomically(state.out, out.str());
    fmt::print("{}\n{} rows in {}\n", input.rejects.summary(input.table.rows.size()), input.table.rows.size(), state.out);
    return 0;
}

std::function<int()> declare(CLI::App& app) {
    auto state = std::make_shared<State>();
    app.add_option("--data", state->data, "table of molecules: CSV, TSV, SMI or SDF, also .gz")->required();
    app.add_option("--kind", state->kind, "descriptors, morgan, scaffold, canonical or key [descriptors]");
    app.add_option("--out", state->out, "where the features go [features.csv]");
    app.add_option("--smiles-column", state->smiles_column, "column of SMILES; found by its name when not given");
    app.add_option("--fingerprint-radius", state->radius, "radius of the Morgan fingerprint [2]")->check(CLI::Range(0, 8));
    app.add_option("--fingerprint-bits", state->bits, "length of the Morgan fingerprint [2048]")->check(CLI::Range(64, 65536));
    state->table = add_table_flags(app);
    app.add_flag("--isolate,--no-isolate{false}", state->isolate, "compute in guarded worker processes");
    return [state] { return run(*state); };
}

}  // namespace

const Command featurize_command = {"featurize", "compute features of molecules",
                                   "  molten featurize --data molecules.csv --kind descriptors --out descriptors.csv\n"
                                   "  molten featurize --data molecules.smi --kind morgan --fingerprint-bits 1024 --out morgan.csv",
                                   declare};

}  // namespace molten::commands

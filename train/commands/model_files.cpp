#include "train/commands/model_files.h"

#include "train/log/progress_bar.h"

namespace molten::commands {
namespace {

void featurize(Featurized& input, std::size_t column, train::FeatureSettings settings, bool isolate) {
    settings.isolate = isolate;
    input.rejects.add_refused(input.table);
    log::ProgressBar bar("features", input.table.rows.size(), "molecules");
    input.molecules =
        train::featurize_table(input.table, column, input.rejects, settings, [&](std::size_t done, std::size_t) { bar.update(done); });
}

}  // namespace

std::filesystem::path model_directory(const std::filesystem::path& given) {
    if (std::filesystem::exists(given / "best" / "config.json")) return given / "best";
    return given;
}

Featurized featurize_file(const std::string& path, const std::string& smiles_column, train::FeatureSettings settings, bool isolate) {
    Featurized input;
    input.table = data::read_table(path);
    featurize(input, train::find_molecule_column(input.table, smiles_column), std::move(settings), isolate);
    return input;
}

Featurized featurize_text(const std::string& smiles, train::FeatureSettings settings, bool isolate) {
    Featurized input;
    input.table = {"--smiles", "", {"smiles"}, {data::Row{1, 1, {smiles}, {}}}};
    featurize(input, 0, std::move(settings), isolate);
    return input;
}

}  // namespace molten::commands

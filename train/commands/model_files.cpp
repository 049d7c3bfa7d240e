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

std::shared_ptr<data::TableOptions> add_table_flags(CLI::App& app) {
    auto options = std::make_shared<data::TableOptions>();
    app.add_option_function<std::string>(
        "--format", [options](const std::string& name) { options->format = data::parse_format(name); }, "csv, tsv, smi or sdf [by the extension]");
    app.add_flag("--header,--no-header{false}", options->header, "the first line names the columns");
    data::Limits& limits = options->limits;
    app.add_option("--max-field-bytes", limits.max_field_bytes, "largest cell of a table")->capture_default_str();
    app.add_option("--max-row-bytes", limits.max_row_bytes, "largest row of a table")->capture_default_str();
    app.add_option("--max-columns", limits.max_columns, "most columns of a table")->capture_default_str();
    app.add_option("--max-inflated-bytes", limits.max_inflated_bytes, "most bytes that a .gz may unpack to")->capture_default_str();
    app.add_option("--max-inflation", limits.max_inflation, "largest ratio of unpacked to packed bytes")->capture_default_str();
    return options;
}

std::filesystem::path model_directory(const std::filesystem::path& given) {
    if (std::filesystem::exists(given / "best" / "config.json")) return given / "best";
    return given;
}

Featurized featurize_file(const std::string& path, const std::string& smiles_column, train::FeatureSettings settings, bool isolate,
                          const data::TableOptions& options) {
    Featurized input;
    input.table = data::read_table(path, options);
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

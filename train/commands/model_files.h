#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "train/loop/molecules.h"

namespace molten::commands {

// best/ of a run directory, or the directory itself if that holds the model.
std::filesystem::path model_directory(const std::filesystem::path& given);

// The flags of every command that reads a table: --format, --no-header and the caps, under the names that errors mention.
std::shared_ptr<data::TableOptions> add_table_flags(CLI::App&);

// A table with the features of its usable rows.
struct Featurized {
    data::Table table;
    data::Rejects rejects{false, 1};
    train::Molecules molecules;
};
Featurized featurize_file(const std::string& path, const std::string& smiles_column, train::FeatureSettings, bool isolate,
                          const data::TableOptions& = {});
// One SMILES as a table of one row, number 1.
Featurized featurize_text(const std::string& smiles, train::FeatureSettings, bool isolate);

}  // namespace molten::commands

#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "train/loop/predictor.h"

namespace molten::train {

// Extra columns behind the predictions: a name and a text for each molecule.
using MoleculeColumns = std::vector<std::pair<std::string, std::vector<std::string>>>;

// Every row and column of the table in its order, then for each target <target>_pred, <target>_lower, <target>_upper, then `reason`:
// the code why a row has no prediction (its prediction is empty), or empty. Binary targets give the probability of the second class,
// multiclass targets the label in _pred and the least and largest probability of it. Written whole or not at all.
void write_prediction_table(const data::Table&, const Molecules&, const data::Rejects&, const Predictions&, const std::vector<TargetInfo>&,
                            const std::filesystem::path&, const MoleculeColumns& extra = {});

}  // namespace molten::train

#pragma once
#include <filesystem>
#include <vector>

#include "train/loop/member.h"
#include "train/loop/pipeline.h"

namespace molten::train {

// What an ensemble says of molecules. Regression outputs are in the target's unit; classification outputs are probabilities, the
// mean over the members.
struct Predictions {
    std::int64_t molecules = 0, outputs = 0, experts = 0;
    std::vector<double> mean, spread;    // [molecules, outputs]; spread: sample standard deviation over the members
    std::vector<double> lowest, highest; // [molecules, outputs] over the members
    std::vector<double> gate;            // [molecules, experts], mean over the members; empty without a gate

    double at(const std::vector<double>& values, std::int64_t molecule, std::int64_t output) const {
        return values[static_cast<std::size_t>(molecule * outputs + output)];
    }
};

// Joins the members' raw predictions of the same molecules.
Predictions combine(const Pipeline&, const std::vector<RawPrediction>& members);

// A trained ensemble: config.json, pipeline.json, pipeline.safetensors and member_<k>.safetensors of a directory.
struct Ensemble {
    MmfConfig config;
    Pipeline pipeline;
    std::vector<Mmf> members;

    // Error(data) for a directory that holds no model, Error(corrupt) that names file and tensor for a damaged one.
    static Ensemble load(const std::filesystem::path& directory);
    Predictions predict(const Molecules&) const;
};

void save_model_config(const MmfConfig&, const std::filesystem::path& directory);
void save_member(const Mmf&, const std::filesystem::path& directory, std::int64_t member);
Mmf load_member(const MmfConfig&, const std::filesystem::path& directory, std::int64_t member);

// A target's prediction of one molecule as people and files get it.
struct TargetPrediction {
    double value = 0, lower = 0, upper = 0;  // classification: probability of the second class (binary) or of the named class
    std::string label;                       // of multiclass: the most probable class; else empty
};
// Regression: the conformal interval. Classification: the least and the largest probability that a member gives.
TargetPrediction target_prediction(const Predictions&, const TargetInfo&, std::int64_t molecule);

}  // namespace molten::train

#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "models/mmf/mmf.h"
#include "train/data/descriptor_scaler.h"
#include "train/data/scaler.h"
#include "train/data/target.h"
#include "train/loop/molecules.h"
#include "train/uncertainty/regression.h"

namespace molten::train {

// A target as the model learns it. A regression or a binary target is one output, a multiclass target one output a class.
struct TargetInfo {
    std::string name;
    data::Task task = data::Task::regression;
    std::vector<std::string> classes;          // labels of classification, by class number
    std::int64_t first_output = 0, outputs = 1;
    uncertainty::ConformalIntervals interval;  // of regression, fitted on the validation part
};

// Everything between a molecule and the network that is fitted on the training part, and everything needed to use the network
// later: kept beside the weights.
struct Pipeline {
    FeatureSettings features;
    std::vector<TargetInfo> targets;
    data::StandardScaler scaler;               // of the outputs; mean 0 and deviation 1 for classes
    data::DescriptorScaler descriptors;
    std::vector<std::int32_t> fingerprint_columns;  // bits that enough training molecules have: the fingerprint expert's input
    std::int64_t neighbours = 8;
    double alpha = 0.1;
    // The training molecules, for the retrieval embedding.
    std::vector<std::uint64_t> reference_bits; // [references, words]
    std::vector<std::string> reference_keys;   // canonical keys
    std::vector<double> reference_targets;     // [references, outputs], scaled; NaN = not measured

    std::int64_t outputs() const;
    // Width of the retrieval vector: value and known for each output, and the best similarity.
    std::int64_t retrieved() const { return 2 * outputs() + 1; }

    // Fits on the molecules `train` alone. values [molecules, outputs]: what the network shall say, unscaled; NaN = missing.
    static Pipeline fit(const TrainOptions&, const Molecules&, std::span<const data::Target>, std::span<const double> values,
                        std::span<const std::int64_t> train);

    void save(const std::filesystem::path& directory) const;            // pipeline.json, pipeline.safetensors
    static Pipeline load(const std::filesystem::path& directory);       // Error(corrupt) that names what is wrong
};

// Targets as outputs: [molecules, outputs], classes one-hot for multiclass; NaN = missing.
std::vector<double> output_values(const Molecules&, std::span<const data::Target>);

// A data set as the model reads it: features scaled, neighbours looked up.
class ModelInput {
  public:
    // A training molecule is never its own neighbour: it is known by its key.
    ModelInput(const Pipeline&, const Molecules&);

    std::int64_t size() const { return molecules_->size(); }
    MmfBatch batch(const MmfConfig&, std::span<const std::int64_t> rows) const;
    std::int64_t descriptor_width() const { return descriptor_width_; }

  private:
    const Molecules* molecules_;
    std::int64_t descriptor_width_ = 0, retrieved_width_ = 0;
    std::vector<std::int32_t> fingerprint_columns_;
    std::vector<float> descriptors_, retrieved_;
};

// Sizes that follow from the data: fills node_features, fingerprint_bits, descriptors, retrieved and targets.
MmfConfig sized(MmfConfig, const Pipeline&, const Molecules&);

}  // namespace molten::train

#include "train/loop/predictor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/io/file.h"
#include "engine/io/tensors.h"

namespace molten::train {
namespace {

std::string member_file(std::int64_t member) { return fmt::format("member_{}.safetensors", member); }

// Scaled values to the target's unit, logits to probabilities, in place: [molecules, outputs].
void to_targets(const Pipeline& pipeline, std::vector<double>& values) {
    const auto outputs = static_cast<std::size_t>(pipeline.outputs());
    for (std::size_t row = 0; row < values.size(); row += outputs)
        for (const TargetInfo& target : pipeline.targets) {
            double* first = values.data() + row + target.first_output;
            if (target.task == data::Task::regression) {
                *first = pipeline.scaler.unscale(*first, static_cast<std::size_t>(target.first_output));
            } else if (target.task == data::Task::binary) {
                *first = 1 / (1 + std::exp(-*first));
            } else {
                const double largest = *std::max_element(first, first + target.outputs);
                double sum = 0;
                for (std::int64_t c = 0; c < target.outputs; ++c) sum += first[c] = std::exp(first[c] - largest);
                for (std::int64_t c = 0; c < target.outputs; ++c) first[c] /= sum;
            }
        }
}

}  // namespace

Predictions combine(const Pipeline& pipeline, const std::vector<RawPrediction>& members) {
    Predictions p;
    p.outputs = pipeline.outputs();
    if (members.empty()) throw Error(ExitCode::usage, "an ensemble without members predicts nothing");
    const std::size_t count = members[0].outputs.size();
    p.molecules = static_cast<std::int64_t>(count) / p.outputs;
    p.mean.assign(count, 0);
    p.spread.assign(count, 0);
    p.lowest.assign(count, std::numeric_limits<double>::infinity());
    p.highest.assign(count, -std::numeric_limits<double>::infinity());
    std::vector<std::vector<double>> values;
    for (const RawPrediction& member : members) {
        values.emplace_back(member.outputs.begin(), member.outputs.end());
        to_targets(pipeline, values.back());
        for (std::size_t i = 0; i < count; ++i) {
            p.mean[i] += values.back()[i] / static_cast<double>(members.size());
            p.lowest[i] = std::min(p.lowest[i], values.back()[i]);
            p.highest[i] = std::max(p.highest[i], values.back()[i]);
        }
    }
    for (std::size_t i = 0; i < count && members.size() > 1; ++i) {
        double squares = 0;
        for (const auto& member : values) squares += (member[i] - p.mean[i]) * (member[i] - p.mean[i]);
        p.spread[i] = std::sqrt(squares / static_cast<double>(members.size() - 1));
    }
    p.experts = p.molecules ? static_cast<std::int64_t>(members[0].gate.size()) / p.molecules : 0;
    p.gate.assign(members[0].gate.size(), 0);
    for (const RawPrediction& member : members)
        for (std::size_t i = 0; i < p.gate.size(); ++i) p.gate[i] += member.gate[i] / static_cast<double>(members.size());
    return p;
}

Ensemble Ensemble::load(const std::filesystem::path& directory) {
    if (!std::filesystem::exists(directory / "config.json"))
        throw Error(ExitCode::data, directory.string() + ": holds no trained model (config.json is missing)",
                    "give --model the directory of a finished `molten train`");
    Ensemble result;
    const io::Json document = io::read_json(directory / "config.json");
    result.config = MmfConfig::from_json(io::JsonView(document, "config.json"));
    result.pipeline = Pipeline::load(directory);
    if (result.config.targets != result.pipeline.outputs() ||
        (result.config.retrieval && result.config.retrieved != result.pipeline.retrieved()) ||
        (result.config.fingerprint &&
         result.config.fingerprint_bits != static_cast<std::int64_t>(result.pipeline.fingerprint_columns.size())) ||
        (result.config.descriptor && result.config.descriptors != static_cast<std::int64_t>(result.pipeline.descriptors.outputs())))
        throw Error(ExitCode::corrupt, directory.string() + ": config.json and pipeline.json describe different models");
    while (std::filesystem::exists(directory / member_file(static_cast<std::int64_t>(result.members.size()))))
        result.members.push_back(load_member(result.config, directory, static_cast<std::int64_t>(result.members.size())));
    if (result.members.empty()) throw Error(ExitCode::corrupt, (directory / member_file(0)).string() + " is missing");
    return result;
}

Predictions Ensemble::predict(const Molecules& molecules) const {
    if (config.graph && molecules.size() > 0 && config.node_features != molecules.graphs.node_features())
        throw Error(ExitCode::corrupt,
                    fmt::format("config.json and pipeline.json describe different models: node_features is {}, the features '{}' have {}",
                                config.node_features, pipeline.features.features, molecules.graphs.node_features()));
    const ModelInput input(pipeline, molecules);
    std::vector<std::int64_t> rows(static_cast<std::size_t>(molecules.size()));
    std::iota(rows.begin(), rows.end(), 0);
    std::vector<RawPrediction> raw;
    for (const Mmf& member : members) raw.push_back(predict_raw(member, input, rows));
    return combine(pipeline, raw);
}

void save_model_config(const MmfConfig& config, const std::filesystem::path& directory) {
    io::write_file_atomically(directory / "config.json", config.to_json().text(true) + "\n");
}

void save_member(const Mmf& model, const std::filesystem::path& directory, std::int64_t member) {
    io::NamedTensors tensors;
    Mmf handle = model;  // visit names the tensors; the handle shares them
    handle.visit([&](const std::string& name, Tensor& tensor) { tensors.add(name, tensor); });
    io::write_safetensors(directory / member_file(member), tensors.entries(), {{"format", "molten"}});
}

Mmf load_member(const MmfConfig& config, const std::filesystem::path& directory, std::int64_t member) {
    Mmf model(config, 0);
    const auto file = io::SafetensorsFile::open(directory / member_file(member), io::SafetensorsAccess::read);
    std::size_t matched = 0;
    model.visit([&](const std::string& name, Tensor& tensor) {
        io::read_into(file, name, tensor);
        tensor.set_requires_grad(false);
        ++matched;
    });
    if (matched != file.size())
        throw Error(ExitCode::corrupt,
                    fmt::format("{}: {} tensors, but the model of config.json has {}", file.name(), file.size(), matched));
    return model;
}

TargetPrediction target_prediction(const Predictions& p, const TargetInfo& target, std::int64_t molecule) {
    std::int64_t output = target.first_output;
    TargetPrediction result;
    if (target.task == data::Task::multiclass) {
        for (std::int64_t c = 1; c < target.outputs; ++c)
            if (p.at(p.mean, molecule, target.first_output + c) > p.at(p.mean, molecule, output)) output = target.first_output + c;
        result.label = target.classes[static_cast<std::size_t>(output - target.first_output)];
    }
    result.value = p.at(p.mean, molecule, output);
    if (target.task == data::Task::regression) {
        const uncertainty::Interval interval = target.interval.at(result.value, p.at(p.spread, molecule, output));
        result.lower = interval.lower;
        result.upper = interval.upper;
    } else {
        result.lower = p.at(p.lowest, molecule, output);
        result.upper = p.at(p.highest, molecule, output);
    }
    return result;
}

}  // namespace molten::train

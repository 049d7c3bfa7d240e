#include "train/loop/pipeline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "train/baselines/knn.h"

namespace molten::train {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

data::Transform transform_of(const std::string& name, std::span<const double> values) {
    if (name == "log") return data::Transform::log;
    if (name == "log1p") return data::Transform::log1p;
    return name == "auto" ? data::suggest_transform(values) : data::Transform::none;
}

// Scaler of the outputs: regression is standardised, classes stay 0 and 1.
data::StandardScaler fit_scaler(const TrainOptions& options, const std::vector<TargetInfo>& targets,
                                const std::vector<double>& train_values, std::size_t outputs) {
    std::vector<data::Transform> transforms(outputs, data::Transform::none);
    for (const TargetInfo& target : targets) {
        if (target.task != data::Task::regression) continue;
        const auto column = static_cast<std::size_t>(target.first_output);
        std::vector<double> values;
        for (std::size_t r = column; r < train_values.size(); r += outputs) values.push_back(train_values[r]);
        transforms[column] = transform_of(options.target_transform, values);
    }
    data::State state = data::StandardScaler::fit(train_values, outputs, transforms).state();
    for (const TargetInfo& target : targets)
        for (std::int64_t o = target.first_output; target.task != data::Task::regression && o < target.first_output + target.outputs; ++o) {
            state.at("mean")[static_cast<std::size_t>(o)] = 0;
            state.at("deviation")[static_cast<std::size_t>(o)] = 1;
        }
    return data::StandardScaler::from_state(state);
}

template <class T>
std::vector<T> rows_of(std::span<const T> values, std::size_t width, std::span<const std::int64_t> rows) {
    std::vector<T> result;
    result.reserve(rows.size() * width);
    for (const std::int64_t r : rows) {
        const auto first = values.begin() + r * static_cast<std::int64_t>(width);
        result.insert(result.end(), first, first + static_cast<std::int64_t>(width));
    }
    return result;
}

// Bits set in at least a hundredth of the training molecules (2 to 10 of them): rarer ones are names of single molecules.
std::vector<std::int32_t> common_bits(const Molecules& molecules, std::span<const std::int64_t> train) {
    std::vector<std::size_t> seen(static_cast<std::size_t>(molecules.fingerprint_bits), 0);
    for (const std::int64_t r : train) {
        const std::uint8_t* counts = molecules.counts.data() + r * molecules.fingerprint_bits;
        for (std::size_t b = 0; b < seen.size(); ++b) seen[b] += counts[b] != 0;
    }
    const std::size_t least = std::clamp<std::size_t>(train.size() / 100, 2, 10);
    std::vector<std::int32_t> result;
    for (std::size_t b = 0; b < seen.size(); ++b)
        if (seen[b] >= least) result.push_back(static_cast<std::int32_t>(b));
    if (result.empty()) result.push_back(0);  // an expert needs an input, even one that says nothing
    return result;
}

// Canonical keys as numbers: equal keys, equal numbers.
std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> numbered(const std::vector<std::string>& a,
                                                                         const std::vector<std::string>& b) {
    std::unordered_map<std::string, std::int64_t> number;
    const auto convert = [&](const std::vector<std::string>& keys) {
        std::vector<std::int64_t> result;
        for (const std::string& key : keys)
            result.push_back(number.try_emplace(key, static_cast<std::int64_t>(number.size())).first->second);
        return result;
    };
    std::vector<std::int64_t> first = convert(a);
    return {std::move(first), convert(b)};
}

}  // namespace

std::int64_t Pipeline::outputs() const { return targets.empty() ? 0 : targets.back().first_output + targets.back().outputs; }

std::vector<double> output_values(const Molecules& molecules, std::span<const data::Target> targets) {
    std::size_t outputs = 0;
    for (const data::Target& target : targets) outputs += target.task == data::Task::multiclass ? target.classes.size() : 1;
    std::vector<double> result(molecules.rows.size() * outputs, kMissing);
    for (std::size_t i = 0; i < molecules.rows.size(); ++i) {
        std::size_t column = i * outputs;
        for (const data::Target& target : targets) {
            const double value = target.values[molecules.rows[i]];
            if (target.task != data::Task::multiclass) {
                result[column++] = value;
                continue;
            }
            for (std::size_t c = 0; c < target.classes.size(); ++c)
                result[column++] = std::isnan(value) ? kMissing : (static_cast<std::size_t>(value) == c ? 1.0 : 0.0);
        }
    }
    return result;
}

Pipeline Pipeline::fit(const TrainOptions& options, const Molecules& molecules, std::span<const data::Target> targets,
                       std::span<const double> values, std::span<const std::int64_t> train) {
    Pipeline p;
    p.features = FeatureSettings::of(options);
    p.neighbours = options.neighbours;
    p.alpha = options.alpha;
    for (const data::Target& target : targets) {
        const std::int64_t outputs = target.task == data::Task::multiclass ? static_cast<std::int64_t>(target.classes.size()) : 1;
        p.targets.push_back({target.name, target.task, target.classes, p.outputs(), outputs, {}});
    }
    const auto outputs = static_cast<std::size_t>(p.outputs());
    std::vector<double> train_values = rows_of(values, outputs, train);
    p.scaler = fit_scaler(options, p.targets, train_values, outputs);
    data::DescriptorOptions taming;
    taming.bound = 5;
    p.descriptors =
        data::DescriptorScaler::fit(rows_of<double>(molecules.descriptors, static_cast<std::size_t>(molecules.descriptor_count), train),
                                    static_cast<std::size_t>(molecules.descriptor_count), taming);
    p.fingerprint_columns = common_bits(molecules, train);
    p.reference_bits = rows_of<std::uint64_t>(molecules.bits, static_cast<std::size_t>(molecules.words), train);
    for (const std::int64_t r : train) p.reference_keys.push_back(molecules.key[static_cast<std::size_t>(r)]);
    p.scaler.scale(train_values);
    p.reference_targets = std::move(train_values);
    return p;
}

ModelInput::ModelInput(const Pipeline& pipeline, const Molecules& molecules)
    : molecules_(&molecules),
      descriptor_width_(static_cast<std::int64_t>(pipeline.descriptors.outputs())),
      retrieved_width_(pipeline.retrieved()),
      fingerprint_columns_(pipeline.fingerprint_columns) {
    const std::vector<double> scaled = pipeline.descriptors.apply(molecules.descriptors);
    descriptors_.assign(scaled.begin(), scaled.end());

    const auto outputs = static_cast<std::size_t>(pipeline.outputs()), words = static_cast<std::size_t>(molecules.words);
    const auto [keys, reference_keys] = numbered(molecules.key, pipeline.reference_keys);
    baselines::KnnArgs knn;
    knn.queries = {molecules.bits.data(), molecules.rows.size(), words};
    knn.references = {pipeline.reference_bits.data(), pipeline.reference_keys.size(), words};
    knn.targets = pipeline.reference_targets;
    knn.target_count = outputs;
    knn.k = static_cast<std::size_t>(pipeline.neighbours);
    knn.exclusion = {keys, reference_keys};
    const baselines::KnnValues found = baselines::knn_values(knn);
    retrieved_.reserve(molecules.rows.size() * static_cast<std::size_t>(retrieved_width_));
    for (std::size_t i = 0; i < molecules.rows.size(); ++i) {
        double best = 0;
        for (std::size_t o = 0; o < outputs; ++o) retrieved_.push_back(static_cast<float>(found.value[i * outputs + o]));
        for (std::size_t o = 0; o < outputs; ++o) retrieved_.push_back(found.known[i * outputs + o]);
        for (std::size_t o = 0; o < outputs; ++o) best = std::max(best, found.similarity[i * outputs + o]);
        retrieved_.push_back(static_cast<float>(best));
    }
}

MmfBatch ModelInput::batch(const MmfConfig& config, std::span<const std::int64_t> rows) const {
    MmfBatch result;
    result.molecules = static_cast<std::int64_t>(rows.size());
    if (config.graph) {
        GraphStore::Batch graphs = molecules_->graphs.batch(rows);
        result.nodes = std::move(graphs.nodes);
        result.graph = std::move(graphs.graph);
    }
    if (config.fingerprint) {
        static const std::array<float, 256> log1p = [] {  // counts enter as log(1 + count)
            std::array<float, 256> table{};
            for (std::size_t c = 0; c < table.size(); ++c) table[c] = static_cast<float>(std::log1p(static_cast<double>(c)));
            return table;
        }();
        result.fingerprint = Tensor::empty({result.molecules, static_cast<std::int64_t>(fingerprint_columns_.size())}, DType::f32);
        auto* out = result.fingerprint.mutable_data<float>();
        for (const std::int64_t r : rows) {
            const std::uint8_t* counts = molecules_->counts.data() + r * molecules_->fingerprint_bits;
            for (const std::int32_t column : fingerprint_columns_) *out++ = log1p[counts[column]];
        }
    }
    const auto copy_rows = [&](const std::vector<float>& from, std::int64_t width) {
        Tensor tensor = Tensor::empty({result.molecules, width}, DType::f32);
        auto* out = tensor.mutable_data<float>();
        for (const std::int64_t r : rows) out = std::copy_n(from.data() + r * width, width, out);
        return tensor;
    };
    if (config.descriptor) result.descriptors = copy_rows(descriptors_, descriptor_width_);
    if (config.retrieval) result.retrieved = copy_rows(retrieved_, retrieved_width_);
    return result;
}

MmfConfig sized(MmfConfig config, const Pipeline& pipeline, const Molecules& molecules) {
    config.node_features = molecules.graphs.node_features();
    config.fingerprint_bits = static_cast<std::int64_t>(pipeline.fingerprint_columns.size());
    config.descriptors = static_cast<std::int64_t>(pipeline.descriptors.outputs());
    config.retrieved = pipeline.retrieved();
    config.targets = pipeline.outputs();
    config.check();
    return config;
}

}  // namespace molten::train

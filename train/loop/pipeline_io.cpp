// A pipeline on disk: pipeline.json says what a person may want to read, pipeline.safetensors holds the numbers.
#include <fmt/format.h>

#include <cstring>

#include "chem/graph/graph.h"
#include "engine/io/file.h"
#include "engine/io/tensors.h"
#include "train/loop/pipeline.h"

namespace molten::train {
namespace {

constexpr const char* kScaler = "scaler.";
constexpr const char* kDescriptors = "descriptors.";

template <class T, class From>
Tensor tensor_of(const std::vector<From>& values) {
    static_assert(sizeof(T) * (sizeof(From) / sizeof(T)) == sizeof(From));
    Tensor result = Tensor::empty({static_cast<std::int64_t>(values.size() * sizeof(From) / sizeof(T))}, dtype_of<T>());
    if (!values.empty()) std::memcpy(result.mutable_data(), values.data(), values.size() * sizeof(From));
    return result;
}

void add_state(io::NamedTensors& tensors, const std::string& prefix, const data::State& state) {
    for (const auto& [name, values] : state) tensors.add(prefix + name, tensor_of<double>(values));
}

data::State read_state(const io::SafetensorsFile& file, const std::string& prefix) {
    data::State state;
    for (std::size_t i = 0; i < file.size(); ++i)
        if (const std::string name(file[i].name); name.starts_with(prefix))
            state[name.substr(prefix.size())] = io::read_doubles(file, name);
    return state;
}

template <class T>
std::vector<T> read_bytes_as(const io::SafetensorsFile& file, const std::string& name, io::SafetensorsDType dtype) {
    const auto entry = file.find(name);
    if (!entry || entry->dtype != dtype || entry->data.size() % sizeof(T) != 0)
        throw Error(ExitCode::corrupt, fmt::format("{}: tensor {} is missing or of another dtype", file.name(), name));
    std::vector<T> result(entry->data.size() / sizeof(T));
    if (!result.empty()) std::memcpy(result.data(), entry->data.data(), entry->data.size());
    return result;
}

io::Json json_of(const TargetInfo& target) {
    io::Json j = io::Json::object(), classes = io::Json::array();
    for (const std::string& label : target.classes) classes.push_back(label);
    j.set("name", target.name).set("task", static_cast<std::int64_t>(target.task)).set("classes", classes);
    j.set("first_output", target.first_output).set("outputs", target.outputs);
    const auto& i = target.interval;
    j.set("interval_alpha", i.alpha).set("interval_quantile", std::isfinite(i.quantile) ? io::Json(i.quantile) : io::Json());
    j.set("interval_floor", i.floor)
        .set("interval_normalised", i.normalised)
        .set("interval_rows", static_cast<std::int64_t>(i.calibration_rows));
    return j;
}

TargetInfo target_of(const io::JsonView& j, std::int64_t first_output) {
    TargetInfo target;
    target.name = j["name"].string();
    target.task = static_cast<data::Task>(j["task"].integer(0, 2));
    for (std::size_t i = 0; i < j["classes"].size(); ++i) target.classes.push_back(j["classes"][i].string());
    target.first_output = j["first_output"].integer(first_output, first_output);
    target.outputs = j["outputs"].integer(1, 1000);
    target.interval.alpha = j["interval_alpha"].number(0, 1);
    target.interval.quantile = j["interval_quantile"].number_or(std::numeric_limits<double>::infinity());
    target.interval.floor = j["interval_floor"].number();
    target.interval.normalised = j["interval_normalised"].boolean();
    target.interval.calibration_rows = static_cast<std::size_t>(j["interval_rows"].integer(0));
    return target;
}

}  // namespace

void Pipeline::save(const std::filesystem::path& directory) const {
    io::Json j = io::Json::object(), list = io::Json::array();
    for (const TargetInfo& target : targets) list.push_back(json_of(target));
    j.set("format", "molten-pipeline").set("version", 1).set("features", features.features).set("explicit_h", features.explicit_h);
    j.set("fingerprint_radius", features.fingerprint_radius).set("fingerprint_bits", features.fingerprint_bits);
    j.set("neighbours", neighbours).set("alpha", alpha).set("targets", list);
    io::NamedTensors tensors;
    add_state(tensors, kScaler, scaler.state());
    add_state(tensors, kDescriptors, descriptors.state());
    tensors.add("fingerprint_columns", tensor_of<std::int32_t>(fingerprint_columns));
    tensors.add("reference_bits", tensor_of<std::uint8_t>(reference_bits));
    tensors.add("reference_targets", tensor_of<double>(reference_targets));
    std::string keys;
    for (const std::string& key : reference_keys) keys += key + '\n';
    tensors.add("reference_keys", tensor_of<std::uint8_t>(std::vector<char>(keys.begin(), keys.end())));
    io::write_safetensors(directory / "pipeline.safetensors", tensors.entries());
    io::write_file_atomically(directory / "pipeline.json", j.text(true) + "\n");
}

Pipeline Pipeline::load(const std::filesystem::path& directory) {
    const io::Json document = io::read_json(directory / "pipeline.json");
    const io::JsonView j(document, "pipeline.json");
    if (j["format"].string() != "molten-pipeline") j["format"].fail("expected \"molten-pipeline\"");
    if (j["version"].integer(1) > 1) j["version"].fail("this model was written by a newer molten");
    Pipeline p;
    p.features.features = j["features"].string();
    try {
        chem::feature_set(p.features.features);
    } catch (const std::invalid_argument& error) {
        j["features"].fail(error.what());
    }
    p.features.explicit_h = j["explicit_h"].boolean();
    p.features.fingerprint_radius = j["fingerprint_radius"].integer(0, 8);
    p.features.fingerprint_bits = j["fingerprint_bits"].integer(64, 65536);
    p.neighbours = j["neighbours"].integer(1, 1000);
    p.alpha = j["alpha"].number(0, 1);
    for (std::size_t i = 0; i < j["targets"].size(); ++i) p.targets.push_back(target_of(j["targets"][i], p.outputs()));
    if (p.targets.empty()) j["targets"].fail("a model without targets");

    const auto file = io::SafetensorsFile::open(directory / "pipeline.safetensors", io::SafetensorsAccess::read);
    try {
        p.scaler = data::StandardScaler::from_state(read_state(file, kScaler));
        p.descriptors = data::DescriptorScaler::from_state(read_state(file, kDescriptors));
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", file.name(), error.what()), error.hint());
    }
    p.fingerprint_columns = read_bytes_as<std::int32_t>(file, "fingerprint_columns", io::SafetensorsDType::i32);
    p.reference_bits = read_bytes_as<std::uint64_t>(file, "reference_bits", io::SafetensorsDType::u8);
    p.reference_targets = read_bytes_as<double>(file, "reference_targets", io::SafetensorsDType::f64);
    std::string key;
    for (const char c : read_bytes_as<char>(file, "reference_keys", io::SafetensorsDType::u8))
        if (c == '\n')
            p.reference_keys.push_back(std::exchange(key, {}));
        else
            key += c;
    const auto words = static_cast<std::size_t>((p.features.fingerprint_bits + 63) / 64), outputs = static_cast<std::size_t>(p.outputs());
    const auto refuse = [&](const std::string& what) {
        throw Error(ExitCode::corrupt, (directory / "pipeline.safetensors").string() + ": " + what);
    };
    if (p.scaler.targets() != outputs) refuse("the scaler does not fit the targets");
    if (p.reference_bits.size() != p.reference_keys.size() * words || p.reference_targets.size() != p.reference_keys.size() * outputs)
        refuse("the retrieval molecules do not agree in number");
    for (const std::int32_t column : p.fingerprint_columns)
        if (column < 0 || column >= p.features.fingerprint_bits) refuse("a fingerprint column is out of range");
    return p;
}

}  // namespace molten::train

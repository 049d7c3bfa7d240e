#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>

#include "engine/io/json.h"
#include "engine/io/printable.h"
#include "engine/io/safetensors.h"

namespace molten::io {
namespace {

namespace limits = safetensors_limits;
using Fault = SafetensorsFault;

constexpr std::string_view index_suffix = ".safetensors.index.json";

struct ShardIndex {
    std::map<std::string, std::string, std::less<>> file_of_tensor;
    std::vector<std::string> files;  // sorted, each once
};

bool is_plain_file_name(std::string_view name) {
    const bool printable_ascii =
        std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '/' && c != '\\'; });
    return printable_ascii && name.size() <= 255 && name.ends_with(".safetensors") && !name.starts_with(".");
}

bool is_there(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

ShardIndex read_index(const std::filesystem::path& path) {
    const std::string source = path.string();
    const auto fail = [&](Fault fault, const std::string& what) { throw SafetensorsError(fault, source + ": " + what); };
    Json document;
    try {
        document = read_json(path, {.bytes = limits::index_bytes});
    } catch (const JsonError& error) {
        throw SafetensorsError(Fault::index_syntax, error.what());
    }
    const Json* weight_map = document.find("weight_map");
    if (weight_map == nullptr || weight_map->as_object() == nullptr) fail(Fault::index_no_weight_map, "has no object \"weight_map\"");
    ShardIndex index;
    for (const auto& [tensor, file] : weight_map->as_object()->members()) {
        const std::string* name = file.as_string();
        if (name == nullptr) fail(Fault::index_value_not_string, fmt::format("the file of tensor {} is not a text", printable(tensor)));
        if (!is_plain_file_name(*name)) {
            fail(Fault::index_file_name,
                 fmt::format("tensor {}: {} is not a plain .safetensors file name", printable(tensor), printable(*name)));
        }
        index.file_of_tensor.emplace(tensor, *name);
        index.files.push_back(*name);
    }
    std::sort(index.files.begin(), index.files.end());
    index.files.erase(std::unique(index.files.begin(), index.files.end()), index.files.end());
    if (index.files.size() > limits::index_files) {
        fail(Fault::index_too_many_files, fmt::format("{} files, at most {} allowed", index.files.size(), limits::index_files));
    }
    return index;
}

// Every tensor of the file belongs there by the index, and is crossed off.
void match_file(const SafetensorsFile& file, const std::string& file_name, ShardIndex& index, const std::string& source) {
    for (std::size_t i = 0; i < file.size(); ++i) {
        const auto listed = index.file_of_tensor.find(file[i].name);
        if (listed == index.file_of_tensor.end() || listed->second != file_name) {
            throw SafetensorsError(Fault::index_tensor_unlisted, fmt::format("{}: tensor {} is in {}, which the index does not say", source,
                                                                             printable(file[i].name), file_name));
        }
        index.file_of_tensor.erase(listed);
    }
}

std::vector<SafetensorsFile> open_index(const std::filesystem::path& path, SafetensorsAccess access) {
    const std::string source = path.string();
    ShardIndex index = read_index(path);
    std::vector<SafetensorsFile> files;
    for (const std::string& name : index.files) {
        const std::filesystem::path file = path.parent_path() / name;
        if (!is_there(file)) throw SafetensorsError(Fault::index_file_missing, fmt::format("{}: file {} is missing", source, name));
        files.push_back(SafetensorsFile::open(file, access));
        match_file(files.back(), name, index, source);
    }
    if (!index.file_of_tensor.empty()) {
        const auto& [tensor, file] = *index.file_of_tensor.begin();
        throw SafetensorsError(Fault::index_tensor_missing,
                               fmt::format("{}: tensor {} is not in {}, where the index says it is", source, printable(tensor), file));
    }
    return files;
}

// Of a directory, what Hugging Face puts there: model.safetensors or model.safetensors.index.json.
std::filesystem::path model_file_of(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) return path;
    for (const char* name : {"model.safetensors", "model.safetensors.index.json"}) {
        if (is_there(path / name)) return path / name;
    }
    throw Error(ExitCode::data, fmt::format("{}: holds neither model.safetensors nor model.safetensors.index.json", path.string()),
                "name the .safetensors file itself, or another directory");
}

}  // namespace

SafetensorsModel SafetensorsModel::open(const std::filesystem::path& path, SafetensorsAccess access) {
    const std::filesystem::path file = model_file_of(path);
    SafetensorsModel model;
    if (file.string().ends_with(index_suffix)) {
        model.files_ = open_index(file, access);
    } else {
        model.files_.push_back(SafetensorsFile::open(file, access));
    }
    return model;
}

std::size_t SafetensorsModel::size() const {
    std::size_t total = 0;
    for (const SafetensorsFile& file : files_) total += file.size();
    return total;
}

std::optional<SafetensorsEntry> SafetensorsModel::find(std::string_view name) const {
    for (const SafetensorsFile& file : files_) {
        if (const auto entry = file.find(name)) return entry;
    }
    return std::nullopt;
}

std::vector<SafetensorsEntry> SafetensorsModel::entries() const {
    std::vector<SafetensorsEntry> all;
    all.reserve(size());
    for (const SafetensorsFile& file : files_) {
        for (std::size_t i = 0; i < file.size(); ++i) all.push_back(file[i]);
    }
    return all;
}

}  // namespace molten::io

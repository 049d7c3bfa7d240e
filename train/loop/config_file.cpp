// TOML and environment: the two sources of options beside the command line.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/core/error.h"
#include "train/data/nearest.h"
#include "train/loop/options.h"

extern char** environ;

namespace molten::train {
namespace {

constexpr std::uintmax_t kMostBytes = 1 << 20;

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

const Setting* find(const std::string& section, const std::string& name) {
    for (const Setting& setting : settings())
        if (setting.section == section && setting.name == name) return &setting;
    return nullptr;
}

std::string where(const std::filesystem::path& file, const toml::node& node) {
    return fmt::format("{}:{}:{}", file.string(), node.source().begin.line, node.source().begin.column);
}

std::string text_of(const toml::node& node, const std::string& place) {
    if (const auto v = node.value_exact<std::string>()) return *v;
    if (const auto v = node.value_exact<bool>()) return *v ? "true" : "false";
    if (const auto v = node.value_exact<std::int64_t>()) return std::to_string(*v);
    if (const auto v = node.value_exact<double>()) return fmt::format("{}", *v);
    throw Error(ExitCode::usage, place + ": a text, number or boolean is expected");
}

// A list replaces the default list; "none" empties it.
void set_list(TrainOptions& options, const Setting& setting, const std::vector<std::string>& values) {
    if (setting.name == "target") options.targets.clear();
    if (setting.name == "ablations") options.ablations.clear();
    if (setting.name == "baselines") options.baselines.clear();
    for (const std::string& value : values)
        if (value != "none") setting.set(options, value);
}

// The values of a variable: split at commas as on the command line, where only the name of a column may hold one.
std::vector<std::string> listed(const Setting& setting, const std::string& text) {
    if (setting.name == "target") return {text};
    std::vector<std::string> values;
    std::stringstream in(text);
    for (std::string value; std::getline(in, value, ',');) values.push_back(value);
    return values;
}

void set_node(TrainOptions& options, const Setting& setting, const toml::node& node, const std::string& place) {
    try {
        if (const auto* array = node.as_array()) {
            if (!setting.repeats) throw Error(ExitCode::usage, "takes one value, not a list");
            std::vector<std::string> values;
            for (const auto& item : *array) values.push_back(text_of(item, place));
            set_list(options, setting, values);
        } else if (setting.repeats) {
            set_list(options, setting, {text_of(node, place)});
        } else {
            setting.set(options, text_of(node, place));
        }
    } catch (const Error& error) {
        throw Error(ExitCode::usage, fmt::format("{}: {}.{}: {}", place, setting.section, setting.name, error.what()), error.hint());
    }
}

}  // namespace

void read_config(TrainOptions& options, const std::filesystem::path& path) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(path, missing);
    if (missing) throw Error(ExitCode::usage, path.string() + ": cannot be read: " + missing.message(), "check --config");
    if (size > kMostBytes) throw Error(ExitCode::usage, path.string() + ": a configuration of more than 1 MB");
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    toml::table root;
    try {
        root = toml::parse(text.str(), path.string());
    } catch (const toml::parse_error& error) {
        throw Error(ExitCode::usage, fmt::format("{}:{}:{}: {}", path.string(), error.source().begin.line, error.source().begin.column,
                                                 error.description()));
    }
    std::vector<std::string> sections, names;
    for (const Setting& setting : settings()) {
        if (std::find(sections.begin(), sections.end(), setting.section) == sections.end()) sections.push_back(setting.section);
        names.push_back(setting.section + "." + setting.name);
    }
    for (const auto& [section, node] : root) {
        const std::string section_name(section.str());
        const auto* table = node.as_table();
        if (!table || std::find(sections.begin(), sections.end(), section_name) == sections.end())
            throw Error(ExitCode::usage,
                        fmt::format("{}: no section [{}].{}", where(path, node), section_name, data::did_you_mean(section_name, sections)),
                        fmt::format("the sections are {}", fmt::join(sections, ", ")));
        for (const auto& [key, value] : *table) {
            const std::string name(key.str());
            const Setting* setting = find(section_name, name);
            if (!setting)
                throw Error(ExitCode::usage, fmt::format("{}: no key {}.{}.{}", where(path, value), section_name, name,
                                                         data::did_you_mean(section_name + "." + name, names)));
            set_node(options, *setting, value, where(path, value));
        }
    }
}

void read_environment(TrainOptions& options) {
    std::vector<std::string> known;
    for (const Setting& setting : settings()) known.push_back("MOLTEN_" + upper(setting.section) + "_" + upper(setting.name));
    for (char** variable = environ; *variable; ++variable) {
        const std::string text = *variable;
        const auto equal = text.find('=');
        const std::string name = text.substr(0, equal);
        const bool of_section = std::any_of(settings().begin(), settings().end(),
                                            [&](const Setting& s) { return name.starts_with("MOLTEN_" + upper(s.section) + "_"); });
        if (!of_section || equal == std::string::npos) continue;
        const auto it = std::find(known.begin(), known.end(), name);
        if (it == known.end())
            throw Error(ExitCode::usage, fmt::format("environment variable {} is no setting.{}", name, data::did_you_mean(name, known)));
        const Setting& setting = settings()[static_cast<std::size_t>(it - known.begin())];
        try {
            if (setting.repeats)
                set_list(options, setting, listed(setting, text.substr(equal + 1)));
            else
                setting.set(options, text.substr(equal + 1));
        } catch (const Error& error) {
            throw Error(ExitCode::usage, fmt::format("environment variable {}: {}", name, error.what()), error.hint());
        }
    }
}

}  // namespace molten::train

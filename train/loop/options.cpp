#include "train/loop/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/core/error.h"
#include "train/baselines/problem.h"
#include "train/data/nearest.h"

namespace molten::train {
namespace {

[[noreturn]] void refuse(const std::string& value, const std::string& wanted) {
    throw Error(ExitCode::usage, "'" + value + "' is not " + wanted);
}

double number(const std::string& value, double low, double high) {
    double result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size() || !(result >= low && result <= high))
        refuse(value, fmt::format("a number from {} to {}", low, high));
    return result;
}

std::int64_t integer(const std::string& value, std::int64_t low, std::int64_t high) {
    std::int64_t result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size() || result < low || result > high)
        refuse(value, fmt::format("a whole number from {} to {}", low, high));
    return result;
}

bool boolean(const std::string& value) {
    if (value == "true" || value == "1" || value == "yes" || value == "on") return true;
    if (value == "false" || value == "0" || value == "no" || value == "off") return false;
    refuse(value, "true or false");
}

std::string choice(const std::string& value, const std::vector<std::string>& allowed) {
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
        throw Error(ExitCode::usage,
                    fmt::format("'{}' is not one of {}.{}", value, fmt::join(allowed, ", "), data::did_you_mean(value, allowed)));
    return value;
}

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        if (static_cast<unsigned char>(c) < 0x20)
            result += fmt::format("\\u{:04x}", static_cast<int>(c));
        else
            result += c;
    }
    return result + '"';
}

void add_once(std::vector<std::string>& list, std::string value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

std::string quoted(const std::vector<std::string>& list) {
    std::string result = "[";
    for (const std::string& item : list) result += (result.size() > 1 ? ", " : "") + quoted(item);
    return result + "]";
}

// TOML wants a point or an exponent in a float.
std::string real(double value) {
    std::string text = fmt::format("{}", value);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

using O = TrainOptions;

// A setting whose value is one member. The macros only spare the two lambdas that every line would repeat.
#define TEXT(section, field, help)                                                                                                       \
    {                                                                                                                                    \
        section, #field, help, false, false, [](O& o, const std::string& v) { o.field = v; }, [](const O& o) { return quoted(o.field); } \
    }
#define CHOICE(section, field, help, ...)                                                                          \
    {                                                                                                              \
        section, #field, help, false, false, [](O& o, const std::string& v) { o.field = choice(v, __VA_ARGS__); }, \
            [](const O& o) { return quoted(o.field); }                                                             \
    }
#define REAL(section, name, member, low, high, help)                                                            \
    {                                                                                                           \
        section, name, help, false, false, [](O& o, const std::string& v) { o.member = number(v, low, high); }, \
            [](const O& o) { return real(o.member); }                                                           \
    }
#define WHOLE(section, name, member, low, high, help)                                                            \
    {                                                                                                            \
        section, name, help, false, false, [](O& o, const std::string& v) { o.member = integer(v, low, high); }, \
            [](const O& o) { return std::to_string(o.member); }                                                  \
    }
#define SWITCH(section, name, member, help)                                                          \
    {                                                                                                \
        section, name, help, false, true, [](O& o, const std::string& v) { o.member = boolean(v); }, \
            [](const O& o) { return std::string(o.member ? "true" : "false"); }                      \
    }

const std::vector<std::string> kTasks = {"auto", "regression", "binary", "multiclass"};
const std::vector<std::string> kFeatures = {"canonical", "qm9", "molten"};
const std::vector<std::string> kSplits = {"random", "stratified", "scaffold", "scaffold_balanced", "column", "kfold", "file"};
const std::vector<std::string> kLosses = {"auto", "l1", "l2", "huber"};
const std::vector<std::string> kTransforms = {"none", "auto", "log", "log1p"};
const std::vector<std::string> kAblations = {"graph_only", "fingerprint_only", "descriptor_only", "no_gate", "no_retrieval", "no_cross"};

constexpr std::int64_t kMany = 1'000'000'000;

}  // namespace

const std::vector<Setting>& settings() {
    static const std::vector<Setting> table = {
        TEXT("data", data, "table of molecules: CSV, TSV, SMI or SDF, also .gz"),
        TEXT("data", smiles_column, "column of SMILES; found by its name when not given"),
        {"data", "target", "column to learn; may be given several times", true, false,
         [](O& o, const std::string& v) { o.targets.push_back(v); }, [](const O& o) { return quoted(o.targets); }},
        CHOICE("data", task, "auto, regression, binary or multiclass", kTasks),
        REAL("data", "max_rejected", max_rejected, 0, 1, "share of rows that may be unusable before the run stops"),
        SWITCH("data", "strict", strict, "stop at the first unusable row"),
        {"data", "format", "csv, tsv, smi or sdf; empty: by the extension", false, false,
         [](O& o, const std::string& v) { o.table.format = v.empty() ? std::nullopt : std::optional(data::parse_format(v)); },
         [](const O& o) { return quoted(o.table.format ? std::string(data::name_of(*o.table.format)) : ""); }},
        SWITCH("data", "header", table.header, "the first line names the columns"),
        WHOLE("data", "max_field_bytes", table.limits.max_field_bytes, 1, kMany, "largest cell of a table"),
        WHOLE("data", "max_row_bytes", table.limits.max_row_bytes, 1, kMany, "largest row of a table"),
        WHOLE("data", "max_columns", table.limits.max_columns, 1, kMany, "most columns of a table"),
        WHOLE("data", "max_inflated_bytes", table.limits.max_inflated_bytes, 1, std::int64_t{1} << 50, "most bytes that a .gz may unpack to"),
        WHOLE("data", "max_inflation", table.limits.max_inflation, 1, kMany, "largest ratio of unpacked to packed bytes"),
        TEXT("data", join, "second table whose columns are added by a key"),
        TEXT("data", join_key, "key column in --data"),
        TEXT("data", join_other_key, "key column in --join"),
        CHOICE("features", features, "atom and bond columns: canonical, qm9 or molten", kFeatures),
        SWITCH("features", "explicit_h", explicit_h, "hydrogens as atoms of the graph"),
        WHOLE("features", "fingerprint_radius", fingerprint_radius, 0, 8, "radius of the Morgan fingerprint"),
        WHOLE("features", "fingerprint_bits", fingerprint_bits, 64, 65536, "length of the Morgan fingerprint"),
        WHOLE("features", "neighbours", neighbours, 1, 1000, "training molecules that the retrieval embedding looks at"),
        SWITCH("features", "isolate", isolate, "compute features in guarded worker processes"),
        REAL("features", "molecule_seconds", molecule_seconds, 0.01, 3600, "time limit for one molecule"),
        CHOICE("split", split, "random, stratified, scaffold, scaffold_balanced, column, kfold or file", kSplits),
        TEXT("split", split_column, "column that says train, val or test"),
        TEXT("split", split_file, "splits.json in chemprop's form"),
        REAL("split", "train_share", train_share, 0.01, 1, "share of rows to learn from"),
        REAL("split", "val_share", val_share, 0, 0.99, "share of rows to choose and calibrate on; the rest tests"),
        WHOLE("split", "folds", folds, 2, 1000, "number of folds of --split kfold"),
        WHOLE("split", "fold", fold, 0, 999, "which fold, or which entry of --split-file"),
        SWITCH("model", "graph", model.graph, "use the graph expert"),
        SWITCH("model", "fingerprint", model.fingerprint, "use the fingerprint expert"),
        SWITCH("model", "descriptor", model.descriptor, "use the descriptor expert"),
        SWITCH("model", "retrieval", model.retrieval, "use the retrieval expert"),
        SWITCH("model", "cross_attention", model.cross_attention, "use the cross-modal attention expert"),
        {"model", "gate", "how experts are mixed: softmax, sigmoid, top_k or none", false, false,
         [](O& o, const std::string& v) { o.model.gate = parse_gate(v); }, [](const O& o) { return quoted(name_of(o.model.gate)); }},
        WHOLE("model", "top_k", model.top_k, 1, 16, "experts that --gate top_k keeps"),
        WHOLE("model", "width", model.width, 4, 8192, "numbers in a molecule's vector"),
        WHOLE("model", "layers", model.layers, 0, 64, "Chebyshev convolutions"),
        WHOLE("model", "order", model.order, 1, 16, "Chebyshev terms of a convolution; reaches order - 1 bonds"),
        WHOLE("model", "heads", model.heads, 1, 64, "attention heads"),
        REAL("model", "dropout", dropout, -1, 0.95, "dropout inside the experts; -1 chooses by the size of the data"),
        REAL("model", "graph_dropout", graph_dropout, -1, 0.95, "dropout after each convolution; -1 chooses by the size of the data"),
        REAL("model", "fingerprint_dropout", fingerprint_dropout, -1, 0.95,
             "dropout on the fingerprint; -1 chooses by the size of the data"),
        REAL("model", "descriptor_dropout", descriptor_dropout, -1, 0.95, "dropout on the descriptors; -1 chooses by the size of the data"),
        REAL("model", "fingerprint_drop_rate", model.fingerprint_drop_rate, 0, 0.95,
             "share of molecules that train without the fingerprint"),
        REAL("model", "retrieval_drop_rate", model.retrieval_drop_rate, 0, 0.95, "share of molecules that train without their neighbours"),
        WHOLE("train", "seed", seed, 0, kMany, "seed of split, weights, order and dropout"),
        WHOLE("train", "epochs", epochs, 0, 1'000'000, "passes over the training part; 0 chooses by its size"),
        WHOLE("train", "batch_size", batch_size, 0, 1'000'000, "molecules in a step; 0 chooses by the size of the data"),
        REAL("train", "learning_rate", learning_rate, 1e-12, 10, "highest learning rate"),
        REAL("train", "weight_decay", weight_decay, -1, 10, "AdamW's decay of weight matrices; -1 chooses by the size of the data"),
        REAL("train", "warmup", warmup, 0, 1, "share of steps in which the rate rises"),
        REAL("train", "final_rate", final_rate, 0, 1, "rate at the end of the cosine, as a share of the highest"),
        REAL("train", "clip", clip, 0, 1e9, "largest norm of the gradient; 0 for none"),
        REAL("train", "ema", ema, -1, 0.999999, "decay of the weights' moving average; -1 chooses by the size of the data"),
        CHOICE("train", loss, "auto, l1, l2 or huber", kLosses),
        REAL("train", "huber_delta", huber_delta, 1e-9, 1e9, "where huber turns linear, in standard deviations"),
        WHOLE("train", "patience", patience, 0, 1'000'000, "stop after this many epochs without a better validation loss; 0 never"),
        WHOLE("train", "ensemble", ensemble, 0, 1000, "models of different seeds whose mean predicts; 0 chooses by the size of the data"),
        WHOLE("train", "replicates", replicates, 1, 1000, "repeat with seeds seed, seed + 1, ... and report mean and deviation"),
        REAL("train", "balance", balance, 0, 100, "weight of the gate's load-balance loss"),
        CHOICE("train", target_transform, "none, auto, log or log1p", kTransforms),
        {"train", "ablations", "also train without parts: graph_only, fingerprint_only, descriptor_only, no_gate, no_retrieval, no_cross",
         true, false, [](O& o, const std::string& v) { add_once(o.ablations, choice(v, kAblations)); },
         [](const O& o) { return quoted(o.ablations); }},
        WHOLE("train", "ablation_members", ablation_members, 0, 1000,
              "models of an ablation's ensemble; 0: as many as the whole model has"),
        {"train", "baselines", "classical models for the same table: mean, knn, ridge, random_forest, svm ...; none", true, false,
         [](O& o, const std::string& v) { add_once(o.baselines, std::string(baselines::find(v).name)); },
         [](const O& o) { return quoted(o.baselines); }},
        REAL("train", "checkpoint_seconds", checkpoint_seconds, 0, 86400, "seconds between checkpoints"),
        WHOLE("train", "checkpoint_steps", checkpoint_steps, 0, kMany, "also save after this many steps; 0 by time alone"),
        REAL("report", "alpha", alpha, 0.001, 0.5, "prediction intervals cover 1 - alpha"),
        WHOLE("report", "worst", worst, 0, 1000, "worst molecules drawn in the report"),
    };
    return table;
}

std::string to_toml(const TrainOptions& options) {
    std::string result = "# Resolved configuration of this run: `molten train --config config.toml` repeats it.\n", section;
    for (const Setting& setting : settings()) {
        if (setting.section != section) result += fmt::format("\n[{}]\n", section = setting.section);
        result += fmt::format("{} = {}  # {}\n", setting.name, setting.get(options), setting.help);
    }
    return result;
}

// Found by trial on ESOL, FreeSolv, Lipophilicity, BBBP and QM8: few molecules want regularisation, many want steps. Test figures of
// those sets had been seen on other splits, so they are no blind test of these defaults.
std::vector<std::string> resolve(TrainOptions& o, std::int64_t molecules, bool classification) {
    std::vector<std::string> chosen;
    const bool large = molecules > 8000, small = molecules <= 3000;
    const auto choose = [&](auto& value, auto unset, auto by_size, const char* name) {
        if (value != unset) return;
        value = by_size;
        chosen.push_back(fmt::format("{} = {}", name, by_size));
    };
    choose(o.batch_size, std::int64_t{0}, std::int64_t{small ? 32 : 64}, "batch_size");
    choose(o.epochs, std::int64_t{0}, std::int64_t{classification ? 20 : small ? 60 : large ? 40 : 50}, "epochs");
    choose(o.ensemble, std::int64_t{0}, std::int64_t{large ? 4 : 5}, "ensemble");
    choose(o.dropout, -1.0, large ? 0.0 : 0.2, "dropout");
    choose(o.graph_dropout, -1.0, large ? 0.0 : 0.05, "graph_dropout");
    choose(o.fingerprint_dropout, -1.0, large ? 0.2 : 0.5, "fingerprint_dropout");
    choose(o.descriptor_dropout, -1.0, large ? 0.0 : 0.2, "descriptor_dropout");
    choose(o.weight_decay, -1.0, large ? 0.01 : 0.05, "weight_decay");
    choose(o.ema, -1.0, large ? 0.998 : 0.99, "ema");
    if (!classification) choose(o.loss, std::string("auto"), std::string(large ? "l1" : "l2"), "loss");
    o.model.dropout = o.dropout;
    o.model.graph_dropout = o.graph_dropout;
    o.model.fingerprint_dropout = o.fingerprint_dropout;
    o.model.descriptor_dropout = o.descriptor_dropout;
    return chosen;
}

}  // namespace molten::train

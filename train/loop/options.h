#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/mmf/config.h"
#include "train/data/table.h"

namespace molten::train {

// Everything a training run can be told, with the defaults. settings() is the one table from which the command line, the TOML
// file, the environment, --help and config.toml are made.
struct TrainOptions {
    // [data]
    std::string data;                      // CSV, TSV, SMI or SDF; .gz
    std::string smiles_column;             // empty: found by name
    std::vector<std::string> targets;
    std::string task = "auto";             // auto, regression, binary, multiclass
    double max_rejected = 0.10;            // share of rows that may be unusable
    bool strict = false;                   // the first unusable row stops the run
    std::string join;                      // a second table: PATH whose columns are added by the key
    data::TableOptions table;              // format, header and caps of --data
    std::string join_key, join_other_key;  // column here, column there

    // [features]
    std::string features = "molten";       // canonical, qm9, molten
    bool explicit_h = false;
    std::int64_t fingerprint_radius = 2, fingerprint_bits = 2048, neighbours = 8;
    bool isolate = true;                   // guarded worker processes
    double molecule_seconds = 2;           // time limit for one molecule

    // [split]
    std::string split = "random";          // random, stratified, scaffold, scaffold_balanced, column, kfold, file
    std::string split_column, split_file;
    double train_share = 0.8, val_share = 0.1;
    std::int64_t folds = 5;
    std::int64_t fold = 0;                 // which split of a k-fold or a file

    // [model]; the dropouts: -1 chooses by the size of the data and goes into `model` with resolve()
    MmfConfig model;
    double dropout = -1, graph_dropout = -1, fingerprint_dropout = -1, descriptor_dropout = -1;

    // [train]
    std::int64_t seed = 0, epochs = 0, batch_size = 0;  // 0: by the size of the data, see resolve()
    double learning_rate = 1e-3, warmup = 0.05, final_rate = 0.01, clip = 1;
    double weight_decay = -1, ema = -1;    // -1: by the size of the data
    std::string loss = "auto";             // l1, l2, huber (regression); bce, cross_entropy follow from the task
    double huber_delta = 1;
    std::int64_t patience = 0;             // epochs without a better validation loss; 0: never stop early
    std::int64_t ensemble = 0, replicates = 1, ablation_members = 0;
    double balance = 0;                    // weight of the gate's load-balance loss
    std::string target_transform = "none"; // none, auto, log, log1p
    std::vector<std::string> ablations;    // graph_only, fingerprint_only, descriptor_only, no_gate, no_retrieval, no_cross
    std::vector<std::string> baselines = {"mean", "knn", "ridge", "random_forest", "svm"};
    double checkpoint_seconds = 20;        // between checkpoints
    std::int64_t checkpoint_steps = 0;     // also after this many steps; 0: by time alone

    // [report]
    double alpha = 0.1;                    // intervals cover 1 - alpha
    std::int64_t worst = 20;               // molecules drawn in the report

    // where it goes; not part of config.toml
    std::filesystem::path out = "run";
    bool overwrite = false, dry_run = false;
    std::string resume;                    // "", "auto"
};

struct Setting {
    std::string section, name;             // [train] learning_rate; --learning-rate; MOLTEN_TRAIN_LEARNING_RATE
    std::string help;
    bool repeats = false;                  // a list: the flag may come several times
    bool flag = false;                     // a boolean: --strict and --no-strict
    void (*set)(TrainOptions&, const std::string& value) = nullptr;  // throws Error(usage) that says what is allowed
    std::string (*get)(const TrainOptions&) = nullptr;               // as TOML
};
const std::vector<Setting>& settings();

// Reads a TOML file of sections and keys. Error(usage) with file, line and the nearest name for what it does not know.
void read_config(TrainOptions&, const std::filesystem::path&);
// MOLTEN_<SECTION>_<NAME>. A variable MOLTEN_TRAIN_..., MOLTEN_DATA_... of no setting is refused too.
void read_environment(TrainOptions&);
// The resolved options as TOML, sections and help as comments.
std::string to_toml(const TrainOptions&);

// Fills what 0, -1 or "auto" left to the size of the data (molecules in training), and returns what was chosen, a line each.
std::vector<std::string> resolve(TrainOptions&, std::int64_t molecules, bool classification);

}  // namespace molten::train

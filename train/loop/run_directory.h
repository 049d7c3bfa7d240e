#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "train/loop/options.h"

namespace molten::train {

// The directory that holds all of a run: config.toml, command.txt, env.json, splits.json, rejected.csv, metrics.jsonl,
// metrics.csv, a TensorBoard event file, checkpoints/, best/, arms/, metrics.json, predictions.csv, report.html, README.md, run.log.
struct RunDirectory {
    std::filesystem::path root;
    bool resumed = false;

    // A directory that exists is refused without `resume` or `overwrite`. Resuming demands the same configuration and the same
    // data file, and lists what differs. `options` are those given, before anything was chosen by the size of the data.
    static RunDirectory open(const TrainOptions& options, const std::string& command);

    std::filesystem::path best() const { return root / "best"; }
    std::filesystem::path checkpoints() const { return root / "checkpoints"; }
    std::filesystem::path arm(const std::string& name) const { return name == "molten" ? best() : root / "arms" / name; }
};

}  // namespace molten::train

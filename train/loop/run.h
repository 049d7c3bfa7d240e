#pragma once
#include <string>

#include "train/loop/options.h"

namespace molten::train {

// `molten train`: from a table to a run directory with a trained ensemble, its measures and its report. `command` is what the user
// typed. Returns the exit code: ok, or preempted when a signal stopped it after saving. Throws Error otherwise.
int run_training(TrainOptions options, const std::string& command);

}  // namespace molten::train

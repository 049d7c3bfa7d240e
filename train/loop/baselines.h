#pragma once
#include "train/loop/experiment.h"

namespace molten::train {

// Fits the baselines that the options name on the same split and measures them on the test part: fills outcome.baselines and
// outcome.baseline_test. Targets of different kinds have none; the log says so.
void run_baselines(const TrainOptions&, const Material&, Outcome&, log::RunLog&);

}  // namespace molten::train

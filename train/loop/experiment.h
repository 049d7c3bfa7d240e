#pragma once
#include <functional>
#include <string>
#include <vector>

#include "train/data/splits.h"
#include "train/log/metrics_log.h"
#include "train/log/run_log.h"
#include "train/baselines/problem.h"
#include "train/loop/evaluation.h"
#include "train/loop/predictor.h"
#include "train/loop/run_directory.h"
#include "train/report/report.h"

namespace molten::train {

// A model that is trained: the whole one, "molten", and one a requested ablation.
struct Arm {
    std::string name;
    MmfConfig model;
    std::int64_t members = 1;
};
// Error(usage) for an ablation that leaves nothing of the model.
std::vector<Arm> arms_of(const TrainOptions&, const MmfConfig& whole);

// What an arm came to.
struct ArmOutcome {
    Arm arm;
    Predictions predictions;              // of all molecules
    std::vector<Measure> test;            // on the test part
    double seconds = 0;
};

// Everything one seed came to.
struct Outcome {
    data::Split split;
    Pipeline pipeline;                    // with intervals fitted on the validation part
    std::vector<ArmOutcome> arms;         // the whole model first, then its first member alone, then the ablations
    std::vector<baselines::Prediction> baselines;
    std::vector<std::vector<Measure>> baseline_test;
    std::vector<report::LossCurve> curves;
    std::vector<std::vector<double>> gate_by_epoch;
    std::int64_t parameters = 0;
    double seconds = 0;
    bool stopped = false;                 // by a signal, after saving
};

// What is trained on: one table and its features.
struct Material {
    const data::Table* table = nullptr;
    const Molecules* molecules = nullptr;
    std::vector<data::Target> targets;
    std::vector<double> values;           // [molecules, outputs]; NaN = missing
};

// Trains all arms of one split into the run directory, from where its checkpoints stand, evaluates them and the baselines.
Outcome run_experiment(const TrainOptions&, const Material&, const data::Split&, const RunDirectory&, log::RunLog&);

}  // namespace molten::train

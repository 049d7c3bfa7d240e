#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "engine/io/checkpoint.h"
#include "train/data/splits.h"
#include "train/loop/objective.h"
#include "train/loop/optimizer.h"

namespace molten::train {

// What an epoch came to.
struct EpochRecord {
    std::int64_t member = 0, epoch = 0, step = 0;
    double train_loss = 0, val_loss = 0, learning_rate = 0, gradient_norm = 0;
    std::vector<double> gate;  // mean weight of each expert over the validation part; empty without a gate
    bool best = false;         // no earlier epoch had a smaller validation loss
};

// Predictions of a model for all molecules of an input: [rows, outputs] scaled values and logits, and [rows, experts] gate weights.
struct RawPrediction {
    std::vector<float> outputs, gate;
};
RawPrediction predict_raw(const Mmf&, const ModelInput&, std::span<const std::int64_t> rows);

// One model of an ensemble in training. Its state is a function of (options, data, number, steps taken) alone: saved between two
// steps and loaded again, it goes on with the same bits.
class Member {
  public:
    Member(const TrainOptions&, const MmfConfig&, const Objective&, const ModelInput&, const data::Split&, std::int64_t number);

    bool finished() const { return finished_; }
    std::int64_t steps() const { return optimizer_->steps(); }
    std::int64_t total_steps() const { return total_steps_; }
    std::int64_t epoch() const { return epoch_; }
    double last_loss() const { return last_loss_; }
    std::int64_t parameter_count() { return model_.parameter_count(); }

    // One batch forward and back and one step of the optimiser; at the end of an epoch the averaged weights are measured on the
    // validation part. Error(numbers) for a loss or gradient that is not finite.
    std::optional<EpochRecord> step();

    const Mmf& best() const { return best_; }  // averaged weights of the best epoch so far
    std::vector<std::string> never_moved() const { return optimizer_->never_moved(); }

    void save(io::CheckpointWriter&);
    void load(const io::Checkpoint&);
    std::uint64_t state_bytes();

  private:
    void start_epoch();
    EpochRecord end_epoch();
    void visit_state(const ParameterVisitor&);

    const TrainOptions* options_;
    const Objective* objective_;
    const ModelInput* input_;
    const data::Split* split_;
    std::int64_t number_;
    Mmf model_, average_, best_;
    std::unique_ptr<Optimizer> optimizer_;
    std::vector<std::int64_t> order_;
    std::int64_t total_steps_ = 0, batches_ = 0;

    // What a checkpoint's trainer_state.json keeps beside the tensors.
    std::int64_t epoch_ = 0, batch_ = 0, bad_epochs_ = 0;
    std::uint64_t random_offset_ = 0;
    double loss_sum_ = 0, last_loss_ = 0, best_loss_ = 0, last_norm_ = 0, last_rate_ = 0;
    bool finished_ = false;
};

}  // namespace molten::train

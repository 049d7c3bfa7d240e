#include "train/loop/experiment.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>

#include "engine/io/tensors.h"
#include "train/log/progress_bar.h"
#include "train/log/tensorboard.h"
#include "train/loop/baselines.h"
#include "train/loop/stop_signal.h"

namespace molten::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One model to train: member m of arm a. Jobs run in this order, and a checkpoint says which one it belongs to.
struct Job {
    std::size_t arm;
    std::int64_t member;
};

std::string progress_text(double loss, double validation) {
    return std::isnan(validation) ? fmt::format("loss {:.4f}", loss) : fmt::format("loss {:.4f}  val {:.4f}", loss, validation);
}

// Trains the jobs one after the other, saving between steps, and goes on from the newest good checkpoint.
class Trainer {
  public:
    Trainer(const TrainOptions& options, const ModelInput& input, const Objective& objective, const data::Split& split,
            const std::vector<Arm>& arms, const RunDirectory& run, log::RunLog& log)
        : options_(options), input_(input), objective_(objective), split_(split), arms_(arms), run_(run), log_(log) {
        for (std::size_t a = 0; a < arms.size(); ++a)
            for (std::int64_t m = 0; m < arms[a].members; ++m) jobs_.push_back({a, m});
    }

    // False when a signal asked to stop; everything is saved then.
    bool train() {
        const StopSignal signals;
        auto found = io::find_latest_good(run_.checkpoints());
        for (const std::string& why : found.passed_over) log_.warn("checkpoint passed over: " + why);
        log::MetricsPosition position;
        std::size_t first = 0;
        if (found.found) {
            const io::Json document = io::read_json(found.found->file("run.json"));
            const io::JsonView j(document, "run.json");
            first = static_cast<std::size_t>(j["job"].integer(0, static_cast<std::int64_t>(jobs_.size()) - 1));
            saves_ = static_cast<std::uint64_t>(j["saves"].integer(0));
            position = {static_cast<std::uint64_t>(j["jsonl_bytes"].integer(0)), static_cast<std::uint64_t>(j["csv_bytes"].integer(0))};
            log_.say(fmt::format("resuming model {} of {} from {}", first + 1, jobs_.size(), found.found->path.string()));
        }
        metrics_.emplace(run_.root, position);
        board_.emplace(run_.root);
        for (std::size_t job = first; job < jobs_.size(); ++job)
            if (!train_job(job, job == first && found.found ? &*found.found : nullptr)) return false;
        return true;
    }

  private:
    bool train_job(std::size_t number, const io::Checkpoint* from) {
        const Job job = jobs_[number];
        const Arm& arm = arms_[job.arm];
        Member member(options_, arm.model, objective_, input_, split_, static_cast<std::int64_t>(number));
        if (from) member.load(*from);
        log::ProgressBar bar(fmt::format("{} {}/{}", arm.name, job.member + 1, arm.members), static_cast<std::size_t>(member.total_steps()),
                             "steps");
        auto saved = Clock::now();
        std::int64_t saved_step = member.steps();
        double validation = std::nan("");
        while (!member.finished()) {
            if (const auto epoch = member.step()) {
                validation = epoch->val_loss;
                record(arm, job, *epoch);
            }
            bar.update(static_cast<std::size_t>(member.steps()), progress_text(member.last_loss(), validation));
            const bool due = seconds_since(saved) >= options_.checkpoint_seconds ||
                             (options_.checkpoint_steps > 0 && member.steps() - saved_step >= options_.checkpoint_steps);
            const bool stop = StopSignal::requested();
            if (!due && !stop) continue;
            if (!member.finished()) save(member, number);
            saved = Clock::now();
            saved_step = member.steps();
            if (stop && !member.finished()) {
                bar.finish();
                return false;
            }
        }
        bar.finish();
        save(member, number);
        std::filesystem::create_directories(run_.arm(arm.name));
        save_member(member.best(), run_.arm(arm.name), job.member);
        for (const std::string& name : member.never_moved())
            if (!from) log_.warn(fmt::format("{} model {}: the gradient of {} was zero in every step", arm.name, job.member, name));
        return !(StopSignal::requested() && number + 1 < jobs_.size());
    }

    void record(const Arm& arm, const Job& job, const EpochRecord& epoch) {
        log::MetricsRecord line;
        line.texts = {{"arm", arm.name}};
        line.integers = {{"member", job.member}, {"epoch", epoch.epoch}, {"step", epoch.step}, {"best", epoch.best ? 1 : 0}};
        line.numbers = {{"train_loss", epoch.train_loss},
                        {"val_loss", epoch.val_loss},
                        {"learning_rate", epoch.learning_rate},
                        {"gradient_norm", epoch.gradient_norm}};
        const auto experts = arms_[0].model.experts(), own = arm.model.experts();
        for (const std::string& expert : experts) {  // the same columns for every arm; NaN for an expert it lacks
            const auto at = static_cast<std::size_t>(std::find(own.begin(), own.end(), expert) - own.begin());
            line.numbers.emplace_back("gate_" + expert, at < epoch.gate.size() ? epoch.gate[at] : std::nan(""));
        }
        metrics_->write(line);
        const std::string prefix = fmt::format("{}/{}/", arm.name, job.member);
        board_->scalar(prefix + "train_loss", epoch.step, epoch.train_loss);
        board_->scalar(prefix + "val_loss", epoch.step, epoch.val_loss);
        board_->scalar(prefix + "learning_rate", epoch.step, epoch.learning_rate);
        board_->scalar(prefix + "gradient_norm", epoch.step, epoch.gradient_norm);
    }

    void save(Member& member, std::size_t job) {
        metrics_->sync();
        io::CheckpointOptions options;
        options.expected_bytes = member.state_bytes() + 65536;
        io::CheckpointWriter writer(run_.checkpoints(), ++saves_, options);
        member.save(writer);
        io::Json j = io::Json::object();
        j.set("format", "molten-run-state")
            .set("version", 1)
            .set("job", static_cast<std::int64_t>(job))
            .set("saves", static_cast<std::int64_t>(saves_));
        j.set("jsonl_bytes", static_cast<std::int64_t>(metrics_->position().jsonl_bytes))
            .set("csv_bytes", static_cast<std::int64_t>(metrics_->position().csv_bytes));
        writer.add("run.json", j.text(true));
        writer.commit();
    }

    const TrainOptions& options_;
    const ModelInput& input_;
    const Objective& objective_;
    const data::Split& split_;
    const std::vector<Arm>& arms_;
    const RunDirectory& run_;
    log::RunLog& log_;
    std::vector<Job> jobs_;
    std::optional<log::MetricsLog> metrics_;
    std::optional<log::TensorBoardWriter> board_;
    std::uint64_t saves_ = 0;
};

// Conformal intervals of the whole model's regression targets, on the validation part.
void fit_intervals(Pipeline& pipeline, const Predictions& p, std::span<const double> values, std::span<const std::int64_t> validation) {
    for (TargetInfo& target : pipeline.targets) {
        if (target.task != data::Task::regression) continue;
        std::vector<double> measured, predicted, spread;
        for (const std::int64_t r : validation) {
            measured.push_back(values[static_cast<std::size_t>(r * p.outputs + target.first_output)]);
            predicted.push_back(p.at(p.mean, r, target.first_output));
            spread.push_back(p.at(p.spread, r, target.first_output));
        }
        // Intervals that follow the members' disagreement, where that makes them narrower: few members disagree by chance.
        const uncertainty::Measured calibration{measured, predicted, spread, {}};
        const uncertainty::ConformalIntervals plain = uncertainty::fit_intervals(calibration, pipeline.alpha);
        const uncertainty::ConformalIntervals normalised = uncertainty::fit_normalised_intervals(calibration, pipeline.alpha);
        const bool narrower =
            uncertainty::measure(normalised, calibration).mean_width < uncertainty::measure(plain, calibration).mean_width;
        target.interval = narrower ? normalised : plain;
    }
}

Predictions predict_arm(const Arm& arm, const Pipeline& pipeline, const ModelInput& input, const std::filesystem::path& directory) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(input.size()));
    std::iota(rows.begin(), rows.end(), 0);
    std::vector<RawPrediction> raw;
    for (std::int64_t m = 0; m < arm.members; ++m) raw.push_back(predict_raw(load_member(arm.model, directory, m), input, rows));
    return combine(pipeline, raw);
}

}  // namespace

std::vector<Arm> arms_of(const TrainOptions& options, const MmfConfig& whole) {
    std::vector<Arm> arms = {{"molten", whole, options.ensemble}};
    for (const std::string& name : options.ablations) {
        MmfConfig c = whole;
        const auto only = [&](bool graph, bool fingerprint, bool descriptor) {
            c.graph = graph, c.fingerprint = fingerprint, c.descriptor = descriptor, c.retrieval = false;
            c.fingerprint_drop_rate = 0;  // it would silence the only expert
        };
        if (name == "graph_only") only(true, false, false);
        if (name == "fingerprint_only") only(false, true, false);
        if (name == "descriptor_only") only(false, false, true);
        if (name == "no_gate") c.gate = MmfGate::none;
        if (name == "no_retrieval") c.retrieval = false;
        if (name == "no_cross") c.cross_attention = false;
        c.check();
        arms.push_back({name, c, options.ablation_members > 0 ? options.ablation_members : options.ensemble});
    }
    return arms;
}

Outcome run_experiment(const TrainOptions& options, const Material& material, const data::Split& split, const RunDirectory& run,
                       log::RunLog& log) {
    const auto start = Clock::now();
    Outcome outcome;
    outcome.split = split;
    outcome.pipeline = Pipeline::fit(options, *material.molecules, material.targets, material.values, split.train);
    const ModelInput input(outcome.pipeline, *material.molecules);
    const Objective objective(options, outcome.pipeline, material.values);
    const std::vector<Arm> arms = arms_of(options, sized(options.model, outcome.pipeline, *material.molecules));
    outcome.parameters = Mmf(arms[0].model, 0).parameter_count();
    Trainer trainer(options, input, objective, split, arms, run, log);
    if (!trainer.train()) {
        outcome.stopped = true;
        return outcome;
    }
    const auto measure = [&](const Arm& arm, const std::filesystem::path& directory) {
        ArmOutcome result{arm, predict_arm(arm, outcome.pipeline, input, directory), {}, 0};
        result.test = evaluate(outcome.pipeline.targets, material.values, result.predictions.mean, split.test);
        outcome.arms.push_back(std::move(result));
    };
    for (const Arm& arm : arms) {
        measure(arm, run.arm(arm.name));
        if (arm.name == "molten" && arm.members > 1) measure({"one member", arm.model, 1}, run.best());
    }
    fit_intervals(outcome.pipeline, outcome.arms[0].predictions, material.values, split.val);
    outcome.pipeline.save(run.best());
    save_model_config(arms[0].model, run.best());
    run_baselines(options, material, outcome, log);
    outcome.seconds = seconds_since(start);
    return outcome;
}

}  // namespace molten::train

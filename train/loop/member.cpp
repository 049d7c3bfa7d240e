#include "train/loop/member.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/io/tensors.h"
#include "engine/ops/elementwise.h"
#include "engine/random/generator.h"
#include "train/data/splitmix.h"

namespace molten::train {
namespace {

constexpr std::int64_t kPredictBatch = 256;

std::uint64_t seed_of(const TrainOptions& options, std::int64_t number) {
    return data::SplitMix64(static_cast<std::uint64_t>(options.seed) * 1000003u + static_cast<std::uint64_t>(number)).next();
}

void copy_parameters(Mmf& from, Mmf& to) {
    std::vector<Tensor> source;
    from.visit([&](const std::string&, Tensor& p) { source.push_back(p); });
    std::size_t i = 0;
    to.visit([&](const std::string&, Tensor& p) { std::copy_n(source[i].data<float>(), p.elements(), p.mutable_data<float>()), ++i; });
}

Mmf frozen_copy(Mmf& model, const MmfConfig& config) {
    Mmf copy(config, 0);
    copy.visit([](const std::string&, Tensor& p) { p.set_requires_grad(false); });
    copy_parameters(model, copy);
    return copy;
}

}  // namespace

RawPrediction predict_raw(const Mmf& model, const ModelInput& input, std::span<const std::int64_t> rows) {
    const NoGrad quiet;
    RawPrediction result;
    for (std::size_t begin = 0; begin < rows.size(); begin += kPredictBatch) {
        const auto part = rows.subspan(begin, std::min<std::size_t>(kPredictBatch, rows.size() - begin));
        const MmfOutput output = model.forward(input.batch(model.config, part), false);
        const auto append = [](std::vector<float>& to, const Tensor& from) {
            if (from) to.insert(to.end(), from.data<float>(), from.data<float>() + from.elements());
        };
        append(result.outputs, output.prediction);
        append(result.gate, output.gate);
    }
    return result;
}

Member::Member(const TrainOptions& options, const MmfConfig& config, const Objective& objective, const ModelInput& input,
               const data::Split& split, std::int64_t number)
    : options_(&options),
      objective_(&objective),
      input_(&input),
      split_(&split),
      number_(number),
      model_(config, seed_of(options, number)),
      average_(frozen_copy(model_, config)),
      best_(frozen_copy(model_, config)),
      best_loss_(std::numeric_limits<double>::infinity()) {
    std::vector<std::pair<std::string, Tensor>> parameters;
    std::vector<Tensor> averages;
    model_.visit([&](const std::string& name, Tensor& p) { parameters.emplace_back(name, p); });
    average_.visit([&](const std::string&, Tensor& p) { averages.push_back(p); });
    optimizer_ = std::make_unique<Optimizer>(std::move(parameters), std::move(averages),
                                             OptimizerOptions{0.9, 0.999, 1e-8, options.weight_decay, options.clip, options.ema});
    batches_ = (static_cast<std::int64_t>(split.train.size()) + options.batch_size - 1) / options.batch_size;
    total_steps_ = batches_ * options.epochs;
    finished_ = total_steps_ == 0;
    start_epoch();
}

// The order of an epoch is a function of (seed, member, epoch).
void Member::start_epoch() {
    order_ = split_->train;
    data::SplitMix64 random(seed_of(*options_, number_) ^ (0x9E3779B97F4A7C15u * static_cast<std::uint64_t>(epoch_ + 1)));
    random.shuffle(order_);
    batch_ = 0;
    loss_sum_ = 0;
}

std::optional<EpochRecord> Member::step() {
    const std::int64_t begin = batch_ * options_->batch_size;
    const auto rows = std::span(order_).subspan(
        static_cast<std::size_t>(begin),
        std::min<std::size_t>(static_cast<std::size_t>(options_->batch_size), order_.size() - static_cast<std::size_t>(begin)));
    generator() = {seed_of(*options_, number_), random_offset_};
    {
        Tape tape;
        const MmfOutput output = model_.forward(input_->batch(model_.config, rows), true);
        Tensor loss = objective_->loss(output.prediction, rows);
        if (options_->balance > 0 && output.balance) loss = add(loss, scale(output.balance, options_->balance));
        last_loss_ = loss.item();
        if (!std::isfinite(last_loss_))
            throw Error(ExitCode::numbers, fmt::format("the loss is {} in step {} of model {}", last_loss_, steps() + 1, number_),
                        "the weights on the disk are those before this step; try a smaller --learning-rate");
        last_rate_ = options_->learning_rate * schedule(steps(), total_steps_, options_->warmup, options_->final_rate);
        last_norm_ = optimizer_->step(tape.backward(loss), last_rate_);
    }
    random_offset_ = generator().offset;
    loss_sum_ += last_loss_ * static_cast<double>(rows.size());
    if (++batch_ < batches_) return std::nullopt;
    return end_epoch();
}

EpochRecord Member::end_epoch() {
    EpochRecord record{number_, epoch_ + 1, steps(), loss_sum_ / static_cast<double>(order_.size()), 0, last_rate_, last_norm_, {}, false};
    const auto& rows = split_->val.empty() ? split_->train : split_->val;
    const RawPrediction raw = predict_raw(average_, *input_, rows);
    record.val_loss = objective_->evaluate(raw.outputs, rows);
    if (!std::isfinite(record.val_loss))
        throw Error(ExitCode::numbers,
                    fmt::format("the validation loss is {} after epoch {} of model {}", record.val_loss, record.epoch, number_));
    const std::size_t experts = raw.gate.size() / rows.size();
    record.gate.assign(experts, 0);
    for (std::size_t i = 0; i < raw.gate.size(); ++i) record.gate[i % experts] += raw.gate[i] / static_cast<double>(rows.size());
    record.best = record.val_loss < best_loss_;
    if (record.best) {
        best_loss_ = record.val_loss;
        bad_epochs_ = 0;
        copy_parameters(average_, best_);
    } else {
        ++bad_epochs_;
    }
    ++epoch_;
    finished_ = epoch_ >= options_->epochs || (options_->patience > 0 && bad_epochs_ >= options_->patience);
    start_epoch();
    return record;
}

void Member::visit_state(const ParameterVisitor& f) {
    model_.visit(f, "model.");
    average_.visit(f, "average.");
    best_.visit(f, "best.");
    optimizer_->visit_state(f);
}

std::uint64_t Member::state_bytes() {
    io::NamedTensors tensors;
    visit_state([&](const std::string& name, Tensor& tensor) { tensors.add(name, tensor); });
    return tensors.bytes();
}

void Member::save(io::CheckpointWriter& writer) {
    io::NamedTensors tensors;
    visit_state([&](const std::string& name, Tensor& tensor) { tensors.add(name, tensor); });
    const auto entries = tensors.entries();
    writer.add(
        "state.safetensors", [&](io::FileWriter& file) { io::write_safetensors(file, entries); }, tensors.bytes());
    io::Json j = io::Json::object();
    j.set("format", "molten-trainer-state")
        .set("version", 1)
        .set("member", number_)
        .set("step", steps())
        .set("epoch", epoch_)
        .set("batch", batch_);
    j.set("bad_epochs", bad_epochs_)
        .set("random_offset", static_cast<std::int64_t>(random_offset_))
        .set("loss_sum", loss_sum_)
        .set("last_loss", last_loss_);
    j.set("best_loss", std::isfinite(best_loss_) ? io::Json(best_loss_) : io::Json())
        .set("last_norm", last_norm_)
        .set("last_rate", last_rate_);
    j.set("finished", finished_);
    writer.add("member.json", j.text(true));
}

void Member::load(const io::Checkpoint& checkpoint) {
    const auto path = checkpoint.file("member.json");
    const io::Json document = io::read_json(path);
    const io::JsonView j(document, path.filename().string());
    if (j["version"].integer(1) > 1) j["version"].fail("this checkpoint was written by a newer molten");
    if (j["member"].integer() != number_) j["member"].fail(fmt::format("expected {}", number_));
    optimizer_->set_steps(j["step"].integer(0));
    epoch_ = j["epoch"].integer(0);
    start_epoch();
    batch_ = j["batch"].integer(0, std::max<std::int64_t>(batches_ - 1, 0));
    bad_epochs_ = j["bad_epochs"].integer(0);
    random_offset_ = static_cast<std::uint64_t>(j["random_offset"].integer(0));
    loss_sum_ = j["loss_sum"].number();
    last_loss_ = j["last_loss"].number();
    best_loss_ = j["best_loss"].number_or(std::numeric_limits<double>::infinity());
    last_norm_ = j["last_norm"].number();
    last_rate_ = j["last_rate"].number();
    finished_ = j["finished"].boolean();
    const auto file = io::SafetensorsFile::open(checkpoint.file("state.safetensors"), io::SafetensorsAccess::read);
    visit_state([&](const std::string& name, Tensor& tensor) { io::read_into(file, name, tensor); });
}

}  // namespace molten::train

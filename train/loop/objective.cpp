#include "train/loop/objective.h"

#include <cmath>

#include "engine/ops/elementwise.h"
#include "engine/ops/loss.h"
#include "engine/ops/view.h"

namespace molten::train {
namespace {

ElementLoss element_kind(const std::string& name) {
    if (name == "l1") return ElementLoss::l1;
    return name == "huber" ? ElementLoss::huber : ElementLoss::l2;
}

}  // namespace

Objective::Objective(const TrainOptions& options, const Pipeline& pipeline, std::span<const double> values)
    : options_(options), targets_(pipeline.targets), outputs_(pipeline.outputs()) {
    std::vector<double> scaled(values.begin(), values.end());
    pipeline.scaler.scale(scaled);
    values_.assign(scaled.begin(), scaled.end());
}

Tensor Objective::loss(const Tensor& prediction, std::span<const std::int64_t> rows) const {
    const auto count = static_cast<std::int64_t>(rows.size());
    // Values and masks of this batch; a mask an element-wise kind, so that each kernel sees its own columns alone.
    Tensor target = Tensor::zeros(prediction.shape(), DType::f32), regression = Tensor::zeros(prediction.shape(), DType::u8),
           binary = Tensor::zeros(prediction.shape(), DType::u8);
    auto* values = target.mutable_data<float>();
    std::uint8_t* masks[] = {regression.mutable_data<std::uint8_t>(), binary.mutable_data<std::uint8_t>()};
    double weights[] = {0, 0};
    Tensor total;
    const auto add_term = [&](const Tensor& term, double weight) {
        const Tensor weighted = scale(term, weight / static_cast<double>(targets_.size()));
        total = total ? add(total, weighted) : weighted;
    };
    for (const TargetInfo& info : targets_) {
        if (info.task == data::Task::multiclass) {
            Tensor labels = Tensor::full({count}, -100, DType::i32);
            auto* label = labels.mutable_data<std::int32_t>();
            for (std::int64_t r = 0; r < count; ++r)
                for (std::int64_t c = 0; c < info.outputs; ++c)
                    if (values_[static_cast<std::size_t>(rows[static_cast<std::size_t>(r)] * outputs_ + info.first_output + c)] > 0.5f)
                        label[r] = static_cast<std::int32_t>(c);
            add_term(cross_entropy(contiguous(slice(prediction, 1, info.first_output, info.first_output + info.outputs)), labels), 1);
            continue;
        }
        const int kind = info.task == data::Task::binary ? 1 : 0;
        weights[kind] += 1;
        for (std::int64_t r = 0; r < count; ++r) {
            const float value = values_[static_cast<std::size_t>(rows[static_cast<std::size_t>(r)] * outputs_ + info.first_output)];
            if (std::isnan(value)) continue;
            values[r * outputs_ + info.first_output] = value;
            masks[kind][r * outputs_ + info.first_output] = 1;
        }
    }
    if (weights[0] > 0)
        add_term(element_loss(prediction, target, regression, {element_kind(options_.loss), Reduction::mean, options_.huber_delta}),
                 weights[0]);
    if (weights[1] > 0) add_term(element_loss(prediction, target, binary, {ElementLoss::bce, Reduction::mean, 1}), weights[1]);
    return total;
}

double Objective::element(double prediction, double target, bool binary) const {
    if (binary) return std::max(prediction, 0.0) - prediction * target + std::log1p(std::exp(-std::abs(prediction)));
    const double error = std::abs(prediction - target);
    if (options_.loss == "l1") return error;
    if (options_.loss == "huber")
        return error <= options_.huber_delta ? error * error / 2 : options_.huber_delta * (error - options_.huber_delta / 2);
    return error * error;
}

double Objective::evaluate(std::span<const float> prediction, std::span<const std::int64_t> rows) const {
    double total = 0, kinds[] = {0, 0}, counts[] = {0, 0}, targets[] = {0, 0};
    for (const TargetInfo& info : targets_) {
        const int kind = info.task == data::Task::binary ? 1 : 0;
        double classes = 0, class_rows = 0;
        for (std::size_t r = 0; r < rows.size(); ++r) {
            const float* p = prediction.data() + r * static_cast<std::size_t>(outputs_) + info.first_output;
            const float* y = values_.data() + rows[r] * outputs_ + info.first_output;
            if (std::isnan(*y)) continue;
            if (info.task != data::Task::multiclass) {
                kinds[kind] += element(*p, *y, kind == 1);
                ++counts[kind];
                continue;
            }
            double largest = *p, sum = 0, right = 0;
            for (std::int64_t c = 1; c < info.outputs; ++c) largest = std::max<double>(largest, p[c]);
            for (std::int64_t c = 0; c < info.outputs; ++c) sum += std::exp(p[c] - largest), right += y[c] > 0.5f ? p[c] : 0;
            classes += std::log(sum) + largest - right;
            ++class_rows;
        }
        if (info.task == data::Task::multiclass)
            total += class_rows > 0 ? classes / class_rows : 0;
        else
            ++targets[kind];
    }
    for (int kind = 0; kind < 2; ++kind) total += counts[kind] > 0 ? targets[kind] * kinds[kind] / counts[kind] : 0;
    return total / static_cast<double>(targets_.size());
}

}  // namespace molten::train

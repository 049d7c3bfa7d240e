#include "train/loop/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/common/workspace.h"

namespace molten::train {

Optimizer::Optimizer(std::vector<std::pair<std::string, Tensor>> parameters, std::vector<Tensor> averages, const OptimizerOptions& options)
    : parameters_(std::move(parameters)), averages_(std::move(averages)), moved_(parameters_.size(), false), options_(options) {
    const MemoryScope scope(MemoryKind::optimiser, "AdamW moments");
    for (const auto& [name, parameter] : parameters_) {
        m_.push_back(Tensor::zeros(parameter.shape(), DType::f32));
        v_.push_back(Tensor::zeros(parameter.shape(), DType::f32));
    }
}

double Optimizer::step(const Gradients& gradients, double learning_rate) {
    std::vector<AdamWTensor> tensors;
    Tensors held;  // gradients made contiguous
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        auto& [name, parameter] = parameters_[i];
        if (!gradients.has(parameter)) throw Error(ExitCode::usage, "no gradient reached the parameter " + name);
        held.push_back(gradients.of(parameter));
        if (!held.back().is_contiguous()) held.back() = held.back().clone();
        const auto* g = held.back().data<float>();
        if (!moved_[i]) moved_[i] = std::any_of(g, g + parameter.elements(), [](float x) { return x != 0; });
        tensors.push_back({parameter.mutable_data(), g, m_[i].mutable_data(), v_[i].mutable_data(), averages_[i].mutable_data(),
                           parameter.elements(), parameter.rank() >= 2 ? static_cast<float>(options_.weight_decay) : 0.f});
    }
    Launch launch;
    launch.scratch = &thread_workspace();
    double norm = 0;
    std::int64_t first_bad = -1;
    const auto count = static_cast<std::int64_t>(tensors.size());
    cpu::gradient_norm(launch, {tensors.data(), count, DType::f32, &norm, &first_bad});
    if (first_bad >= 0) check_finite(tensors, first_bad);
    ++steps_;
    const double clipped = options_.clip > 0 && norm > options_.clip ? options_.clip / norm : 1;
    const double age = static_cast<double>(steps_), ema = std::min(options_.ema, (1 + age) / (10 + age));
    cpu::adamw_step(
        launch, {tensors.data(), count, learning_rate, options_.beta1, options_.beta2, options_.epsilon, ema, clipped, steps_, DType::f32});
    return norm;
}

void Optimizer::check_finite(const std::vector<AdamWTensor>& tensors, std::int64_t first_bad) const {
    const AdamWTensor& tensor = tensors[static_cast<std::size_t>(first_bad)];
    const auto* g = static_cast<const float*>(tensor.gradient);
    const auto* bad = std::find_if(g, g + tensor.count, [](float x) { return !std::isfinite(x); });
    const std::string value = bad == g + tensor.count ? "a norm beyond double" : fmt::format("{} at element {}", *bad, bad - g);
    throw Error(
        ExitCode::numbers,
        fmt::format("the gradient of {} holds {} in step {}", parameters_[static_cast<std::size_t>(first_bad)].first, value, steps_ + 1),
        "the weights on the disk are those before this step; try a smaller --learning-rate or a smaller --clip");
}

std::vector<std::string> Optimizer::never_moved() const {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < moved_.size(); ++i)
        if (!moved_[i]) result.push_back(parameters_[i].first);
    return result;
}

void Optimizer::visit_state(const ParameterVisitor& f) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        f("m." + parameters_[i].first, m_[i]);
        f("v." + parameters_[i].first, v_[i]);
    }
}

double schedule(std::int64_t step, std::int64_t total, double warmup, double final_rate) {
    const auto rising = std::max<std::int64_t>(1, static_cast<std::int64_t>(warmup * static_cast<double>(total)));
    if (step < rising) return static_cast<double>(step + 1) / static_cast<double>(rising);
    const double share = static_cast<double>(step - rising) / static_cast<double>(std::max<std::int64_t>(1, total - rising));
    return final_rate + (1 - final_rate) * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace molten::train

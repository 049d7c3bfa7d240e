#include "engine/autograd/gradcheck.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/autograd/tape.h"
#include "engine/random/generator.h"

namespace molten {
namespace {

double weighted_sum(const Tensors& outputs, const Tensors& cotangents) {
    double total = 0;
    for (std::size_t o = 0; o < outputs.size(); ++o) {
        if (!cotangents[o]) continue;
        const auto values = outputs[o].to_vector(), weights = cotangents[o].to_vector();
        for (std::size_t i = 0; i < values.size(); ++i) total += values[i] * weights[i];
    }
    return total;
}

// The elements to perturb: all, or a random sample.
std::vector<std::int64_t> chosen_elements(std::int64_t count, const GradcheckOptions& options, std::uint64_t input) {
    std::vector<std::int64_t> result;
    if (count <= options.most_elements)
        for (std::int64_t i = 0; i < count; ++i) result.push_back(i);
    else
        for (std::int64_t i = 0; i < options.most_elements; ++i)
            result.push_back(philox_word({options.seed, 1000 + input}, static_cast<std::uint64_t>(i)) % count);
    return result;
}

}  // namespace

GradcheckReport gradcheck(const std::function<Tensors(const Tensors&)>& fn, const Tensors& inputs, const GradcheckOptions& options) {
    const Generator start = generator();
    Tensors leaves;
    for (const Tensor& input : inputs) {
        leaves.push_back(input ? input.clone() : Tensor());
        if (input && input.requires_grad()) {
            if (input.dtype() != DType::f64)
                throw Error(ExitCode::usage, "gradcheck needs f64 inputs: finite differences of less are noise");
            leaves.back().set_requires_grad(true);
        }
    }
    Tape tape;
    const Tensors outputs = fn(leaves);
    generator() = start;
    Tensors roots, root_cotangents, cotangents(outputs.size());
    for (std::size_t o = 0; o < outputs.size(); ++o) {
        if (!outputs[o].requires_grad()) continue;
        cotangents[o] = Tensor::randn(outputs[o].shape(), DType::f64, options.seed + o);
        roots.push_back(outputs[o]);
        root_cotangents.push_back(cotangents[o]);
    }
    GradcheckReport report;
    if (roots.empty()) return {false, 0, 0, "no output depends on an input that wants a gradient"};
    const Gradients gradients = tape.backward(roots, root_cotangents);

    const NoGrad quiet;
    const auto loss_with = [&](std::size_t input, std::int64_t element, double value) {
        Tensors changed = leaves;
        changed[input] = leaves[input].clone();
        changed[input].mutable_data<double>()[element] = value;
        const Generator before = generator();
        const double loss = weighted_sum(fn(changed), cotangents);
        generator() = before;
        return loss;
    };
    for (std::size_t input = 0; input < leaves.size(); ++input) {
        if (!leaves[input] || !leaves[input].requires_grad()) continue;
        if (!gradients.has(leaves[input])) return {false, report.checked, 0, fmt::format("input {} received no gradient", input)};
        const auto analytic = gradients.of(leaves[input]).to_vector(), values = leaves[input].to_vector();
        for (const std::int64_t element : chosen_elements(leaves[input].elements(), options, input)) {
            const auto e = static_cast<std::size_t>(element);
            const double numeric =
                (loss_with(input, element, values[e] + options.step) - loss_with(input, element, values[e] - options.step)) /
                (2 * options.step);
            const double miss = std::abs(analytic[e] - numeric) / (options.absolute + options.relative * std::abs(numeric));
            ++report.checked;
            if (!(miss <= report.worst)) {
                report.worst = miss;
                report.passed = report.passed && miss <= 1;
                report.message =
                    fmt::format("input {} element {}: tape {:.10g}, finite difference {:.10g}", input, element, analytic[e], numeric);
            }
        }
    }
    return report;
}

}  // namespace molten

#include "engine/ops/expert_gate.h"

#include <algorithm>
#include <numeric>

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reduce.h"
#include "engine/ops/run.h"
#include "engine/ops/softmax.h"
#include "engine/ops/view.h"

namespace molten {
namespace {

// 1 for the k largest of each row, the first of equals.
Tensor largest_mask(const Tensor& logits, std::int64_t k) {
    const auto values = logits.to_vector();
    const auto experts = static_cast<std::size_t>(logits.dim(1));
    std::vector<std::uint8_t> mask(values.size(), 0);
    std::vector<std::size_t> order(experts);
    for (std::size_t row = 0; row < values.size(); row += experts) {
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[row + a] > values[row + b]; });
        for (std::size_t i = 0; i < std::min<std::size_t>(experts, static_cast<std::size_t>(k)); ++i) mask[row + order[i]] = 1;
    }
    return Tensor::from(mask, logits.shape());
}

// The share of rows whose largest weight is each expert's: a constant for the gradient.
Tensor chosen_share(const Tensor& weights) {
    const auto values = largest_mask(weights, 1).to_vector();
    const std::int64_t rows = weights.dim(0), experts = weights.dim(1);
    Tensor share = Tensor::zeros({experts}, DType::f64);
    for (std::size_t i = 0; i < values.size(); ++i) share.mutable_data<double>()[i % static_cast<std::size_t>(experts)] += values[i] / static_cast<double>(std::max<std::int64_t>(rows, 1));
    return cast(share, weights.dtype());
}

}  // namespace

GatedExperts expert_gate(const Tensor& logits, const Tensor& experts, const ExpertGateOptions& options) {
    op_check(logits.rank() == 2 && experts.rank() == 3 && experts.dim(0) == logits.dim(0) && experts.dim(1) == logits.dim(1), "expert_gate",
             "logits " + logits.shape().text() + " and experts " + experts.shape().text() + " must be [rows, experts] and [rows, experts, width]");
    const std::int64_t rows = logits.dim(0), count = logits.dim(1), width = experts.dim(2);
    GatedExperts result;
    if (options.kind == GateKind::sigmoid) result.weights = sigmoid(logits);
    else result.weights = softmax(logits, options.top_k > 0 && options.top_k < count ? largest_mask(logits, options.top_k) : Tensor());
    result.y = reshape(matmul(reshape(result.weights, {rows, 1, count}), experts), {rows, width});
    result.balance = scale(sum(mul(mean(result.weights, 0), chosen_share(result.weights))), static_cast<double>(count));
    return result;
}

}  // namespace molten

#pragma once
#include "engine/autograd/op.h"

namespace molten {

enum class GateKind : std::uint8_t { softmax, sigmoid };

struct ExpertGateOptions {
    GateKind kind = GateKind::softmax;
    std::int64_t top_k = 0;  // keep the largest top_k and renormalise; 0 keeps all
};

struct GatedExperts {
    Tensor y;        // [rows, width] = sum over e of weights[., e] experts[., e, .]
    Tensor weights;  // [rows, experts]
    Tensor balance;  // rank 0: experts * sum over e of (share of rows that chose e) * (mean probability of e)
};

// A mixture of experts: logits [rows, experts], experts [rows, experts, width].
GatedExperts expert_gate(const Tensor& logits, const Tensor& experts, const ExpertGateOptions& = {});

}  // namespace molten

#pragma once
#include "engine/autograd/op.h"
#include "kernels/expert_gate/expert_gate.h"

namespace molten {

struct ExpertGateOptions {
    GateFunction function = GateFunction::softmax;
    std::int64_t top_k = 0;     // keep the largest top_k; 0 keeps all
    bool normalised = true;     // the kept weights sum to 1
};

struct GatedExperts {
    Tensor y;        // [rows, width] = sum over e of weights[., e] experts[., e, .]
    Tensor weights;  // [rows, experts]
    Tensor balance;  // rank 0, statistic dtype: experts * sum over e of (share of choices) * (mean probability); 1 when even
};

// A mixture of experts: logits [rows, experts], experts [rows, experts, width].
GatedExperts expert_gate(const Tensor& logits, const Tensor& experts, const ExpertGateOptions& = {});

extern const OpDef expert_gate_op;

}  // namespace molten

#pragma once
#include "engine/autograd/op.h"
#include "kernels/loss/loss.h"

namespace molten {

struct ElementLossOptions {
    ElementLoss kind = ElementLoss::l1;
    Reduction reduction = Reduction::mean;
    double delta = 1;  // of huber
};

// L1, L2, Huber or binary cross-entropy with logits of prediction [rows, targets]. mask (u8, or absent): 1 = the target is
// present; missing ones count nowhere. weight [targets] or absent. The mean is over the present elements.
Tensor element_loss(const Tensor& prediction, const Tensor& target, const Tensor& mask, const ElementLossOptions&, const Tensor& weight = {});

struct CrossEntropyOptions {
    std::int32_t ignore_index = -100;
    double label_smoothing = 0;
    Reduction reduction = Reduction::mean;
};
// Cross-entropy of logits [rows, classes] with the class numbers target [rows] (i32).
Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& = {});

extern const OpDef element_loss_op, cross_entropy_op;

}  // namespace molten

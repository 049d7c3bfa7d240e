#pragma once
#include "kernels/common/launch.h"

// Losses. The result is always in statistic_dtype(dtype): a mean over the present elements (their count is the denominator;
// with none present loss and gradient are 0), or one number an element, 0 where it is missing.

namespace molten {

enum class Reduction : std::uint8_t { mean, none };

// With e = prediction - target:
//
//   l1     |e|                                                    sign e, 0 at 0
//   l2     e^2                                                    2 e
//   huber  e^2 / 2 for |e| <= delta, else delta (|e| - delta / 2)   e, or delta sign e       Huber 1964
//   bce    max(x, 0) - x t + log(1 + e^-|x|), x = prediction a logit, t = target in [0, 1]   sigmoid(x) - t
//
// each multiplied by the weight of its target column.
enum class ElementLoss : std::uint8_t { l1, l2, huber, bce };

struct ElementLossArgs {
    const void* prediction;    // [rows, targets]
    const void* target;        // [rows, targets]; where masked it may hold anything, NaN too
    const std::uint8_t* mask;  // [rows, targets], 1 = present; null: all are
    const void* weight;        // [targets] or null: 1
    void* loss;                // [1], or [rows, targets] for Reduction::none; statistic_dtype(dtype)
    std::int64_t rows, targets;
    ElementLoss kind;
    Reduction reduction;
    double delta;  // of huber
    DType dtype;
};

struct ElementLossGradArgs {
    const void* prediction;
    const void* target;
    const std::uint8_t* mask;
    const void* weight;
    const void* dloss;  // as loss
    void* dprediction;  // [rows, targets]
    std::int64_t rows, targets;
    ElementLoss kind;
    Reduction reduction;
    double delta;
    DType dtype;
};

// Cross-entropy of classes with label smoothing e (Szegedy et al. 2016, section 7), as PyTorch defines it:
//
//   lse_r  = ln sum_c e^(x_rc)
//   loss_r = (1 - e) (lse_r - x_r[t_r]) + e / C sum_c (lse_r - x_rc)          0 where t_r is ignore_index
//   dx_rc  = dloss_r (e^(x_rc - lse_r) - (1 - e) [c = t_r] - e / C)
//
// A target that is neither a class nor ignore_index is refused.
struct CrossEntropyArgs {
    const void* logits;          // [rows, classes]
    const std::int32_t* target;  // [rows]
    void* loss;                  // [1], or [rows] for Reduction::none; statistic_dtype(dtype)
    void* lse;                   // [rows], statistic_dtype(dtype), for the backward pass
    std::int64_t rows, classes;
    std::int32_t ignore_index;
    double label_smoothing;
    Reduction reduction;
    DType dtype;
};

struct CrossEntropyGradArgs {
    const void* logits;
    const std::int32_t* target;
    const void* lse;
    const void* dloss;  // as loss
    void* dlogits;      // [rows, classes]
    std::int64_t rows, classes;
    std::int32_t ignore_index;
    double label_smoothing;
    Reduction reduction;
    DType dtype;
};

namespace cpu {
void element_loss_forward(const Launch&, const ElementLossArgs&);
void element_loss_backward(const Launch&, const ElementLossGradArgs&);
void cross_entropy_forward(const Launch&, const CrossEntropyArgs&);
void cross_entropy_backward(const Launch&, const CrossEntropyGradArgs&);
}  // namespace cpu

namespace cuda {
void element_loss_forward(const Launch&, const ElementLossArgs&);
void element_loss_backward(const Launch&, const ElementLossGradArgs&);
void cross_entropy_forward(const Launch&, const CrossEntropyArgs&);
void cross_entropy_backward(const Launch&, const CrossEntropyGradArgs&);
}  // namespace cuda

}  // namespace molten

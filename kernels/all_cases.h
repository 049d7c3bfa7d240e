#pragma once
#include <span>

#include "kernels/common/cases.h"

// The tables of all ops. A new op is one line here: its table is `<name>_cases`, its test is named "kernel <name>".
#define MOLTEN_FOR_EACH_OP(X)    \
    X(activation)                \
    X(softmax)                   \
    X(logsumexp)                 \
    X(layer_norm)                \
    X(reduce)                    \
    X(dropout)                   \
    X(copy)                      \
    X(fill)                      \
    X(binary)                    \
    X(axpby)                     \
    X(element_loss)              \
    X(cross_entropy)             \
    X(gather)                    \
    X(segment_reduce)            \
    X(segment_softmax)           \
    X(adamw)                     \
    X(matmul)                    \
    X(cheb_laplacian)            \
    X(cheb_conv)                 \
    X(expert_gate)               \
    X(vector_gate)               \
    X(attention)

namespace molten {

#define MOLTEN_DECLARE_OP(name) extern const OpCases name##_cases;
MOLTEN_FOR_EACH_OP(MOLTEN_DECLARE_OP)
#undef MOLTEN_DECLARE_OP

std::span<const OpCases* const> all_op_cases();

}  // namespace molten

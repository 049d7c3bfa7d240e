// Every op of the engine, in one list: a new op is a line here.
#include "engine/autograd/op.h"
#include "engine/ops/activation.h"
#include "engine/ops/attention.h"
#include "engine/ops/cheb_conv.h"
#include "engine/ops/dropout.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/expert_gate.h"
#include "engine/ops/gather.h"
#include "engine/ops/layer_norm.h"
#include "engine/ops/loss.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reduce.h"
#include "engine/ops/segment.h"
#include "engine/ops/softmax.h"
#include "engine/ops/view.h"

namespace molten {

const std::vector<const OpDef*>& all_ops() {
    static const std::vector<const OpDef*> ops = {
        &reshape_op,        &permute_op,         &slice_op,          &contiguous_op,   &concat_op,        &cast_op,
        &binary_op,         &scale_add_op,       &activation_op,     &reduce_op,       &matmul_op,        &softmax_op,
        &logsumexp_op,      &layer_norm_op,      &dropout_op,        &element_loss_op, &cross_entropy_op, &gather_op,
        &segment_reduce_op, &segment_softmax_op, &cheb_laplacian_op, &cheb_conv_op,    &attention_op,     &expert_gate_op,
    };
    return ops;
}

}  // namespace molten

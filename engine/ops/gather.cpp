#include "engine/ops/gather.h"

#include "engine/ops/run.h"
#include "engine/ops/view.h"
#include "kernels/gather/gather.h"

namespace molten {
namespace {

Tensors forward(const Tensors& in, const std::any&, Save& save) {
    const Tensor &x = in[0], &index = in[1];
    op_check(x.rank() == 2 && index.rank() == 1, "gather",
             "a table " + x.shape().text() + " and indices " + index.shape().text() + ": [table_rows, width] and [rows] are needed");
    Tensor y = Tensor::empty({index.dim(0), x.dim(1)}, x.dtype(), x.device());
    run("gather", cpu::gather_forward, x.device(),
        GatherArgs{x.data(), index.data<std::int32_t>(), y.mutable_data(), index.dim(0), x.dim(0), x.dim(1), x.dtype()});
    save(index);
    return {y};
}

Tensors backward(const Node& node, const Tensors& dy) {
    Tensor dx = empty_like(node.inputs[0]);
    run("gather", cpu::gather_backward, dx.device(),
        GatherGradArgs{dy[0].data(), node.keep(0).data<std::int32_t>(), dx.mutable_data(), dy[0].dim(0), dx.dim(0), dx.dim(1), dx.dtype()});
    return {dx, Tensor()};
}

std::vector<Sample> samples() {
    return {{{sample_tensor({4, 3}, 1), Tensor::from(std::vector<std::int32_t>{2, 0, 2, -1, 3, 2}, {6})}, {}},
            {{sample_tensor({1, 2}, 2), Tensor::from(std::vector<std::int32_t>{0, 0}, {2})}, {}}};
}

}  // namespace

const OpDef gather_op("gather", forward, backward, samples);

Tensor gather(const Tensor& x, const Tensor& index) { return apply(gather_op, {x, index})[0]; }

Tensor embedding(const Tensor& weight, const Tensor& ids) {
    Shape shape = ids.shape();
    shape.push_back(weight.dim(1));
    return reshape(gather(weight, ids.alias({ids.elements()})), shape);
}

}  // namespace molten

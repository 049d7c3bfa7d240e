#include "engine/ops/attention.h"

#include <cmath>

#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/run.h"
#include "engine/ops/softmax.h"
#include "engine/ops/view.h"
#include "kernels/attention/attention.h"

namespace molten {
namespace {

// Heads lie side by side in a position: [batch, positions, heads * width].
HeadStrides strides_of(const Shape& shape, std::int64_t width) { return {shape[1] * shape[2], width, shape[2]}; }

AttentionArgs arguments(const AttentionOptions& options, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
    AttentionArgs args;
    args.q = q.data();
    args.k = k.data();
    args.v = v.data();
    args.key_mask = mask ? mask.data<std::uint8_t>() : nullptr;
    args.batch = q.dim(0);
    args.heads = options.heads;
    args.key_heads = options.key_heads;
    args.queries = q.dim(1);
    args.keys = k.dim(1);
    args.width = q.dim(2) / options.heads;
    args.q_strides = args.out_strides = strides_of(q.shape(), args.width);
    args.k_strides = strides_of(k.shape(), args.width);
    args.v_strides = strides_of(v.shape(), args.width);
    args.scale = options.scale;
    args.causal = options.causal;
    args.dtype = q.dtype();
    return args;
}

void check(const AttentionOptions& o, const Tensors& in) {
    const Tensor &q = in[0], &k = in[1], &v = in[2], &mask = in[3];
    op_check(q.rank() == 3 && k.rank() == 3 && v.shape() == k.shape() && k.dim(0) == q.dim(0), "attention",
             "query " + q.shape().text() + ", key " + k.shape().text() + " and value " + v.shape().text() + " do not fit");
    op_check(o.heads >= 1 && o.key_heads >= 1 && o.heads % o.key_heads == 0 && q.dim(2) % o.heads == 0 &&
                 k.dim(2) * o.heads == q.dim(2) * o.key_heads,
             "attention",
             std::to_string(o.heads) + " heads and " + std::to_string(o.key_heads) + " key heads do not fit " + q.shape().text() + " and " +
                 k.shape().text());
    op_check(!mask || mask.shape() == Shape{k.dim(0), k.dim(1)}, "attention", "the key mask must be [batch, keys]");
}

Tensors forward(const Tensors& in, const std::any& attributes, Save& save) {
    const auto& options = std::any_cast<const AttentionOptions&>(attributes);
    check(options, in);
    Tensor out = empty_like(in[0]), lse = Tensor::empty({in[0].dim(0), options.heads, in[0].dim(1)}, statistic_dtype(in[0].dtype()));
    AttentionArgs args = arguments(options, in[0], in[1], in[2], in[3]);
    args.out = out.mutable_data();
    args.logsumexp = lse.mutable_data();
    run("attention", cpu::attention_forward, out.device(), args);
    for (const Tensor& tensor : in) save(tensor);
    save(out);
    save(lse);
    return {out};
}

Tensors backward(const Node& node, const Tensors& dy) {
    AttentionGradArgs args;
    args.forward = arguments(node.attributes_as<AttentionOptions>(), node.keep(0), node.keep(1), node.keep(2), node.keep(3));
    args.forward.out = const_cast<void*>(node.keep(4).data());
    args.forward.logsumexp = const_cast<void*>(node.keep(5).data());
    Tensor dq = gradient_if(node, 0), dk = gradient_if(node, 1), dv = gradient_if(node, 2);
    args.dout = dy[0].data();
    args.dq = mutable_or_null(dq);
    args.dk = mutable_or_null(dk);
    args.dv = mutable_or_null(dv);
    run("attention", cpu::attention_backward, dy[0].device(), args);
    return {dq, dk, dv, Tensor()};
}

// [batch, positions, heads * width] -> [batch * heads, positions, width]; key heads are repeated for their query heads.
Tensor split_heads(const Tensor& x, std::int64_t heads, std::int64_t repeat) {
    const std::int64_t batch = x.dim(0), positions = x.dim(1), width = x.dim(2) / heads;
    Tensor split =
        reshape(contiguous(permute(reshape(x, {batch, positions, heads, width}), {0, 2, 1, 3})), {batch, heads, 1, positions, width});
    if (repeat > 1) split = concat(Tensors(static_cast<std::size_t>(repeat), split), 2);
    return reshape(split, {batch * heads * repeat, positions, width});
}

Tensors composite(const Tensors& in, const std::any& attributes) {
    const auto& o = std::any_cast<const AttentionOptions&>(attributes);
    const std::int64_t batch = in[0].dim(0), queries = in[0].dim(1), keys = in[1].dim(1), width = in[0].dim(2) / o.heads;
    const Tensor q = split_heads(in[0], o.heads, 1), k = split_heads(in[1], o.key_heads, o.heads / o.key_heads),
                 v = split_heads(in[2], o.key_heads, o.heads / o.key_heads);
    MatMulOptions scores;
    scores.transpose_b = true;
    scores.alpha = o.scale != 0 ? o.scale : 1 / std::sqrt(static_cast<double>(width));
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(batch * o.heads * queries * keys), 1);
    const auto padding = in[3] ? in[3].to_vector() : std::vector<double>(static_cast<std::size_t>(batch * keys), 1);
    std::size_t at = 0;
    for (std::int64_t b = 0; b < batch; ++b)
        for (std::int64_t h = 0; h < o.heads; ++h)
            for (std::int64_t i = 0; i < queries; ++i)
                for (std::int64_t j = 0; j < keys; ++j)
                    mask[at++] = padding[static_cast<std::size_t>(b * keys + j)] != 0 && (!o.causal || j <= i);
    const Tensor p = softmax(matmul(q, k, scores), Tensor::from(mask, {batch * o.heads, queries, keys}));
    const Tensor out = reshape(matmul(p, v), {batch, o.heads, queries, width});
    return {reshape(contiguous(permute(out, {0, 2, 1, 3})), in[0].shape())};
}

std::vector<Sample> samples() {
    const Tensor mask = Tensor::from(std::vector<std::uint8_t>{1, 1, 0, 1, 1, 0, 1, 1, 1, 1}, {2, 5});
    return {
        {{sample_tensor({2, 3, 4}, 1), sample_tensor({2, 5, 4}, 2), sample_tensor({2, 5, 4}, 3), Tensor()},
         AttentionOptions{2, 2, false, 0}},
        {{sample_tensor({2, 3, 8}, 4), sample_tensor({2, 5, 4}, 5), sample_tensor({2, 5, 4}, 6), mask}, AttentionOptions{4, 2, false, 0.7}},
        {{sample_tensor({1, 5, 6}, 7), sample_tensor({1, 5, 6}, 8), sample_tensor({1, 5, 6}, 9), Tensor()},
         AttentionOptions{3, 3, true, 0}}};
}

}  // namespace

const OpDef attention_op("attention", forward, backward, samples, composite);

Tensor attention(const Tensor& query, const Tensor& key, const Tensor& value, const AttentionOptions& options, const Tensor& key_mask) {
    return apply(attention_op, {query, key, value, key_mask}, options)[0];
}

}  // namespace molten

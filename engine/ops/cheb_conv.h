#pragma once
#include "engine/autograd/op.h"
#include "kernels/cheb_conv/cheb_conv.h"

namespace molten {

// A batch of graphs as one block-diagonal CSR matrix, all i32: every edge is entered from both sides, the entries of a row stay
// in its graph, and reverse[e] is the entry (j, i) of entry e = (i, j).
struct GraphBatch {
    Tensor row_offset;    // [nodes + 1]
    Tensor column;        // [entries]
    Tensor reverse;       // [entries]
    Tensor graph_offset;  // [graphs + 1]

    std::int64_t nodes() const { return row_offset.dim(0) - 1; }
    std::int64_t entries() const { return column.dim(0); }
    std::int64_t graphs() const { return graph_offset.dim(0) - 1; }
};

// The scaled Laplacian of a batch: made once, shared by all layers.
struct ChebLaplacian {
    GraphBatch graph;
    Tensor coefficient;  // [entries]
    Tensor diagonal;     // [nodes]
};

// edge_weight [entries] (the same number at both entries of an edge) or absent for 1; lambda_max [graphs] or absent for 2.
// Its gradient takes each entry as a number of its own: a weight used for both receives the sum.
ChebLaplacian cheb_laplacian(const GraphBatch&, DType, LaplacianNorm = LaplacianNorm::symmetric, const Tensor& edge_weight = {}, const Tensor& lambda_max = {});

struct ChebConvOptions {
    bool relu = false, residual = false;
};
// x [nodes, in], theta [order, in, out], bias [out] or absent -> [nodes, out]; the mathematics is in kernels/cheb_conv/cheb_conv.h.
Tensor cheb_conv(const Tensor& x, const ChebLaplacian&, const Tensor& theta, const Tensor& bias = {}, const ChebConvOptions& = {});

extern const OpDef cheb_laplacian_op, cheb_conv_op;

}  // namespace molten

#pragma once
#include "kernels/common/launch.h"

// Chebyshev graph convolution (Defferrard, Bresson and Vandergheynst 2016, eqs. 4-5) on a batch of graphs that forms one block-
// diagonal matrix. W is the symmetric weight matrix without its self loops, d_i = sum_j W_ij:
//
//   A    = D^-1/2 W D^-1/2  (symmetric)   or   W D^-1  (random walk: a node sends x_j / d_j, as PyTorch Geometric does)
//   L    = I - A,   Lh = 2 L / lambda_max - I
//   T_0  = X,  T_1 = Lh X,  T_k = 2 Lh T_{k-1} - T_{k-2}
//   P    = sum_{k < order} T_k Theta_k + bias
//   Y    = P,  ReLU(P), and + X where the residual is asked for
//
// Lh is kept as one coefficient an entry and one diagonal number a node, made once a batch by cheb_laplacian and shared by all
// layers. Its gradient with respect to the edge weights is taken there, so that autograd adds the layers' parts.

namespace molten {

// The batch in CSR form, every edge entered from both sides. Entries never leave their graph.
struct ChebGraph {
    const std::int32_t* row_offset = nullptr;    // [nodes + 1]
    const std::int32_t* column = nullptr;        // [entries]
    const std::int32_t* reverse = nullptr;       // [entries]: the entry (j, i) of entry (i, j); a self loop's own
    const std::int32_t* graph_offset = nullptr;  // [graphs + 1]: the nodes of graph g are [graph_offset[g], graph_offset[g + 1])
    std::int64_t nodes = 0, entries = 0, graphs = 0;
};

enum class LaplacianNorm : std::uint8_t { symmetric, random_walk };

// coefficient[e] = Lh_ij = -(2 / lambda_max) A_ij for entry e = (i, j), 0 for self loops; diagonal[i] = 2 / lambda_max - 1.
// A node of degree 0 has no A: its row of Lh is the diagonal alone.
struct ChebLaplacianArgs {
    ChebGraph graph;
    const void* edge_weight = nullptr;  // [entries] in dtype, null for 1 each. An undirected edge has the same number at both entries.
    const void* lambda_max = nullptr;   // [graphs] in statistic_dtype(dtype), null for 2 each
    void* coefficient = nullptr;        // [entries] in statistic_dtype(dtype)
    void* diagonal = nullptr;           // [nodes] in statistic_dtype(dtype)
    LaplacianNorm norm = LaplacianNorm::symmetric;
    DType dtype = DType::f32;
};

// The gradient takes every entry as a number of its own, d_i being the sum of row i. One weight for both directions of an edge
// receives the sum of its two entries. H_e = -(2 / lambda_max) dcoefficient_e and, for e = (i, j):
//
//   symmetric     dw_e = H_e / sqrt(d_i d_j) - s_i / (2 d_i),  s_i = sum over entries e' of row i of H_e' A_e' + H_rev(e') A_rev(e')
//   random walk   dw_e = H_e / d_j - s_i / d_i,                s_i = sum over entries e' of row i of H_rev(e') A_rev(e')
struct ChebLaplacianGradArgs {
    ChebLaplacianArgs forward;
    const void* dcoefficient = nullptr;  // [entries] in statistic_dtype(dtype)
    void* dedge_weight = nullptr;        // [entries] in dtype
};

struct ChebConvArgs {
    ChebGraph graph;
    const void* x = nullptr;            // [nodes, in]
    const void* coefficient = nullptr;  // [entries] in statistic_dtype(dtype)
    const void* diagonal = nullptr;     // [nodes] in statistic_dtype(dtype)
    const void* theta = nullptr;        // [order, in, out]
    const void* bias = nullptr;         // [out] or null
    void* y = nullptr;                  // [nodes, out]
    std::uint8_t* active = nullptr;     // [nodes, out]: 1 where P > 0; for backward with relu, null when not wanted
    std::int64_t in = 0, out = 0, order = 1;
    bool relu = false;
    bool residual = false;  // needs in == out
    DType dtype = DType::f32;
};

// With G = dY (masked by `active` under relu):
//
//   dTheta_k = T_k^T G,  dbias = sum of the rows of G,  g_k = G Theta_k^T
//   for k = order-1 .. 2:  g_{k-1} += 2 Lh^T g_k,  g_{k-2} -= g_k
//   dX = g_0 + Lh^T g_1 (+ dY with the residual)
//   dLh = g_1 T_0^T + sum_{k >= 2} 2 g_k T_{k-1}^T at the entries, each g_k as it is when the loop consumes it
//
// T_k is computed again from X, which costs less than keeping it. Every gradient may be null; those that are not are assigned.
struct ChebConvGradArgs {
    ChebConvArgs forward;      // all inputs and `active` of the forward pass; y is not read
    const void* dy = nullptr;  // [nodes, out]
    void *dx = nullptr, *dtheta = nullptr, *dbias = nullptr;
    void* dcoefficient = nullptr;  // [entries] in statistic_dtype(dtype)
};

namespace cpu {
void cheb_laplacian_forward(const Launch&, const ChebLaplacianArgs&);
void cheb_laplacian_backward(const Launch&, const ChebLaplacianGradArgs&);
// Variants: v1 (level by level over the whole batch), v2 (graph by graph in the cache; default unless a graph is large).
void cheb_conv_forward(const Launch&, const ChebConvArgs&);
void cheb_conv_backward(const Launch&, const ChebConvGradArgs&);
}  // namespace cpu

namespace cuda {
void cheb_laplacian_forward(const Launch&, const ChebLaplacianArgs&);
void cheb_laplacian_backward(const Launch&, const ChebLaplacianGradArgs&);
void cheb_conv_forward(const Launch&, const ChebConvArgs&);
void cheb_conv_backward(const Launch&, const ChebConvGradArgs&);
}  // namespace cuda

}  // namespace molten

#pragma once
#include "kernels/common/launch.h"

// Masked multi-head attention (Vaswani et al. 2017, eq. 1), block by block so that no table of queries x keys is stored
// (Dao et al. 2022, algorithm 1):
//
//   s_ij = scale * <q_i, k_j> + bias_ij
//   key j takes part in row i unless key_mask[j] is 0, or causal and j > i + causal_offset
//   lse_i = log sum_j exp(s_ij),  p_ij = exp(s_ij - lse_i),  out_i = sum_j p_ij v_j
//
// A row without any key gives out = 0, lse = -infinity and no gradient. Query head h reads key head h / (heads / key_heads).
// Every tensor is addressed by strides, so [batch, heads, seq, width] and [batch, seq, heads, width] both need no copy; the
// innermost axis is contiguous. Scores, softmax and sums are in float for f32 and bf16, in double for f64.

namespace molten {

// Elements from one batch item, head or position to the next. All zero: contiguous [batch, heads, seq, width].
struct HeadStrides {
    std::int64_t batch = 0, head = 0, row = 0;
};

struct AttentionArgs {
    const void* q = nullptr;                 // [batch, heads, queries, width]
    const void* k = nullptr;                 // [batch, key_heads, keys, width]
    const void* v = nullptr;                 // [batch, key_heads, keys, width]
    const std::uint8_t* key_mask = nullptr;  // [batch, keys]: 0 = padding; or null
    const void* bias = nullptr;              // [batch, heads, queries, keys] or null; a stride of 0 shares it
    void* out = nullptr;                     // [batch, heads, queries, width]
    void* logsumexp = nullptr;               // [batch, heads, queries] contiguous, in statistic_dtype(dtype); for backward
    std::int64_t batch = 0, heads = 0, key_heads = 0, queries = 0, keys = 0, width = 0;
    HeadStrides q_strides, k_strides, v_strides, out_strides;
    HeadStrides bias_strides;  // row must be given with a bias
    double scale = 0;          // 0: 1 / sqrt(width)
    bool causal = false;
    std::int64_t causal_offset = 0;  // keys before the first query: 0 aligns at the top left, keys - queries at the bottom right
    DType dtype = DType::f32;
};

// With delta_i = <dout_i, out_i>, dp_ij = <dout_i, v_j>, ds_ij = p_ij (dp_ij - delta_i):
//
//   dq_i = scale sum_j ds_ij k_j,  dk_j = scale sum_i ds_ij q_i,  dv_j = sum_i p_ij dout_i,  dbias_ij = ds_ij
//
// Key heads that serve several query heads, and a bias that is shared, receive the sum. Any gradient may be null.
struct AttentionGradArgs {
    AttentionArgs forward;                             // with out and logsumexp of the forward pass
    const void* dout = nullptr;                        // laid out as out
    void *dq = nullptr, *dk = nullptr, *dv = nullptr;  // laid out as q, k, v
    void* dbias = nullptr;                             // laid out as bias
};

namespace cpu {
// Variants: v1 (row by row), v2 (blocks through matmul's micro-kernel); the default picks by size.
void attention_forward(const Launch&, const AttentionArgs&);
void attention_backward(const Launch&, const AttentionGradArgs&);
}  // namespace cpu

namespace cuda {
void attention_forward(const Launch&, const AttentionArgs&);
void attention_backward(const Launch&, const AttentionGradArgs&);
}  // namespace cuda

}  // namespace molten

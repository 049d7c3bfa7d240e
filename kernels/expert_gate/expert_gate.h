#pragma once
#include "kernels/common/launch.h"

// Mixture of experts. From logits z and expert outputs f, with p = softmax(z) over the experts, or p_e = sigmoid(z_e):
//
//   selected(i)  the top_k experts of row i by logit, the lower index first among equals; all where top_k is 0
//   w_ie         = p_ie (/ sum of p over selected(i), when normalised) for selected experts, else 0
//   y_i          = sum_e w_ie f_ie
//   fraction_e   = share of the rows' choices that fell on e: the top max(top_k, 1) of every row, so that it sums to 1
//   importance_e = mean over rows of p_ie / sum_e' p_ie'
//   balance      = experts * sum_e fraction_e importance_e      (Fedus et al. 2022, eq. 4): 1 when even
//   mean_gate_e  = mean over rows of w_ie                       for the log
//
// The choice and fraction_e have no gradient. Sums and statistics are in float for f32 and bf16, in double for f64.

namespace molten {

enum class GateFunction : std::uint8_t { softmax, sigmoid };

struct ExpertGateArgs {
    const void* logits = nullptr;  // [rows, experts]
    const void* values = nullptr;  // f: row i of expert e at i * row_stride + e * expert_stride, `width` numbers; null: gate only
    void* weights = nullptr;       // [rows, experts]
    void* y = nullptr;             // [rows, width], null without values
    void* mean_gate = nullptr;     // [experts] in statistic_dtype(dtype), or null
    void* fraction = nullptr;      // [experts] in statistic_dtype(dtype), or null; for backward through balance
    void* balance = nullptr;       // [1] in statistic_dtype(dtype), or null
    std::int64_t rows = 0, experts = 0, width = 0, top_k = 0;
    std::int64_t row_stride = 0, expert_stride = 0;  // both 0: [rows, experts, width]
    GateFunction function = GateFunction::softmax;
    bool normalised = true;
    DType dtype = DType::f32;
};

// With dw_ie = <dy_i, f_ie> + dweights_ie:  df_ie = w_ie dy_i,
//   dp = (dw - sum_selected w dw) / sum_selected p  (normalised), dw (not)         for selected experts
//   dp += the balance's part, with c_e = dbalance * experts * fraction_e / rows:  (c_e - sum q c) / sum p,  q = p / sum p
//   dz = p (dp - sum p dp)  (softmax),  p (1 - p) dp  (sigmoid)
struct ExpertGateGradArgs {
    ExpertGateArgs forward;          // logits, values, weights, fraction as in the forward pass
    const void* dy = nullptr;        // [rows, width] or null
    const void* dweights = nullptr;  // [rows, experts] or null
    const void* dbalance = nullptr;  // [1] in statistic_dtype(dtype), or null
    void* dlogits = nullptr;         // [rows, experts] or null
    void* dvalues = nullptr;         // laid out as values, or null
};

// The gate of two experts that chooses feature by feature: g = sigmoid(z), y = g a + (1 - g) b, all [count].
// mean_gate is the mean of g over everything, for the log.
//   dz = dy (a - b) g (1 - g),  da = g dy,  db = (1 - g) dy
struct VectorGateArgs {
    const void *z = nullptr, *a = nullptr, *b = nullptr;
    void* y = nullptr;
    void* mean_gate = nullptr;  // [1] in statistic_dtype(dtype), or null
    std::int64_t count = 0;
    DType dtype = DType::f32;
};

struct VectorGateGradArgs {
    VectorGateArgs forward;
    const void* dy = nullptr;
    void *dz = nullptr, *da = nullptr, *db = nullptr;  // each may be null
};

namespace cpu {
void expert_gate_forward(const Launch&, const ExpertGateArgs&);
void expert_gate_backward(const Launch&, const ExpertGateGradArgs&);
void vector_gate_forward(const Launch&, const VectorGateArgs&);
void vector_gate_backward(const Launch&, const VectorGateGradArgs&);
}  // namespace cpu

namespace cuda {
void expert_gate_forward(const Launch&, const ExpertGateArgs&);
void expert_gate_backward(const Launch&, const ExpertGateGradArgs&);
void vector_gate_forward(const Launch&, const VectorGateArgs&);
void vector_gate_backward(const Launch&, const VectorGateGradArgs&);
}  // namespace cuda

}  // namespace molten

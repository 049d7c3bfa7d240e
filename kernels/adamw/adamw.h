#pragma once
#include "kernels/common/launch.h"

// One AdamW step over all parameters in one launch (Loshchilov and Hutter 2019, algorithm 2, with PyTorch's order: the decay
// multiplies the parameter first), and the global norm of all gradients in another.
//
//   g  = gradient * gradient_scale
//   p  = p * (1 - learning_rate * weight_decay)
//   m  = beta1 m + (1 - beta1) g
//   v  = beta2 v + (1 - beta2) g^2
//   p -= learning_rate * (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon)
//
// and, where an average is kept:  ema = ema_decay * ema + (1 - ema_decay) * p.
// m, v and ema have the parameter's dtype for f64, else float. All state is updated in place.

namespace molten {

struct AdamWTensor {
    void* parameter;       // [count]
    const void* gradient;  // [count], the parameter's dtype
    void* m;               // [count]
    void* v;               // [count]
    void* ema;             // [count] or null
    std::int64_t count;
    float weight_decay;    // 0 for biases and norms
};

struct AdamWArgs {
    const AdamWTensor* tensors;
    std::int64_t tensor_count;
    double learning_rate, beta1, beta2, epsilon, ema_decay, gradient_scale;
    std::int64_t step;     // counted from 1
    DType dtype;
};

// norm = sqrt(sum over all tensors of gradient^2), in double, chunks added in order; `finite` is 0 if any element is NaN or
// infinite, and `first_bad` then names the tensor (else -1).
struct GradientNormArgs {
    const AdamWTensor* tensors;
    std::int64_t tensor_count;
    DType dtype;
    double* norm;
    std::int64_t* first_bad;
};

namespace cpu {
void adamw_step(const Launch&, const AdamWArgs&);
void gradient_norm(const Launch&, const GradientNormArgs&);
}  // namespace cpu

namespace cuda {
void adamw_step(const Launch&, const AdamWArgs&);
void gradient_norm(const Launch&, const GradientNormArgs&);
}  // namespace cuda

}  // namespace molten

#pragma once
#include <cmath>

#include "kernels/adamw/adamw.h"

namespace molten::reference {

template <class T>
void adamw_step(const AdamWArgs& a) {
    using std::sqrt;
    using State = accumulate_t<T>;
    const State correction1(1 - std::pow(a.beta1, static_cast<double>(a.step))),
        correction2(1 - std::pow(a.beta2, static_cast<double>(a.step)));
    for (std::int64_t t = 0; t < a.tensor_count; ++t) {
        const AdamWTensor& tensor = a.tensors[t];
        auto* parameter = static_cast<T*>(tensor.parameter);
        const auto* gradient = static_cast<const T*>(tensor.gradient);
        auto *m = static_cast<State*>(tensor.m), *v = static_cast<State*>(tensor.v), *ema = static_cast<State*>(tensor.ema);
        for (std::int64_t i = 0; i < tensor.count; ++i) {
            const State g = State(gradient[i]) * State(a.gradient_scale);
            m[i] = State(a.beta1) * m[i] + State(1 - a.beta1) * g;
            v[i] = State(a.beta2) * v[i] + State(1 - a.beta2) * g * g;
            const State decayed = State(parameter[i]) * State(1 - a.learning_rate * tensor.weight_decay);
            const State next =
                decayed - State(a.learning_rate) * (m[i] / correction1) / (State(sqrt(State(v[i] / correction2))) + State(a.epsilon));
            parameter[i] = T(next);
            if (ema) ema[i] = State(a.ema_decay) * ema[i] + State(1 - a.ema_decay) * next;
        }
    }
}

}  // namespace molten::reference

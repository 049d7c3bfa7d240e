#include <algorithm>
#include <cmath>

#include "kernels/adamw/adamw.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace.h"

namespace molten::cpu {
namespace {

constexpr std::int64_t kElementsPerChunk = 1 << 14;

// Chunk c of all tensors laid end to end, where no chunk crosses from one tensor into the next.
struct Piece {
    std::int64_t tensor, begin, end;
};

std::int64_t piece_count(const AdamWTensor* tensors, std::int64_t count) {
    std::int64_t pieces = 0;
    for (std::int64_t t = 0; t < count; ++t) pieces += (tensors[t].count + kElementsPerChunk - 1) / kElementsPerChunk;
    return pieces;
}

void cut(const AdamWTensor* tensors, std::int64_t count, Piece* pieces) {
    for (std::int64_t t = 0; t < count; ++t)
        for (std::int64_t begin = 0; begin < tensors[t].count; begin += kElementsPerChunk)
            *pieces++ = {t, begin, std::min(tensors[t].count, begin + kElementsPerChunk)};
}

template <class T>
void step_piece(const AdamWArgs& a, const AdamWTensor& tensor, std::int64_t begin, std::int64_t end) {
    using State = accumulate_t<T>;
    const State beta1 = static_cast<State>(a.beta1), beta2 = static_cast<State>(a.beta2), other1 = static_cast<State>(1 - a.beta1),
                other2 = static_cast<State>(1 - a.beta2), scale = static_cast<State>(a.gradient_scale),
                epsilon = static_cast<State>(a.epsilon), rate = static_cast<State>(a.learning_rate),
                keep = static_cast<State>(1 - a.learning_rate * tensor.weight_decay),
                correction1 = static_cast<State>(1 - std::pow(a.beta1, static_cast<double>(a.step))),
                correction2 = static_cast<State>(1 - std::pow(a.beta2, static_cast<double>(a.step))),
                ema_keep = static_cast<State>(a.ema_decay), ema_take = static_cast<State>(1 - a.ema_decay);
    auto* parameter = static_cast<T*>(tensor.parameter);
    const auto* gradient = static_cast<const T*>(tensor.gradient);
    auto *m = static_cast<State*>(tensor.m), *v = static_cast<State*>(tensor.v), *ema = static_cast<State*>(tensor.ema);
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) {
        const State g = static_cast<State>(gradient[i]) * scale;
        m[i] = beta1 * m[i] + other1 * g;
        v[i] = beta2 * v[i] + other2 * g * g;
        const State next =
            static_cast<State>(parameter[i]) * keep - rate * (m[i] / correction1) / (std::sqrt(v[i] / correction2) + epsilon);
        parameter[i] = static_cast<T>(next);
        if (ema) ema[i] = ema_keep * ema[i] + ema_take * next;
    }
}

}  // namespace

void adamw_step(const Launch& launch, const AdamWArgs& a) {
    const std::int64_t pieces = piece_count(a.tensors, a.tensor_count);
    Scratch<Piece> piece(launch, "adamw pieces", static_cast<std::size_t>(pieces));
    cut(a.tensors, a.tensor_count, piece.data());
    dispatch(a.dtype, [&]<class T>() {
        parallel_for(pieces, 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t p = begin; p < end; ++p)
                step_piece<T>(a, a.tensors[piece.data()[p].tensor], piece.data()[p].begin, piece.data()[p].end);
        });
    });
}

void gradient_norm(const Launch& launch, const GradientNormArgs& a) {
    const std::int64_t pieces = piece_count(a.tensors, a.tensor_count);
    Scratch<Piece> piece(launch, "gradient_norm pieces", static_cast<std::size_t>(pieces));
    Scratch<double> sums(launch, "gradient_norm sums", static_cast<std::size_t>(pieces));
    cut(a.tensors, a.tensor_count, piece.data());
    dispatch(a.dtype, [&]<class T>() {
        parallel_for(pieces, 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t p = begin; p < end; ++p) {
                const auto* gradient = static_cast<const T*>(a.tensors[piece.data()[p].tensor].gradient);
                double sum = 0;
#pragma omp simd reduction(+ : sum)
                for (std::int64_t i = piece.data()[p].begin; i < piece.data()[p].end; ++i)
                    sum += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
                sums.data()[p] = sum;
            }
        });
    });
    double total = 0;
    *a.first_bad = -1;
    for (std::int64_t p = 0; p < pieces; ++p) {
        if (!std::isfinite(sums.data()[p]) && *a.first_bad < 0) *a.first_bad = piece.data()[p].tensor;
        total += sums.data()[p];
    }
    *a.norm = std::sqrt(total);
}

}  // namespace molten::cpu

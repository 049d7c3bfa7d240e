#pragma once
#include "kernels/common/launch.h"
#include "kernels/common/philox.h"

// Dropout (Srivastava et al. 2014), inverted: what is kept is scaled up, so that evaluation needs no change.
//
//   y_i = x_i / (1 - p) if philox_word(key, i) >= dropout_threshold(p), else 0        [count], contiguous
//
// The bits depend on (seed, offset, i) alone: not on threads, shape or device. The backward pass draws them again.

namespace molten {

// A word below this is dropped: p of the 2^32 words, rounded; p = 1 drops all.
constexpr std::uint64_t dropout_threshold(double p) { return static_cast<std::uint64_t>(p * 0x1p32 + 0.5); }

struct DropoutArgs {
    const void* x;
    void* y;  // may be x
    std::int64_t count;
    double p;  // in [0, 1]
    PhiloxKey key;
    DType dtype;
};

struct DropoutGradArgs {
    const void* dy;
    void* dx;  // may be dy
    std::int64_t count;
    double p;
    PhiloxKey key;  // the forward pass's
    DType dtype;
};

namespace cpu {
void dropout_forward(const Launch&, const DropoutArgs&);
void dropout_backward(const Launch&, const DropoutGradArgs&);
}  // namespace cpu

namespace cuda {
void dropout_forward(const Launch&, const DropoutArgs&);
void dropout_backward(const Launch&, const DropoutGradArgs&);
}  // namespace cuda

}  // namespace molten

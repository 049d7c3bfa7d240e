#pragma once
#include <cmath>

#include "kernels/attention/attention.h"

namespace molten {

inline std::int64_t row_at(const HeadStrides& s, std::int64_t batch, std::int64_t head, std::int64_t row) {
    return batch * s.batch + head * s.head + row * s.row;
}

// Fills in strides that are all zero, and the scale.
inline AttentionArgs with_default_strides(AttentionArgs p) {
    const auto contiguous = [&](HeadStrides& s, std::int64_t heads, std::int64_t rows) {
        if (!s.batch && !s.head && !s.row) s = {heads * rows * p.width, rows * p.width, p.width};
    };
    contiguous(p.q_strides, p.heads, p.queries);
    contiguous(p.k_strides, p.key_heads, p.keys);
    contiguous(p.v_strides, p.key_heads, p.keys);
    contiguous(p.out_strides, p.heads, p.queries);
    if (p.scale == 0) p.scale = p.width > 0 ? 1 / std::sqrt(static_cast<double>(p.width)) : 1;
    return p;
}

}  // namespace molten

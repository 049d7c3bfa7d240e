#pragma once
#include <cstdint>

namespace molten {

constexpr int kMaxRank = 6;

inline std::int64_t element_count(int rank, const std::int64_t* shape) {
    std::int64_t count = 1;
    for (int axis = 0; axis < rank; ++axis) count *= shape[axis];
    return count;
}

// Element strides of a contiguous row-major tensor.
inline void row_major_strides(int rank, const std::int64_t* shape, std::int64_t* strides) {
    std::int64_t stride = 1;
    for (int axis = rank - 1; axis >= 0; --axis) {
        strides[axis] = stride;
        stride *= shape[axis];
    }
}

// Where element `index` (counted row-major over `shape`) lies, in elements from the first.
inline std::int64_t strided_offset(std::int64_t index, int rank, const std::int64_t* shape, const std::int64_t* strides) {
    std::int64_t offset = 0;
    for (int axis = rank - 1; axis >= 0; --axis) {
        offset += index % shape[axis] * strides[axis];
        index /= shape[axis];
    }
    return offset;
}

// Removes axes of extent 1 and merges neighbouring axes that are walked as one by all `operands` (arrays of strides).
// Returns the new rank, at least 1.
template <int kOperands>
int collapse_axes(int rank, std::int64_t* shape, std::int64_t (*strides)[kMaxRank]) {
    int kept = 0;
    for (int axis = 0; axis < rank; ++axis) {
        if (shape[axis] == 1) continue;
        bool merges = kept > 0;
        for (int k = 0; k < kOperands; ++k) merges = merges && strides[k][kept - 1] == strides[k][axis] * shape[axis];
        if (merges) {
            shape[kept - 1] *= shape[axis];
            for (int k = 0; k < kOperands; ++k) strides[k][kept - 1] = strides[k][axis];
        } else {
            shape[kept] = shape[axis];
            for (int k = 0; k < kOperands; ++k) strides[k][kept] = strides[k][axis];
            ++kept;
        }
    }
    if (kept > 0) return kept;
    shape[0] = 1;
    for (int k = 0; k < kOperands; ++k) strides[k][0] = 1;
    return 1;
}

}  // namespace molten

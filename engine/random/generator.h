#pragma once
#include "kernels/common/philox.h"

namespace molten {

// Hands each random op its Philox key: the run's seed and a running number. A run resumes with the same random bits by
// restoring these two integers; a replay of a part of the forward pass rewinds the offset.
struct Generator {
    std::uint64_t seed = 0, offset = 0;

    PhiloxKey next() { return {seed, offset++}; }
};

// The generator of this thread, used by dropout.
inline Generator& generator() {
    thread_local Generator instance;
    return instance;
}

}  // namespace molten

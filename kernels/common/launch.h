#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/common/dtype.h"

namespace molten {

class Workspace;

// What a kernel needs besides its arguments. Plain data: this header knows no CUDA, so the CPU build compiles it too.
struct Launch {
    void* stream = nullptr;         // cudaStream_t on a GPU, unused on the CPU
    Workspace* scratch = nullptr;   // kernels take temporary memory from here and never allocate
    const char* variant = nullptr;  // "v2", "lib", ...; null picks the fastest that applies
};

}  // namespace molten

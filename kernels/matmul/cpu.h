#pragma once
#include "kernels/matmul/matmul.h"

// What the sources of this room share.

namespace molten::cpu {

MatMulArgs normalised(MatMulArgs);                    // strides filled in and checked, batch folded into rows where possible
void multiply_lib(const Launch&, const MatMulArgs&);  // one batch item by OpenBLAS

}  // namespace molten::cpu

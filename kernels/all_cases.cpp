#include "kernels/all_cases.h"

namespace molten {

std::span<const OpCases* const> all_op_cases() {
#define MOLTEN_ADDRESS_OF_OP(name) &name##_cases,
    static const OpCases* const ops[] = {MOLTEN_FOR_EACH_OP(MOLTEN_ADDRESS_OF_OP) nullptr};
#undef MOLTEN_ADDRESS_OF_OP
    return {ops, std::size(ops) - 1};
}

}  // namespace molten

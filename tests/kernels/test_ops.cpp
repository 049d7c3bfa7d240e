// Every op of kernels/all_cases.h, by everything its table says: see harness.h.
#include <doctest/doctest.h>

#include "kernels/all_cases.h"
#include "tests/kernels/harness.h"

namespace molten {

#define MOLTEN_TEST_OP(name) \
    TEST_CASE("kernel " #name) { check_op(name##_cases); }
MOLTEN_FOR_EACH_OP(MOLTEN_TEST_OP)
#undef MOLTEN_TEST_OP

TEST_CASE("kernel tables have distinct names and complete entries") {
    for (const OpCases* op : all_op_cases()) {
        INFO(std::string(op->op));
        CHECK(static_cast<bool>(op->bytes));
        CHECK(static_cast<bool>(op->flops));
        CHECK(!op->outputs.empty());
        for (const OpCases* other : all_op_cases()) CHECK((op == other || op->op != other->op));
        for (const Sizes& row : op->shapes)
            for (const auto* operands : {&op->inputs, &op->outputs})
                for (const Operand& operand : *operands) CHECK_NOTHROW(evaluate_shape(operand.shape, name_sizes(*op, row)));
    }
}

}  // namespace molten

#include <doctest/doctest.h>

#include "kernels/common/philox.h"

using namespace molten;

// The known answers of the Random123 distribution (kat_vectors, philox4x32 with 10 rounds).
TEST_CASE("philox4x32-10 known answers") {
    const auto check = [](PhiloxBits got, std::array<std::uint32_t, 4> expected) {
        for (int i = 0; i < 4; ++i) CHECK(got.word[i] == expected[static_cast<std::size_t>(i)]);
    };
    check(philox4x32_10(0, 0, 0, 0, 0, 0), {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    check(philox4x32_10(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff), {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    check(philox4x32_10(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0), {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

// What the table of dropout cannot say: which elements are dropped, and how many.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "kernels/common/check.h"
#include "kernels/dropout/dropout.h"

namespace molten {

TEST_CASE("kernel dropout drops exactly the elements whose Philox word is below the threshold") {
    const std::int64_t count = 100003;
    const PhiloxKey key{42, 9};
    const std::vector<float> ones(static_cast<std::size_t>(count), 1.f);
    for (const double p : {0.1, 0.25, 0.5}) {
        std::vector<float> y(ones.size()), dx(ones.size());
        cpu::dropout_forward({}, {ones.data(), y.data(), count, p, key, DType::f32});
        cpu::dropout_backward({}, {ones.data(), dx.data(), count, p, key, DType::f32});
        CHECK(y == dx);
        std::int64_t dropped = 0, wrong = 0;
        for (std::int64_t i = 0; i < count; ++i) {
            // element i reads word i % 4 of the counter i / 4, with the op's number in the counter's upper half and the seed as key
            const PhiloxBits bits = philox4x32_10(static_cast<std::uint32_t>(i / 4), 0, 9, 0, 42, 0);
            const bool keep = bits.word[i % 4] >= p * 4294967296.0;
            wrong += (y[static_cast<std::size_t>(i)] != 0) != keep;
            dropped += !keep;
            if (keep) wrong += y[static_cast<std::size_t>(i)] != 1.f / static_cast<float>(1 - p);
        }
        CHECK(wrong == 0);
        CHECK(std::abs(static_cast<double>(dropped) / static_cast<double>(count) - p) < 5 * std::sqrt(p * (1 - p) / static_cast<double>(count)));
    }
}

TEST_CASE("kernel dropout refuses what is not a probability") {
    float x = 1, y = 0;
    for (const double p : {-0.1, 1.5, std::nan("")}) CHECK_THROWS_AS(cpu::dropout_forward({}, {&x, &y, 1, p, {}, DType::f32}), KernelError);
}

}  // namespace molten

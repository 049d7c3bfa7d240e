// What the table of copy cannot say: casts among all dtypes, slices, negative strides, broadcasts, offsets past 2^31.
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstring>
#include <limits>
#include <vector>

#include "kernels/common/check.h"
#include "kernels/common/philox.h"
#include "kernels/copy/copy.h"

namespace molten {
namespace {

template <class From, class To>
std::vector<To> cast(const std::vector<From>& x, DType from, DType to) {
    std::vector<To> y(x.size());
    const auto n = static_cast<std::int64_t>(x.size());
    cpu::copy({}, {x.data(), y.data(), 1, {n}, {1}, {1}, from, to});
    return y;
}

}  // namespace

TEST_CASE("kernel copy casts every bfloat16 to float and back unchanged") {
    std::vector<bf16> all(65536);
    for (std::size_t i = 0; i < all.size(); ++i) all[i].bits = static_cast<std::uint16_t>(i);
    const auto wide = cast<bf16, float>(all, DType::bf16, DType::f32);
    const auto back = cast<float, bf16>(wide, DType::f32, DType::bf16);
    int wrong = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::uint32_t bits;
        std::memcpy(&bits, &wide[i], 4);
        const bool nan = (i & 0x7fff) > 0x7f80;
        wrong += bits != i << 16;
        wrong += nan ? (back[i].bits & 0x7fff) <= 0x7f80 : back[i].bits != i;
    }
    CHECK(wrong == 0);
}

TEST_CASE("kernel copy rounds to nearest even") {
    // halfway between two bfloat16: the even one; a little off: the nearer one
    const std::vector<float> x = {0x1.01p0f, 0x1.03p0f, 0x1.010002p0f, 0x1.00fffep0f, -0x1.03p0f, 3.4e38f, 0x1.01p-130f};
    const auto y = cast<float, bf16>(x, DType::f32, DType::bf16);
    const float want[] = {1.f, 0x1.04p0f, 0x1.02p0f, 1.f, -0x1.04p0f, std::numeric_limits<float>::infinity(), 0x1.0p-130f};
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(static_cast<float>(y[i]) == want[i]);
    CHECK(cast<double, float>({0.1}, DType::f64, DType::f32)[0] == 0.1f);
    CHECK(cast<double, bf16>({0.1}, DType::f64, DType::bf16)[0].bits == bf16(0.1f).bits);
    CHECK(cast<float, double>({0.1f}, DType::f32, DType::f64)[0] == static_cast<double>(0.1f));
    CHECK(cast<bf16, double>({bf16(0.1f)}, DType::bf16, DType::f64)[0] == static_cast<double>(static_cast<float>(bf16(0.1f))));
    CHECK(cast<std::int32_t, std::int32_t>({-5, 1 << 30}, DType::i32, DType::i32) == std::vector<std::int32_t>{-5, 1 << 30});
    CHECK_THROWS_AS((cast<std::int32_t, float>({1}, DType::i32, DType::f32)), KernelError);
}

TEST_CASE("kernel copy slices, reverses, broadcasts and concatenates") {
    std::vector<std::int32_t> x(3 * 5 * 7);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::int32_t>(i);
    std::vector<std::int32_t> y(3 * 2 * 4, -1);  // x[:, 3:0:-2, 1:5]
    cpu::copy({}, {x.data() + 3 * 7 + 1, y.data(), 3, {3, 2, 4}, {35, -14, 1}, {8, 4, 1}, DType::i32, DType::i32});
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 2; ++j)
            for (int k = 0; k < 4; ++k) CHECK(y[static_cast<std::size_t>(i * 8 + j * 4 + k)] == i * 35 + (3 - 2 * j) * 7 + 1 + k);

    std::vector<std::uint8_t> row = {1, 2, 3}, wide(4 * 5, 9);  // three columns of a [4, 5], the others untouched
    cpu::copy({}, {row.data(), wide.data() + 1, 2, {4, 3}, {0, 1}, {5, 1}, DType::u8, DType::u8});
    for (std::size_t r = 0; r < 4; ++r) CHECK(std::vector<std::uint8_t>(wide.begin() + 5 * r, wide.begin() + 5 * r + 5) == std::vector<std::uint8_t>{9, 1, 2, 3, 9});

    std::vector<float> scalar = {4.f}, one = {0.f};
    cpu::copy({}, {scalar.data(), one.data(), 0, {}, {}, {}, DType::f32, DType::f32});
    CHECK(one[0] == 4.f);
}

TEST_CASE("kernel copy permutes six axes like the definition") {
    const std::int64_t shape[6] = {2, 3, 4, 2, 5, 3}, order[6] = {4, 0, 5, 2, 1, 3};
    std::vector<float> x(720), y(720, -1.f);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = philox_uniform({1, 2}, i);
    CopyArgs args{x.data(), y.data(), 6, {}, {}, {}, DType::f32, DType::f32};
    std::int64_t strides[6];
    row_major_strides(6, shape, strides);
    for (int k = 0; k < 6; ++k) args.shape[k] = shape[order[k]], args.x_strides[k] = strides[order[k]];
    row_major_strides(6, args.shape, args.y_strides);
    cpu::copy({}, args);
    int wrong = 0;
    for (std::int64_t i = 0; i < 720; ++i) {
        std::int64_t from = 0, rest = i;
        for (int k = 5; k >= 0; --k) from += rest % args.shape[k] * args.x_strides[k], rest /= args.shape[k];
        wrong += y[static_cast<std::size_t>(i)] != x[static_cast<std::size_t>(from)];
    }
    CHECK(wrong == 0);
}

TEST_CASE("kernel copy reaches offsets past 2^31 elements") {
    const std::int64_t stride = (std::int64_t{1} << 31) + 5;
    const auto bytes = static_cast<std::size_t>(2 * stride + 16);
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    auto* x = static_cast<std::uint8_t*>(memory);
    x[0] = 3, x[stride] = 5, x[2 * stride] = 7;
    std::uint8_t y[3] = {};
    cpu::copy({}, {x, y, 1, {3}, {stride}, {1}, DType::u8, DType::u8});
    CHECK(y[0] == 3);
    CHECK(y[1] == 5);
    CHECK(y[2] == 7);
    munmap(memory, bytes);
}

}  // namespace molten

// What the tables of elementwise cannot say: any strides, any rank to 6, results in place, offsets past 2^31.
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/common/philox.h"
#include "kernels/elementwise/elementwise.h"

namespace molten {
namespace {

using Index = std::array<std::int64_t, 6>;

class Random {
  public:
    explicit Random(std::uint64_t seed) : key_{seed, 17} {}
    std::int64_t below(std::int64_t n) { return philox_word(key_, next_++) % static_cast<std::uint64_t>(n); }
    double normal() { return philox_normal(key_, 1'000'000 + next_++); }

  private:
    PhiloxKey key_;
    std::uint64_t next_ = 0;
};

// An operand of random layout: axes in any order in memory, gaps between them, some broadcast.
struct Operand {
    Index strides{};
    std::vector<double> memory;

    Operand(Random& random, int rank, const Index& shape) {
        Index order{0, 1, 2, 3, 4, 5};
        for (int k = rank - 1; k > 0; --k) std::swap(order[k], order[random.below(k + 1)]);
        std::int64_t stride = 1 + random.below(2);
        for (int k = 0; k < rank; ++k) {
            const auto axis = order[k];
            if (random.below(4) == 0) continue;  // stride 0
            strides[axis] = stride;
            stride *= shape[axis] + random.below(2);
        }
        memory.resize(static_cast<std::size_t>(stride + 1));
        for (double& x : memory) x = random.normal();
        for (double& x : memory) x += std::copysign(0.2, x);  // a divisor too
    }
    double at(const Index& i, int rank) const { return memory[static_cast<std::size_t>(std::inner_product(i.begin(), i.begin() + rank, strides.begin(), std::int64_t{0}))]; }
    // Place in the contiguous gradient of this operand's own shape.
    std::size_t own(const Index& i, int rank, const Index& shape) const {
        std::int64_t place = 0;
        for (int axis = 0; axis < rank; ++axis)
            if (strides[axis] != 0) place = place * shape[axis] + i[axis];
        return static_cast<std::size_t>(place);
    }
};

double result(Binary op, double a, double b) {
    const double results[] = {a + b, a - b, a * b, a / b, std::max(a, b), std::min(a, b)};
    return results[static_cast<int>(op)];
}

std::pair<double, double> slopes(Binary op, double a, double b) {
    const std::pair<double, double> slopes[] = {{1, 1}, {1, -1}, {b, a}, {1 / b, -a / (b * b)}, {a > b, b > a}, {a < b, b < a}};
    return slopes[static_cast<int>(op)];
}

}  // namespace

TEST_CASE("kernel binary follows any strides and sums what broadcasting spread") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        Random random(seed);
        const int rank = static_cast<int>(random.below(7));
        Index shape{};
        std::int64_t count = 1;
        for (int axis = 0; axis < rank; ++axis) count *= shape[axis] = 1 + random.below(axis == rank - 1 ? 40 : 4);
        const Operand a(random, rank, shape), b(random, rank, shape);
        const auto op = static_cast<Binary>(random.below(6));
        std::vector<double> y(count, NAN), dy(count), da(count, NAN), db(count, NAN), want_da(count), want_db(count);
        for (double& x : dy) x = random.normal();

        BinaryArgs forward{a.memory.data(), b.memory.data(), y.data(), rank, {}, {}, {}, op, DType::f64};
        BinaryGradArgs backward{a.memory.data(), b.memory.data(), dy.data(), da.data(), db.data(), rank, {}, {}, {}, op, DType::f64};
        for (int axis = 0; axis < rank; ++axis) {
            forward.shape[axis] = backward.shape[axis] = shape[axis];
            forward.a_strides[axis] = backward.a_strides[axis] = a.strides[axis];
            forward.b_strides[axis] = backward.b_strides[axis] = b.strides[axis];
        }
        cpu::binary_forward({}, forward);
        cpu::binary_backward({}, backward);

        int wrong = 0;
        std::size_t size_a = 0, size_b = 0;
        for (std::int64_t n = 0; n < count; ++n) {
            Index i{};
            for (std::int64_t axis = rank - 1, rest = n; axis >= 0; rest /= shape[axis], --axis) i[axis] = rest % shape[axis];
            const double x = a.at(i, rank), z = b.at(i, rank);
            const auto at = static_cast<std::size_t>(n);
            wrong += y[at] != result(op, x, z);
            const auto [slope_a, slope_b] = slopes(op, x, z);
            want_da[a.own(i, rank, shape)] += slope_a * dy[at], want_db[b.own(i, rank, shape)] += slope_b * dy[at];
            size_a = std::max(size_a, a.own(i, rank, shape) + 1), size_b = std::max(size_b, b.own(i, rank, shape) + 1);
        }
        const auto off = [](double is, double should) { return !(std::abs(is - should) <= 1e-11 * (1 + std::abs(should))); };
        for (std::size_t k = 0; k < da.size(); ++k) wrong += k < size_a ? off(da[k], want_da[k]) : !std::isnan(da[k]);
        for (std::size_t k = 0; k < db.size(); ++k) wrong += k < size_b ? off(db[k], want_db[k]) : !std::isnan(db[k]);
        INFO("seed ", seed, " rank ", rank, " op ", static_cast<int>(op));
        CHECK(wrong == 0);
    }
}

TEST_CASE("kernel binary and axpby write over an operand") {
    std::vector<float> a(5000), b(5000);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = philox_uniform({1, 1}, i), b[i] = philox_uniform({1, 2}, i);
    std::vector<float> over_a = a, over_b = b, scaled = a;
    const std::int64_t n = 5000;
    cpu::binary_forward({}, {over_a.data(), b.data(), over_a.data(), 1, {n}, {1}, {1}, Binary::sub, DType::f32});
    cpu::binary_forward({}, {a.data(), over_b.data(), over_b.data(), 1, {n}, {1}, {1}, Binary::sub, DType::f32});
    cpu::axpby({}, {scaled.data(), nullptr, scaled.data(), n, 0.5, 0, 0.25, DType::f32});
    int wrong = 0;
    for (std::size_t i = 0; i < a.size(); ++i) wrong += over_a[i] != a[i] - b[i] || over_b[i] != a[i] - b[i] || scaled[i] != 0.5f * a[i] + 0.25f;
    CHECK(wrong == 0);
}

TEST_CASE("kernel binary reaches offsets past 2^31 elements") {
    const std::int64_t stride = (std::int64_t{1} << 31) + 3;
    const auto bytes = static_cast<std::size_t>(2 * stride + 8) * sizeof(bf16);
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    auto* x = static_cast<bf16*>(memory);
    x[0] = 1.f, x[stride] = 2.f, x[2 * stride] = 3.f;
    const bf16 one(1.f);
    bf16 y[3];
    cpu::binary_forward({}, {x, &one, y, 1, {3}, {stride}, {0}, Binary::add, DType::bf16});
    CHECK(static_cast<float>(y[0]) == 2);
    CHECK(static_cast<float>(y[1]) == 3);
    CHECK(static_cast<float>(y[2]) == 4);
    munmap(memory, bytes);
}

}  // namespace molten

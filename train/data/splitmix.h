#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace molten::data {

// SplitMix64 (Steele, Lea and Flood 2014): the state is a counter, the output a mix of it. The same seed gives the same numbers on every
// machine and with every compiler, which the distributions of <random> do not promise.
class SplitMix64 {
  public:
    explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

    // Uniform in [0, bound), without bias: numbers below 2^64 mod bound are drawn again. bound > 0.
    std::uint64_t below(std::uint64_t bound) {
        const std::uint64_t unfair = (0 - bound) % bound;
        std::uint64_t value = next();
        while (value < unfair) value = next();
        return value % bound;
    }

    // Uniform in [0, 1), 53 bits.
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    // Fisher-Yates, from the back.
    template <class T>
    void shuffle(std::vector<T>& values) {
        for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
    }

  private:
    std::uint64_t state_;
};

}  // namespace molten::data

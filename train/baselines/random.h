#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace molten::baselines {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers everywhere, a stream per seed.
class Random {
  public:
    explicit Random(std::uint64_t seed, std::uint64_t stream = 0) : state_(seed) { state_ = next() ^ (stream * 0xd1342543de82ef95u); }

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(uniform() * static_cast<double>(n)); }
    void shuffle(std::vector<std::size_t>& v) {
        for (std::size_t i = v.size(); i > 1; --i) std::swap(v[i - 1], v[below(i)]);
    }

  private:
    std::uint64_t state_;
};

}  // namespace molten::baselines

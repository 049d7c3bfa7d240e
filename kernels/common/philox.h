#pragma once
#include <array>
#include <cmath>
#include <cstdint>

// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): a counter-based
// generator. The 128-bit counter and 64-bit key give 128 random bits with no state, so element i of op k of seed s has the
// same bits on the CPU, on the GPU, after a resume, and in a replay of the forward pass.

#if defined(__CUDACC__)
#define MOLTEN_HOST_DEVICE __host__ __device__
#else
#define MOLTEN_HOST_DEVICE
#endif

namespace molten {

struct PhiloxBits {
    std::uint32_t word[4];
};

MOLTEN_HOST_DEVICE inline PhiloxBits philox4x32_10(std::uint32_t c0, std::uint32_t c1, std::uint32_t c2, std::uint32_t c3, std::uint32_t k0,
                                                   std::uint32_t k1) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c0, p1 = std::uint64_t{0xCD9E8D57u} * c2;
        const std::uint32_t n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0, n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
        c1 = static_cast<std::uint32_t>(p1);
        c3 = static_cast<std::uint32_t>(p0);
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

// Where a random op stands: the run's seed and the number of the op in the run. Element i reads word i % 4 of counter i / 4.
struct PhiloxKey {
    std::uint64_t seed = 0, offset = 0;
};

MOLTEN_HOST_DEVICE inline PhiloxBits philox_block(PhiloxKey key, std::uint64_t block) {
    return philox4x32_10(static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), static_cast<std::uint32_t>(key.offset),
                         static_cast<std::uint32_t>(key.offset >> 32), static_cast<std::uint32_t>(key.seed),
                         static_cast<std::uint32_t>(key.seed >> 32));
}

MOLTEN_HOST_DEVICE inline std::uint32_t philox_word(PhiloxKey key, std::uint64_t element) {
    return philox_block(key, element / 4).word[element % 4];
}

// Uniform in [0, 1) with 24 bits: exact in float.
MOLTEN_HOST_DEVICE inline float uniform_from_bits(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }
MOLTEN_HOST_DEVICE inline float philox_uniform(PhiloxKey key, std::uint64_t element) { return uniform_from_bits(philox_word(key, element)); }

// Standard normal by Box and Muller from the two words of an element pair.
inline double philox_normal(PhiloxKey key, std::uint64_t element) {
    const PhiloxBits bits = philox_block(key, element);
    const double u = (static_cast<double>(bits.word[0]) + 0.5) * 0x1p-32, v = static_cast<double>(bits.word[1]) * 0x1p-32;
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v);
}

}  // namespace molten

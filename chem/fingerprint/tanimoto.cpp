#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "chem/fingerprint/fingerprint.h"

namespace molten::chem {
namespace {

struct Overlap {
    std::int64_t both = 0, either = 0;
};

// Two versions in the binary, chosen at load: one with the popcnt instruction.
__attribute__((target_clones("popcnt", "default"))) Overlap overlap(const std::uint64_t* a, const std::uint64_t* b, std::size_t words) {
    Overlap sum;
    for (std::size_t i = 0; i < words; ++i) {
        sum.both += __builtin_popcountll(a[i] & b[i]);
        sum.either += __builtin_popcountll(a[i] | b[i]);
    }
    return sum;
}

}  // namespace

BitVector pack_bits(std::span<const float> dense) {
    BitVector bits{static_cast<int>(dense.size()), std::vector<std::uint64_t>((dense.size() + 63) / 64)};
    for (std::size_t i = 0; i < dense.size(); ++i) {
        if (dense[i] != 0) bits.words[i / 64] |= std::uint64_t{1} << (i % 64);
    }
    return bits;
}

double tanimoto(const BitVector& a, const BitVector& b) {
    if (a.size != b.size) throw std::invalid_argument(fmt::format("fingerprints of {} and {} bits cannot be compared", a.size, b.size));
    const Overlap sum = overlap(a.words.data(), b.words.data(), std::min(a.words.size(), b.words.size()));
    return sum.either == 0 ? 0.0 : static_cast<double>(sum.both) / static_cast<double>(sum.either);
}

double tanimoto(std::span<const float> a, std::span<const float> b) {
    if (a.size() != b.size()) {
        throw std::invalid_argument(fmt::format("fingerprints of {} and {} counts cannot be compared", a.size(), b.size()));
    }
    double smaller = 0, larger = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        smaller += std::min(a[i], b[i]);
        larger += std::max(a[i], b[i]);
    }
    return larger == 0 ? 0.0 : smaller / larger;
}

void tanimoto(const BitVector& query, std::span<const BitVector> library, std::span<double> similarity) {
    if (library.size() != similarity.size()) {
        throw std::invalid_argument(fmt::format("{} fingerprints but room for {} similarities", library.size(), similarity.size()));
    }
    for (std::size_t i = 0; i < library.size(); ++i) similarity[i] = tanimoto(query, library[i]);
}

}  // namespace molten::chem

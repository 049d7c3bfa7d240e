#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// Nearest neighbours of binary fingerprints by Tanimoto similarity c / (a + b - c), with a and b the bits set in either and c in both;
// two empty fingerprints have similarity 1, as in RDKit.

namespace molten::baselines {

// Packed rows: [rows, words].
struct BitMatrix {
    const std::uint64_t* bits = nullptr;
    std::size_t rows = 0, words = 0;
    const std::uint64_t* row(std::size_t i) const { return bits + i * words; }
};

constexpr std::uint32_t no_neighbour = 0xffffffff;

// [queries, k], most similar first, equal ones by rising reference row; no_neighbour and similarity 0 where there are fewer than k.
struct Neighbours {
    std::size_t k = 0;
    std::vector<std::uint32_t> row;
    std::vector<double> similarity;
};

// Which references may not be neighbours of which queries: those with an equal key. Empty spans exclude nothing.
struct Exclusion {
    std::span<const std::int64_t> query_keys, reference_keys;
};

// Exact search, threads 0 = one per core. allowed[s][reference] picks the references of search s; all searches share the work of counting
// bits and give one result each. Throws Error(data) when sizes differ or there are 2^32 references or more.
std::vector<Neighbours> nearest_neighbours(BitMatrix queries, BitMatrix references, std::size_t k, const Exclusion&,
                                           std::span<const std::vector<std::uint8_t>> allowed, int threads);
// The same with every reference allowed.
Neighbours nearest_neighbours(BitMatrix queries, BitMatrix references, std::size_t k, const Exclusion&, int threads);

// Tanimoto similarity of every pair, [queries, references].
std::vector<double> tanimoto_matrix(BitMatrix queries, BitMatrix references, int threads);

}  // namespace molten::baselines

#include "train/baselines/tanimoto.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "engine/core/error.h"
#include "train/baselines/parallel.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace molten::baselines {
namespace {

// common[i] = bits set in both the query and reference row i.
using CountCommon = void (*)(const std::uint64_t* query, const std::uint64_t* references, std::size_t rows, std::size_t words,
                             std::uint32_t* common);

inline void count_common(const std::uint64_t* query, const std::uint64_t* references, std::size_t rows, std::size_t words,
                         std::uint32_t* common) {
    for (std::size_t i = 0; i < rows; ++i, references += words) {
        std::uint64_t count = 0;
        for (std::size_t w = 0; w < words; ++w) count += static_cast<std::uint64_t>(std::popcount(query[w] & references[w]));
        common[i] = static_cast<std::uint32_t>(count);
    }
}

void count_common_portable(const std::uint64_t* q, const std::uint64_t* r, std::size_t rows, std::size_t words, std::uint32_t* common) {
    count_common(q, r, rows, words, common);
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) void count_common_popcnt(const std::uint64_t* q, const std::uint64_t* r, std::size_t rows,
                                                           std::size_t words, std::uint32_t* common) {
    count_common(q, r, rows, words, common);
}

__attribute__((target("avx512f,avx512vpopcntdq,popcnt"))) void count_common_avx512(const std::uint64_t* query,
                                                                                   const std::uint64_t* references, std::size_t rows,
                                                                                   std::size_t words, std::uint32_t* common) {
    for (std::size_t i = 0; i < rows; ++i, references += words) {
        __m512i sum = _mm512_setzero_si512();
        std::size_t w = 0;
        for (; w + 8 <= words; w += 8)
            sum = _mm512_add_epi64(
                sum, _mm512_popcnt_epi64(_mm512_and_si512(_mm512_loadu_si512(query + w), _mm512_loadu_si512(references + w))));
        alignas(64) std::uint64_t lanes[8];
        _mm512_store_si512(lanes, sum);
        std::uint64_t count = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        for (; w < words; ++w) count += static_cast<std::uint64_t>(std::popcount(query[w] & references[w]));
        common[i] = static_cast<std::uint32_t>(count);
    }
}
#endif

CountCommon best_count_common() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vpopcntdq")) return count_common_avx512;
    if (__builtin_cpu_supports("popcnt")) return count_common_popcnt;
#endif
    return count_common_portable;
}

std::vector<std::uint32_t> bits_set(BitMatrix m) {
    std::vector<std::uint32_t> counts(m.rows);
    for (std::size_t i = 0; i < m.rows; ++i)
        for (std::size_t w = 0; w < m.words; ++w) counts[i] += static_cast<std::uint32_t>(std::popcount(m.row(i)[w]));
    return counts;
}

double similarity_of(std::uint32_t common, std::uint32_t query_bits, std::uint32_t reference_bits) {
    const std::uint32_t either = query_bits + reference_bits - common;
    return either == 0 ? 1.0 : static_cast<double>(common) / either;
}

// The k best seen so far, kept sorted. References come in rising order, so an equal similarity never displaces an earlier one.
class Best {
  public:
    explicit Best(std::size_t k) : k_(k) { entries_.reserve(k + 1); }
    // A candidate with common < floor * either cannot enter; a hair below the worst kept, so that rounding never drops one that could.
    double floor() const { return entries_.size() < k_ ? 0.0 : entries_.back().first * (1 - 1e-12); }
    void offer(double similarity, std::uint32_t row) {
        if (entries_.size() == k_ && similarity <= entries_.back().first) return;
        auto at = entries_.end();
        while (at != entries_.begin() && (at - 1)->first < similarity) --at;
        entries_.insert(at, {similarity, row});
        if (entries_.size() > k_) entries_.pop_back();
    }
    void write(Neighbours& out, std::size_t query) const {
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            out.similarity[query * k_ + i] = entries_[i].first;
            out.row[query * k_ + i] = entries_[i].second;
        }
    }

  private:
    std::size_t k_;
    std::vector<std::pair<double, std::uint32_t>> entries_;
};

void check_sizes(BitMatrix queries, BitMatrix references, std::size_t k, const Exclusion& exclusion,
                 std::span<const std::vector<std::uint8_t>> allowed) {
    if (queries.words != references.words)
        throw Error(ExitCode::data, fmt::format("fingerprints of {} and {} words cannot be compared", queries.words, references.words));
    if (references.rows >= no_neighbour) throw Error(ExitCode::resources, "more than 2^32 - 1 reference molecules");
    if (k == 0) throw Error(ExitCode::usage, "a neighbour search needs k of at least 1");
    const bool keyed = !exclusion.query_keys.empty() || !exclusion.reference_keys.empty();
    if (keyed && (exclusion.query_keys.size() != queries.rows || exclusion.reference_keys.size() != references.rows))
        throw Error(ExitCode::data, "a neighbour search needs one key per query and per reference");
    for (const auto& a : allowed)
        if (a.size() != references.rows) throw Error(ExitCode::data, "a neighbour search needs one flag per reference");
}

constexpr std::size_t query_block = 16, reference_block = 256;  // 64 KiB of 2048-bit references stay in the cache for 16 queries

}  // namespace

std::vector<Neighbours> nearest_neighbours(BitMatrix queries, BitMatrix references, std::size_t k, const Exclusion& exclusion,
                                           std::span<const std::vector<std::uint8_t>> allowed, int threads) {
    check_sizes(queries, references, k, exclusion, allowed);
    std::vector<Neighbours> results(allowed.size());
    for (auto& r : results) r = {k, std::vector<std::uint32_t>(queries.rows * k, no_neighbour), std::vector<double>(queries.rows * k)};
    const auto query_bits = bits_set(queries), reference_bits = bits_set(references);
    const auto count = best_count_common();
    const bool keyed = !exclusion.query_keys.empty();
    parallel_for(queries.rows, query_block, threads, [&](std::size_t begin, std::size_t end) {
        std::vector<std::vector<Best>> best(allowed.size(), std::vector<Best>(end - begin, Best(k)));
        std::vector<std::uint32_t> common(reference_block);
        for (std::size_t first = 0; first < references.rows; first += reference_block) {
            const std::size_t size = std::min(reference_block, references.rows - first);
            for (std::size_t query = begin; query < end; ++query) {
                count(queries.row(query), references.row(first), size, queries.words, common.data());
                for (std::size_t s = 0; s < allowed.size(); ++s) {
                    auto& kept = best[s][query - begin];
                    double floor = kept.floor();
                    for (std::size_t i = 0; i < size; ++i) {
                        const std::size_t reference = first + i;
                        const double either = static_cast<double>(query_bits[query]) + reference_bits[reference] - common[i];
                        if (common[i] < floor * either || allowed[s][reference] == 0) continue;
                        if (keyed && exclusion.query_keys[query] == exclusion.reference_keys[reference]) continue;
                        kept.offer(similarity_of(common[i], query_bits[query], reference_bits[reference]),
                                   static_cast<std::uint32_t>(reference));
                        floor = kept.floor();
                    }
                }
            }
        }
        for (std::size_t s = 0; s < allowed.size(); ++s)
            for (std::size_t query = begin; query < end; ++query) best[s][query - begin].write(results[s], query);
    });
    return results;
}

Neighbours nearest_neighbours(BitMatrix queries, BitMatrix references, std::size_t k, const Exclusion& exclusion, int threads) {
    const std::vector<std::vector<std::uint8_t>> everything{std::vector<std::uint8_t>(references.rows, 1)};
    return std::move(nearest_neighbours(queries, references, k, exclusion, everything, threads)[0]);
}

std::vector<double> tanimoto_matrix(BitMatrix queries, BitMatrix references, int threads) {
    check_sizes(queries, references, 1, {}, {});
    std::vector<double> matrix(queries.rows * references.rows);
    const auto query_bits = bits_set(queries), reference_bits = bits_set(references);
    const auto count = best_count_common();
    parallel_for(queries.rows, query_block, threads, [&](std::size_t begin, std::size_t end) {
        std::vector<std::uint32_t> common(references.rows);
        for (std::size_t query = begin; query < end; ++query) {
            count(queries.row(query), references.bits, references.rows, queries.words, common.data());
            for (std::size_t i = 0; i < references.rows; ++i)
                matrix[query * references.rows + i] = similarity_of(common[i], query_bits[query], reference_bits[i]);
        }
    });
    return matrix;
}

}  // namespace molten::baselines

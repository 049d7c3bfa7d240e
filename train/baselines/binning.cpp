#include <algorithm>
#include <bit>
#include <cmath>

#include "train/baselines/tree.h"

namespace molten::baselines {
namespace {

constexpr std::size_t max_bins = 256;

struct Bins {
    std::vector<double> edges;  // rising upper edges of all bins but the last, halfway between the values they part
    std::vector<double> value;  // the smallest training value of each bin
};

// `values` is sorted. A bin per distinct value, or bins of equal counts when there are too many.
Bins make_bins(const std::vector<double>& values) {
    std::vector<double> distinct;
    std::ranges::unique_copy(values, std::back_inserter(distinct));
    Bins bins;
    if (distinct.empty()) return bins;
    bins.value.push_back(distinct[0]);
    const auto cut_before = [&](std::size_t i) {
        const double a = distinct[i - 1], b = distinct[i], middle = a + (b - a) / 2;
        bins.edges.push_back(middle < b ? middle : a);
        bins.value.push_back(b);
    };
    if (distinct.size() <= max_bins) {
        for (std::size_t i = 1; i < distinct.size(); ++i) cut_before(i);
        return bins;
    }
    for (std::size_t b = 1; b < max_bins; ++b) {
        const double low = values[b * values.size() / max_bins - 1];
        const auto next = static_cast<std::size_t>(std::ranges::upper_bound(distinct, low) - distinct.begin());
        if (next < distinct.size() && distinct[next] > bins.value.back()) cut_before(next);
    }
    return bins;
}

void bin_dense(const Problem& p, std::span<const std::size_t> train, BinnedFeatures& f) {
    for (std::size_t column = 0; column < p.descriptor_count; ++column) {
        const auto at = [&](std::size_t row) { return p.descriptors[row * p.descriptor_count + column]; };
        std::vector<double> values;
        double mean = 0;
        for (std::size_t row : train)
            if (std::isfinite(at(row))) {
                values.push_back(at(row));
                mean += (at(row) - mean) / static_cast<double>(values.size());
            }
        std::ranges::sort(values);
        auto bins = make_bins(values);
        if (bins.edges.empty()) continue;
        for (std::size_t row = 0; row < p.rows; ++row) {
            const double value = std::isfinite(at(row)) ? at(row) : mean;
            f.code.push_back(static_cast<std::uint8_t>(std::ranges::lower_bound(bins.edges, value) - bins.edges.begin()));
        }
        f.value.push_back(std::move(bins.value));
    }
    f.dense = f.value.size();
}

void index_bits(const Problem& p, std::span<const std::size_t> train, BinnedFeatures& f) {
    const auto word = [&](std::size_t row, std::size_t w) { return p.fingerprints[row * p.fingerprint_words + w]; };
    std::vector<std::uint64_t> any(p.fingerprint_words), every(p.fingerprint_words, ~std::uint64_t{0});
    for (std::size_t row : train)
        for (std::size_t w = 0; w < p.fingerprint_words; ++w) any[w] |= word(row, w), every[w] &= word(row, w);
    std::vector<std::uint32_t> places(p.fingerprint_words * 64);
    for (std::size_t w = 0; w < p.fingerprint_words; ++w)
        for (std::size_t b = 0; b < 64; ++b)
            if (((any[w] & ~every[w]) >> b) & 1) places[w * 64 + b] = static_cast<std::uint32_t>(f.bits++);
    f.words = (f.bits + 63) / 64;
    f.packed.resize(p.rows * f.words);
    for (std::size_t row = 0; row < p.rows; ++row) {
        for (std::size_t w = 0; w < p.fingerprint_words; ++w)
            for (std::uint64_t rest = word(row, w) & any[w] & ~every[w]; rest != 0; rest &= rest - 1) {
                const auto bit = places[w * 64 + static_cast<std::size_t>(std::countr_zero(rest))];
                f.bit_set.push_back(bit);
                f.packed[row * f.words + bit / 64] |= std::uint64_t{1} << (bit % 64);
            }
        f.bit_begin[row + 1] = f.bit_set.size();
    }
}

}  // namespace

BinnedFeatures bin_features(const Problem& p, std::span<const std::size_t> train) {
    BinnedFeatures f;
    f.rows = p.rows;
    f.bit_begin.assign(p.rows + 1, 0);
    bin_dense(p, train, f);
    index_bits(p, train, f);
    return f;
}

}  // namespace molten::baselines

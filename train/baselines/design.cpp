#include "train/baselines/design.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace molten::baselines {
namespace {

constexpr double largest_deviation = 10;

struct Scale {
    std::size_t column;
    double mean, deviation;
};

// Mean and deviation of each descriptor over the training rows where it is finite; constant ones are left out.
std::vector<Scale> scales(const Problem& p, std::span<const std::size_t> train) {
    std::vector<Scale> kept;
    for (std::size_t column = 0; column < p.descriptor_count; ++column) {
        const auto at = [&](std::size_t row) { return p.descriptors[row * p.descriptor_count + column]; };
        double n = 0, mean = 0, squares = 0;  // Welford
        for (std::size_t row : train) {
            if (!std::isfinite(at(row))) continue;
            const double before = at(row) - mean;
            mean += before / ++n;
            squares += before * (at(row) - mean);
        }
        const double deviation = std::sqrt(squares / n);
        if (n > 0 && std::isfinite(deviation) && deviation > 1e-12 * std::abs(mean) && deviation > 0)
            kept.push_back({column, mean, deviation});
    }
    return kept;
}

// Visits the set bits of a row: call(place in the fingerprint).
template <class Call>
void for_each_bit(const Problem& p, std::size_t row, Call call) {
    for (std::size_t w = 0; w < p.fingerprint_words; ++w)
        for (std::uint64_t word = p.fingerprints[row * p.fingerprint_words + w]; word != 0; word &= word - 1)
            call(static_cast<std::uint32_t>(w * 64 + static_cast<std::size_t>(std::countr_zero(word))));
}

void add_bits(const Problem& p, std::span<const std::size_t> train, Design& d) {
    const std::size_t places = p.fingerprint_words * 64;
    std::vector<std::size_t> count(places);
    for (std::size_t row : train) for_each_bit(p, row, [&](std::uint32_t place) { ++count[place]; });
    constexpr std::uint32_t dropped = 0xffffffff;
    std::vector<std::uint32_t> column(places, dropped);
    for (std::size_t place = 0; place < places; ++place) {
        if (count[place] == 0 || count[place] == train.size()) continue;
        column[place] = static_cast<std::uint32_t>(d.bits++);
        d.bit_column.push_back(static_cast<std::uint32_t>(place));
    }
    for (std::size_t row = 0; row < p.rows; ++row) {
        for_each_bit(p, row, [&](std::uint32_t place) {
            if (column[place] != dropped) d.bit_set.push_back(column[place]);
        });
        d.bit_begin[row + 1] = d.bit_set.size();
    }
}

}  // namespace

std::string_view inputs_name(Inputs inputs) {
    switch (inputs) {
        case Inputs::descriptors:
            return "descriptors";
        case Inputs::fingerprints:
            return "fingerprints";
        case Inputs::both:
            return "descriptors and fingerprints";
    }
    return "unknown";
}

std::vector<Inputs> available_inputs(const Problem& p) {
    std::vector<Inputs> inputs;
    if (p.descriptor_count > 0) inputs.push_back(Inputs::descriptors);
    if (p.fingerprint_words > 0) inputs.push_back(Inputs::fingerprints);
    if (inputs.size() == 2) inputs.push_back(Inputs::both);
    return inputs;
}

double Design::dot(std::size_t row, std::span<const double> w) const {
    double sum = 0;
    const auto values = dense_row(row);
    for (std::size_t i = 0; i < dense; ++i) sum += values[i] * w[i];
    for (std::uint32_t bit : bit_row(row)) sum += w[dense + bit];
    return sum;
}

void Design::add(std::size_t row, double scale, std::span<double> w) const {
    const auto values = dense_row(row);
    for (std::size_t i = 0; i < dense; ++i) w[i] += scale * values[i];
    for (std::uint32_t bit : bit_row(row)) w[dense + bit] += scale;
}

Design make_design(const Problem& p, Inputs inputs, std::span<const std::size_t> train) {
    Design d;
    d.rows = p.rows;
    d.bit_begin.assign(p.rows + 1, 0);
    if (inputs != Inputs::fingerprints) {
        const auto kept = scales(p, train);
        d.dense = kept.size();
        d.x.resize(p.rows * d.dense);
        for (std::size_t row = 0; row < p.rows; ++row)
            for (std::size_t i = 0; i < d.dense; ++i) {
                const double value = p.descriptors[row * p.descriptor_count + kept[i].column];
                const double scaled = std::isfinite(value) ? (value - kept[i].mean) / kept[i].deviation : 0;
                d.x[row * d.dense + i] = std::clamp(scaled, -largest_deviation, largest_deviation);
            }
    }
    if (inputs != Inputs::descriptors) add_bits(p, train, d);
    return d;
}

}  // namespace molten::baselines

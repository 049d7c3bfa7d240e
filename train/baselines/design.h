#pragma once
#include "train/baselines/problem.h"

namespace molten::baselines {

enum class Inputs : std::uint8_t { descriptors, fingerprints, both };
std::string_view inputs_name(Inputs);
// What the problem has: one or two of them, or all three.
std::vector<Inputs> available_inputs(const Problem&);

// The inputs of a problem as columns for linear models and trees: first dense ones, standardised by the training rows (mean 0, standard
// deviation 1; not finite -> 0; beyond 10 deviations -> 10), then fingerprint bits as 0 or 1. Columns that are constant on the training
// rows are left out: they can tell nothing.
struct Design {
    std::size_t rows = 0, dense = 0, bits = 0;
    std::vector<double> x;                  // [rows, dense]
    std::vector<std::uint32_t> bit_column;  // [bits] place in the fingerprint
    std::vector<std::uint64_t> bit_begin;   // [rows + 1] into bit_set
    std::vector<std::uint32_t> bit_set;     // per row the bit columns that are 1, rising; 0 ... bits - 1
    std::size_t columns() const { return dense + bits; }
    std::span<const double> dense_row(std::size_t row) const { return {x.data() + row * dense, dense}; }
    std::span<const std::uint32_t> bit_row(std::size_t row) const {
        return {bit_set.data() + bit_begin[row], static_cast<std::size_t>(bit_begin[row + 1] - bit_begin[row])};
    }
    // x_row . w, w [columns].
    double dot(std::size_t row, std::span<const double> w) const;
    // w += scale x_row.
    void add(std::size_t row, double scale, std::span<double> w) const;
};

Design make_design(const Problem&, Inputs, std::span<const std::size_t> train);

}  // namespace molten::baselines

#pragma once
#include "train/baselines/problem.h"
#include "train/baselines/random.h"

// Decision trees on binned features, the part that forests and boosting share. Dense features are cut into at most 256 bins by the
// training rows, exactly when they have no more distinct values; fingerprint bits are counted only where they are set.

namespace molten::baselines {

struct BinnedFeatures {
    std::size_t rows = 0, dense = 0, bits = 0;
    std::vector<std::uint8_t> code;          // [dense, rows] bin of each value
    std::vector<std::vector<double>> value;  // per dense feature a value inside each bin, rising
    std::vector<std::uint64_t> bit_begin;    // [rows + 1] into bit_set
    std::vector<std::uint32_t> bit_set;      // per row the bits that are set, 0 ... bits - 1
    std::vector<std::uint64_t> packed;       // [rows, words] the same bits
    std::size_t words = 0;

    std::size_t count() const { return dense + bits; }
    // Whether a row goes right at a split: bin > threshold, or bit set.
    bool right(std::size_t row, std::uint32_t feature, std::uint8_t threshold) const {
        if (feature < dense) return code[feature * rows + row] > threshold;
        const std::size_t bit = feature - dense;
        return (packed[row * words + bit / 64] >> (bit % 64)) & 1;
    }
};

// Features that are constant on the training rows are left out.
BinnedFeatures bin_features(const Problem&, std::span<const std::size_t> train);

struct TreeOptions {
    std::size_t features_per_node = 0;  // drawn at each node; 0: all
    int max_depth = 0;                  // 0: no limit
    std::size_t min_leaf = 1;           // rows
    double lambda = 0;                  // added to a leaf's weight
    bool random_thresholds = false;     // extra-trees: one threshold per dense feature, uniform between its extremes in the node
};

// What a tree is grown on. A leaf's value is sum / (weight + lambda) over its rows, and splits maximise the gain
//   G = sum_k L_k^2 / (w_L + lambda) + R_k^2 / (w_R + lambda) - (L_k + R_k)^2 / (w_L + w_R + lambda).
// With sum = w y and w the times a row was drawn this is the fall of the squared error (for one-hot y of the Gini index);
// with sum = -gradient and w the second derivative it is the Newton gain of boosting (Chen and Guestrin 2016, eq. 7).
struct TreeData {
    std::size_t outputs = 1;
    std::span<const double> sum;     // [rows, outputs]
    std::span<const double> weight;  // [rows]
};

struct Tree {
    struct Node {
        std::uint32_t feature = 0;
        std::uint8_t threshold = 0;
        std::int32_t left = -1, right = -1;  // -1: a leaf
        std::size_t leaf = 0;                // place of its values
    };
    std::vector<Node> nodes;
    std::vector<double> values;  // [leaves, outputs]

    // The values of the leaf that a row falls into.
    const double* leaf_values(const BinnedFeatures&, std::size_t row, std::size_t outputs) const;
};

// `samples` are the rows to grow on, each once (weights say how often); their order is changed.
Tree grow_tree(const BinnedFeatures&, const TreeData&, std::vector<std::uint32_t>& samples, const TreeOptions&, Random&);

}  // namespace molten::baselines

#pragma once
#include "train/baselines/problem.h"
#include "train/baselines/tanimoto.h"

namespace molten::baselines {

// Similarity-weighted mean of the k nearest references that are measured, per target and column:
//
//   v[q, t] = sum_i s_qi y_it / sum_i s_qi     over the k references i with the largest Tanimoto similarity s_qi among those with y_it
//
// and the plain mean of the k when all similarities are 0. With query_keys = reference_keys a molecule is never its own neighbour:
// this is the retrieval embedding v_knn of MMF (leave-one-out on the training part).
struct KnnValues {
    std::vector<double> value;        // [queries, targets]; 0 where unknown
    std::vector<std::uint8_t> known;  // [queries, targets]; 0 when no allowed reference is measured
    std::vector<double> similarity;   // [queries, targets] of the nearest measured reference; how far the query is from what is known
};

struct KnnArgs {
    BitMatrix queries, references;
    std::span<const double> targets;     // [references, target_count]; NaN = not measured
    std::span<const std::uint8_t> mask;  // [references, target_count], 0 = not measured; empty: only NaN
    std::size_t target_count = 1;
    std::size_t k = 8;
    Exclusion exclusion;
    int threads = 0;
};

// Throws Error(data) when sizes do not fit.
KnnValues knn_values(const KnnArgs&);

// The baseline: k from {1, 3, 5, 8, 16} by the selection rows, training molecules leave themselves out.
void run_knn(const Problem&, Prediction&);

}  // namespace molten::baselines

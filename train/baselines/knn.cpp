#include "train/baselines/knn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/core/error.h"
#include "train/baselines/target.h"

namespace molten::baselines {
namespace {

// Similarity weights of the first k neighbours of a query, summing to 1; empty when it has none.
std::vector<double> weights(const Neighbours& n, std::size_t query, std::size_t k) {
    std::vector<double> w;
    for (std::size_t i = 0; i < k && n.row[query * n.k + i] != no_neighbour; ++i) w.push_back(n.similarity[query * n.k + i]);
    const double sum = std::accumulate(w.begin(), w.end(), 0.0);
    for (double& x : w) x = sum > 0 ? x / sum : 1.0 / static_cast<double>(w.size());
    return w;
}

// Fills values [rows, width] of the target from the k nearest neighbours, whose rows are places in `references`.
void vote(const Problem& p, const Target& target, const Neighbours& n, std::span<const std::size_t> references, std::size_t k,
          std::span<double> values) {
    predict_prior(p, target, values);  // for a row without neighbours: the only training row
    for (std::size_t row = 0; row < p.rows; ++row) {
        const auto w = weights(n, row, k);
        if (w.empty()) continue;
        double* out = values.data() + row * p.width();
        std::fill_n(out, p.width(), 0.0);
        for (std::size_t i = 0; i < w.size(); ++i) {
            const double y = target.y[references[n.row[row * n.k + i]]];
            if (p.task == metrics::Task::multiclass)
                out[static_cast<std::size_t>(y)] += w[i];
            else
                out[0] += w[i] * y;
        }
    }
}

}  // namespace

KnnValues knn_values(const KnnArgs& a) {
    const std::size_t cells = a.references.rows * a.target_count;
    if (a.targets.size() != cells || (!a.mask.empty() && a.mask.size() != cells))
        throw Error(ExitCode::data, fmt::format("{} references with {} targets do not fit {} values and a mask of {}", a.references.rows,
                                                a.target_count, a.targets.size(), a.mask.size()));
    // Targets measured for the same references share a search.
    std::vector<std::size_t> search(a.target_count);
    std::vector<std::vector<std::uint8_t>> allowed;
    for (std::size_t t = 0; t < a.target_count; ++t) {
        std::vector<std::uint8_t> measured(a.references.rows);
        for (std::size_t i = 0; i < a.references.rows; ++i) {
            const std::size_t at = i * a.target_count + t;
            measured[i] = !std::isnan(a.targets[at]) && (a.mask.empty() || a.mask[at] != 0);
        }
        search[t] = static_cast<std::size_t>(std::ranges::find(allowed, measured) - allowed.begin());
        if (search[t] == allowed.size()) allowed.push_back(std::move(measured));
    }
    const auto neighbours = nearest_neighbours(a.queries, a.references, a.k, a.exclusion, allowed, a.threads);
    KnnValues result;
    result.value.resize(a.queries.rows * a.target_count);
    result.known.resize(result.value.size());
    result.similarity.resize(result.value.size());
    for (std::size_t query = 0; query < a.queries.rows; ++query)
        for (std::size_t t = 0; t < a.target_count; ++t) {
            const auto& n = neighbours[search[t]];
            const auto w = weights(n, query, a.k);
            const std::size_t at = query * a.target_count + t;
            result.known[at] = !w.empty();
            result.similarity[at] = n.similarity[query * n.k];
            for (std::size_t i = 0; i < w.size(); ++i) result.value[at] += w[i] * a.targets[n.row[query * n.k + i] * a.target_count + t];
        }
    return result;
}

void run_knn(const Problem& p, Prediction& prediction) {
    constexpr std::array<std::size_t, 5> choices{1, 3, 5, 8, 16};
    std::vector<std::int64_t> keys(p.keys.begin(), p.keys.end());
    if (keys.empty()) {
        keys.resize(p.rows);
        std::iota(keys.begin(), keys.end(), 0);
    }
    // Targets with the same training rows share a search; most often that is all of them.
    std::vector<std::size_t> references;
    Neighbours neighbours;
    for_each_target(p, prediction, [&](const Target& target, std::span<double> values) {
        if (target.train != references) {
            references = target.train;
            const auto packed = gather_fingerprints(p, references);
            std::vector<std::int64_t> reference_keys;
            for (std::size_t row : references) reference_keys.push_back(keys[row]);
            neighbours = nearest_neighbours({p.fingerprints.data(), p.rows, p.fingerprint_words},
                                            {packed.data(), references.size(), p.fingerprint_words}, choices.back(), {keys, reference_keys},
                                            p.threads);
        }
        // Leaving a training molecule out of its own neighbours makes every training row a fair judge of k when there is no other.
        const auto& judges = target.held_out || target.selection.empty() ? target.train : target.selection;
        std::size_t best_k = choices[0];
        double best = std::numeric_limits<double>::infinity();
        for (std::size_t k : choices) {
            vote(p, target, neighbours, references, k, values);
            const double loss = selection_loss(p, target, judges, values);
            if (loss < best) best = loss, best_k = k;
        }
        vote(p, target, neighbours, references, best_k, values);
        return fmt::format("k={}", best_k);
    });
}

}  // namespace molten::baselines

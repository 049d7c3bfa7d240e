#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "chem/descriptors/context.h"

namespace molten::chem::descriptors {

// Intermediates behind Context.
std::vector<double> shortest_paths(const Graph& graph);
std::vector<double> shortest_weighted_paths(const Graph& graph);
std::vector<double> estate_indices(const Graph& graph, const std::vector<double>& distances);
Crippen crippen_contributions(const Context& context);

// Adds value[i] to the bin of key[i]; bin b holds keys in [edges[b - 1], edges[b]). Returns edges.size() + 1 sums.
std::vector<double> binned_sums(std::span<const double> keys, std::span<const double> values, std::span<const double> edges);

// RDKit's strict rotatable bonds, hydrogen bond acceptors and donors.
struct BondingCounts {
    int rotatable_bonds = 0, acceptors = 0, donors = 0;
};
BondingCounts bonding_counts(const Graph& graph);

// Descriptors that are computed together. `compute` writes one value per name; if it throws, all of them are NaN.
struct Subject {
    std::vector<std::string_view> names;
    void (*compute)(Context& context, std::span<double> values);
};

// One entry per group of descriptors; together they give each of names() once.
std::vector<Subject> estate_subjects();
std::vector<Subject> topology_subjects();
std::vector<Subject> connectivity_subjects();
std::vector<Subject> surface_area_subjects();
std::vector<Subject> charge_subjects();
std::vector<Subject> burden_subjects();
std::vector<Subject> crippen_subjects();
std::vector<Subject> count_subjects();
std::vector<Subject> weight_subjects();
std::vector<Subject> fragment_subjects();
std::vector<Subject> qed_subjects();
std::vector<Subject> fingerprint_density_subjects();

}  // namespace molten::chem::descriptors

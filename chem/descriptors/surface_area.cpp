// Approximate surface areas binned by an atomic property: Labute, J. Mol. Graph. Model. 18 (2000) 464.
#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/GraphMol.h>

#include <algorithm>
#include <array>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

void total_areas(Context& context, std::span<double> values) {
    values[0] = RDKit::Descriptors::calcLabuteASA(context.molecule());
    values[1] = RDKit::Descriptors::calcTPSA(context.molecule());
}

void by_charge(Context& context, std::span<double> values) {
    constexpr std::array edges{-.3, -.25, -.20, -.15, -.10, -.05, 0., .05, .10, .15, .20, .25, .30};
    std::ranges::copy(binned_sums(context.gasteiger_charges(), context.labute_volumes(), edges), values.begin());
}

void by_refractivity(Context& context, std::span<double> values) {
    constexpr std::array edges{1.29, 1.82, 2.24, 2.45, 2.75, 3.05, 3.63, 3.8, 4.0};
    std::ranges::copy(binned_sums(context.crippen().refractivity, context.labute_volumes(), edges), values.begin());
}

void by_log_p(Context& context, std::span<double> values) {
    constexpr std::array edges{-0.4, -0.2, 0., 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6};
    std::ranges::copy(binned_sums(context.crippen().log_p, context.labute_volumes(), edges), values.begin());
}

}  // namespace

std::vector<double> binned_sums(std::span<const double> keys, std::span<const double> values, std::span<const double> edges) {
    std::vector<double> sums(edges.size() + 1, 0.0);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        // A NaN key is below no edge and lands in the last bin, as in RDKit.
        sums[std::upper_bound(edges.begin(), edges.end(), keys[i]) - edges.begin()] += values[i];
    }
    return sums;
}

std::vector<Subject> surface_area_subjects() {
    return {{{"LabuteASA", "TPSA"}, total_areas},
            {{"PEOE_VSA1", "PEOE_VSA2", "PEOE_VSA3", "PEOE_VSA4", "PEOE_VSA5", "PEOE_VSA6", "PEOE_VSA7", "PEOE_VSA8", "PEOE_VSA9",
              "PEOE_VSA10", "PEOE_VSA11", "PEOE_VSA12", "PEOE_VSA13", "PEOE_VSA14"},
             by_charge},
            {{"SMR_VSA1", "SMR_VSA2", "SMR_VSA3", "SMR_VSA4", "SMR_VSA5", "SMR_VSA6", "SMR_VSA7", "SMR_VSA8", "SMR_VSA9", "SMR_VSA10"},
             by_refractivity},
            {{"SlogP_VSA1", "SlogP_VSA2", "SlogP_VSA3", "SlogP_VSA4", "SlogP_VSA5", "SlogP_VSA6", "SlogP_VSA7", "SlogP_VSA8", "SlogP_VSA9",
              "SlogP_VSA10", "SlogP_VSA11", "SlogP_VSA12"},
             by_log_p}};
}

}  // namespace molten::chem::descriptors

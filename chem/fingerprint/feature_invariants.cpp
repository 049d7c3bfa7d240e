#include "chem/fingerprint/feature_invariants.h"

#include <GraphMol/Fingerprints/FingerprintUtil.h>

#include <bit>
#include <string_view>

#include "chem/descriptors/pattern_set.h"

namespace molten::chem {
namespace {

const descriptors::PatternSet& patterns() {
    static const descriptors::PatternSet set = [] {
        const auto& smarts = RDKit::MorganFingerprints::defaultFeatureSmarts;
        const std::vector<std::string_view> views(smarts.begin(), smarts.end());
        return descriptors::PatternSet(views);
    }();
    return set;
}

}  // namespace

std::vector<std::uint32_t> feature_invariants(const descriptors::Graph& graph) {
    std::vector<std::uint32_t> masks(static_cast<std::size_t>(graph.atoms));
    descriptors::Matcher matcher(patterns(), graph);
    for (int pattern = 0; pattern < patterns().size(); ++pattern) {
        const auto roots = matcher.roots(pattern);
        for (std::size_t w = 0; w < roots.size(); ++w) {
            for (std::uint64_t bits = roots[w]; bits != 0; bits &= bits - 1) {
                masks[64 * w + static_cast<std::size_t>(std::countr_zero(bits))] |= std::uint32_t{1} << pattern;
            }
        }
    }
    return masks;
}

}  // namespace molten::chem

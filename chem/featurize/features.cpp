#include "chem/featurize/features.h"

#include <new>
#include <stdexcept>

#include "chem/descriptors/descriptors.h"
#include "chem/molecule/molecule.h"
#include "chem/scaffold/scaffold.h"

namespace molten::chem {
namespace {

Features refused(Reason reason, std::string message) {
    Features features;
    features.reason = reason;
    features.message = std::move(message);
    return features;
}

Features compute(const Molecule& molecule, const FeatureRequest& request) {
    Features features;
    features.heavy_atoms = heavy_atoms(molecule);
    if (request.canonical) features.canonical = canonical_smiles(molecule);
    if (request.key) features.key = canonical_key(molecule);
    if (request.formula) features.formula = molecular_formula(molecule);
    if (request.scaffold) features.scaffold = murcko_scaffold(molecule);
    if (request.graph) features.graph = build_graph(molecule, request.graph_options);
    for (const FingerprintOptions& options : request.fingerprints) {
        const std::vector<float> dense = fingerprint(molecule, options);
        features.fingerprint.insert(features.fingerprint.end(), dense.begin(), dense.end());
    }
    if (request.descriptors) features.descriptors = descriptors::calculate(molecule);
    return features;
}

}  // namespace

int fingerprint_width(const FeatureRequest& request) {
    int width = 0;
    for (const FingerprintOptions& options : request.fingerprints) width += fingerprint_width(options);
    return width;
}

Features featurize(std::string_view text, const FeatureRequest& request) {
    try {
        const Parsed parsed =
            request.format == InputFormat::smiles ? parse_smiles(text, request.limits) : parse_molblock(text, request.limits);
        if (!parsed) return refused(parsed.verdict.reason, parsed.verdict.message);
        return compute(parsed.molecule, request);
    } catch (const std::bad_alloc&) {
        return refused(Reason::memory, "out of memory");
    } catch (const std::invalid_argument&) {
        throw;
    } catch (const std::exception& e) {
        return refused(Reason::rdkit_error, e.what());
    }
}

}  // namespace molten::chem

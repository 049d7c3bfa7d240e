#include "chem/graph/graph.h"

#include <GraphMol/MolOps.h>
#include <GraphMol/ROMol.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "chem/graph/columns.h"
#include "chem/molecule/rdkit_molecule.h"

namespace molten::chem {
namespace {

constexpr std::array<std::string_view, 3> set_names = {"canonical", "qm9", "molten"};

const std::vector<columns::NodeBlock>& node_blocks(FeatureSet features) {
    switch (features) {
        case FeatureSet::canonical:
            return columns::canonical_nodes();
        case FeatureSet::qm9:
            return columns::qm9_nodes();
        case FeatureSet::molten:
            break;
    }
    return columns::molten_nodes();
}

const std::vector<columns::BondBlock>& bond_blocks(FeatureSet features) {
    switch (features) {
        case FeatureSet::canonical:
            return columns::canonical_bonds();
        case FeatureSet::qm9:
            return columns::qm9_bonds();
        case FeatureSet::molten:
            break;
    }
    return columns::molten_bonds();
}

template <typename Blocks>
std::vector<std::string> joined_names(const Blocks& blocks) {
    std::vector<std::string> names;
    for (const auto& block : blocks) names.insert(names.end(), block.names.begin(), block.names.end());
    return names;
}

template <typename Blocks, typename Item>
void fill_row(const Blocks& blocks, const columns::Context& context, const Item& item, float* out) {
    for (const auto& block : blocks) {
        block.fill(context, item, out);
        out += block.names.size();
    }
}

float bond_order(const RDKit::Bond& bond) {
    switch (bond.getBondType()) {
        case RDKit::Bond::DATIVE:
        case RDKit::Bond::DATIVEONE:
        case RDKit::Bond::DATIVEL:
        case RDKit::Bond::DATIVER:
            return 1;
        default:
            return static_cast<float>(bond.getBondTypeAsDouble());
    }
}

}  // namespace

Graph build_graph(const Molecule& handle, const GraphOptions& options) {
    std::unique_ptr<RDKit::ROMol> with_hydrogens;
    if (options.explicit_h) with_hydrogens.reset(RDKit::MolOps::addHs(rdkit(handle)));
    const RDKit::ROMol& molecule = options.explicit_h ? *with_hydrogens : rdkit(handle);

    columns::AtomProperties properties;
    const bool needs_properties = options.features == FeatureSet::molten;
    if (needs_properties) properties = columns::atom_properties(molecule);
    const columns::Context context{molecule, needs_properties ? &properties : nullptr};

    Graph graph;
    graph.atoms = static_cast<int>(molecule.getNumAtoms());
    graph.bonds = static_cast<int>(molecule.getNumBonds());
    graph.node_width = static_cast<int>(node_feature_names(options.features).size());
    graph.bond_width = static_cast<int>(bond_feature_names(options.features).size());
    graph.node_features.resize(static_cast<std::size_t>(graph.atoms) * static_cast<std::size_t>(graph.node_width));
    graph.bond_features.resize(static_cast<std::size_t>(graph.bonds) * static_cast<std::size_t>(graph.bond_width));

    float* row = graph.node_features.data();
    for (const auto* atom : molecule.atoms()) {
        fill_row(node_blocks(options.features), context, *atom, row);
        row += graph.node_width;
    }
    row = graph.bond_features.data();
    for (const auto* bond : molecule.bonds()) {
        graph.bond_begin.push_back(static_cast<int>(bond->getBeginAtomIdx()));
        graph.bond_end.push_back(static_cast<int>(bond->getEndAtomIdx()));
        graph.bond_order.push_back(bond_order(*bond));
        fill_row(bond_blocks(options.features), context, *bond, row);
        row += graph.bond_width;
    }
    return graph;
}

const std::vector<std::string>& node_feature_names(FeatureSet features) {
    static const std::array<std::vector<std::string>, 3> names = {
        joined_names(columns::canonical_nodes()), joined_names(columns::qm9_nodes()), joined_names(columns::molten_nodes())};
    return names.at(static_cast<std::size_t>(features));
}

const std::vector<std::string>& bond_feature_names(FeatureSet features) {
    static const std::array<std::vector<std::string>, 3> names = {
        joined_names(columns::canonical_bonds()), joined_names(columns::qm9_bonds()), joined_names(columns::molten_bonds())};
    return names.at(static_cast<std::size_t>(features));
}

std::string_view feature_set_name(FeatureSet features) { return set_names.at(static_cast<std::size_t>(features)); }

FeatureSet feature_set(std::string_view name) {
    for (std::size_t i = 0; i < set_names.size(); ++i) {
        if (set_names[i] == name) return static_cast<FeatureSet>(i);
    }
    throw std::invalid_argument(fmt::format("no feature set is called '{}'; there are {}", name, fmt::join(set_names, ", ")));
}

std::vector<std::string> columns::numbered(const std::string& prefix, int first, int last) {
    std::vector<std::string> names;
    for (int i = first; i <= last; ++i) names.push_back(prefix + "_" + std::to_string(i));
    return names;
}

}  // namespace molten::chem

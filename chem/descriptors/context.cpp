#include "chem/descriptors/context.h"

#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/GraphMol.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/PartialCharges/GasteigerCharges.h>
#include <RDGeneral/Exceptions.h>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

constexpr int gasteiger_iterations = 12;

}  // namespace

Context::Context(const RDKit::ROMol& molecule) : graph_(molecule) {}
Context::~Context() = default;

bool Context::has_hydrogen_atoms() const {
    for (const RDKit::Atom* atom : molecule().atoms()) {
        if (atom->getAtomicNum() == 1) return true;
    }
    return false;
}

Context& Context::without_hydrogens() {
    if (!has_hydrogen_atoms()) return *this;
    if (!without_hydrogens_) {
        stripped_.reset(RDKit::MolOps::removeHs(molecule()));
        without_hydrogens_ = std::make_unique<Context>(*stripped_);
    }
    return *without_hydrogens_;
}

const std::vector<double>& Context::distances() {
    if (!distances_) distances_ = shortest_paths(graph_);
    return *distances_;
}

const std::vector<double>& Context::weighted_distances() {
    if (!weighted_distances_) weighted_distances_ = shortest_weighted_paths(graph_);
    return *weighted_distances_;
}

const std::vector<double>& Context::estate_indices() {
    if (!estate_indices_) estate_indices_ = descriptors::estate_indices(graph_, distances());
    return *estate_indices_;
}

const std::vector<double>& Context::labute_volumes() {
    if (!labute_volumes_) {
        std::vector<double> volumes(graph_.atoms);
        double hydrogens = 0.0;
        RDKit::Descriptors::getLabuteAtomContribs(molecule(), volumes, hydrogens);
        labute_volumes_ = std::move(volumes);
    }
    return *labute_volumes_;
}

const std::vector<double>& Context::gasteiger_charges() {
    if (!gasteiger_charges_) {
        std::vector<double> charges(graph_.atoms);
        try {
            RDKit::computeGasteigerCharges(molecule(), charges, gasteiger_iterations, true);
        } catch (const ValueErrorException&) {
            gasteiger_complete_ = false;
            RDKit::computeGasteigerCharges(molecule(), charges, gasteiger_iterations, false);
        }
        gasteiger_charges_ = std::move(charges);
    }
    return *gasteiger_charges_;
}

bool Context::gasteiger_complete() {
    gasteiger_charges();
    return gasteiger_complete_;
}

const Crippen& Context::crippen() {
    if (!crippen_) crippen_ = crippen_contributions(*this);
    return *crippen_;
}

}  // namespace molten::chem::descriptors

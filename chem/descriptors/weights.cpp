#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/GraphMol.h>
#include <GraphMol/PeriodicTable.h>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

void weights(Context& context, std::span<double> values) {
    values[0] = RDKit::Descriptors::calcAMW(context.molecule());
    values[1] = RDKit::Descriptors::calcAMW(context.molecule(), true);
    values[2] = RDKit::Descriptors::calcExactMW(context.molecule());
}

void electrons(Context& context, std::span<double> values) {
    const RDKit::PeriodicTable* table = RDKit::PeriodicTable::getTable();
    int valence = 0, radical = 0;
    for (const RDKit::Atom* atom : context.molecule().atoms()) {
        valence += table->getNouterElecs(atom->getAtomicNum()) - atom->getFormalCharge() + static_cast<int>(atom->getTotalNumHs());
        radical += static_cast<int>(atom->getNumRadicalElectrons());
    }
    values[0] = valence;
    values[1] = radical;
}

}  // namespace

std::vector<Subject> weight_subjects() {
    return {{{"MolWt", "HeavyAtomMolWt", "ExactMolWt"}, weights}, {{"NumValenceElectrons", "NumRadicalElectrons"}, electrons}};
}

}  // namespace molten::chem::descriptors

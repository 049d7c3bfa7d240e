// Gasteiger-Marsili partial charges: Tetrahedron 36 (1980) 3219.
#include <algorithm>
#include <cmath>

#include "chem/descriptors/subjects.h"

namespace molten::chem::descriptors {
namespace {

// An element without parameters has the charge NaN. RDKit keeps the running extreme only if it compares as better, so a NaN is
// replaced by the next atom's charge and survives only at the end; that is reproduced here.
void extremes(Context& context, std::span<double> values) {
    double low = 500.0, high = -500.0;
    for (const double charge : context.gasteiger_charges()) {
        low = low < charge ? low : charge;
        high = high > charge ? high : charge;
    }
    const double abs_low = std::abs(low), abs_high = std::abs(high);
    values[0] = high;
    values[1] = low;
    values[2] = abs_high > abs_low ? abs_high : abs_low;
    values[3] = abs_high < abs_low ? abs_high : abs_low;
}

}  // namespace

std::vector<Subject> charge_subjects() {
    return {{{"MaxPartialCharge", "MinPartialCharge", "MaxAbsPartialCharge", "MinAbsPartialCharge"}, extremes}};
}

}  // namespace molten::chem::descriptors

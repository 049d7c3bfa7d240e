#include "chem/descriptors/descriptors.h"

#include <GraphMol/GraphMol.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "chem/descriptors/names.h"
#include "chem/descriptors/subjects.h"
#include "chem/molecule/rdkit_molecule.h"

namespace molten::chem::descriptors {
namespace {

// Where a descriptor comes from.
struct Source {
    std::size_t subject, position;
};

struct Registry {
    std::vector<Subject> subjects;
    std::unordered_map<std::string_view, Source> sources;
};

const Registry& registry() {
    static const Registry instance = [] {
        Registry result;
        for (const auto& collect :
             {estate_subjects, topology_subjects, connectivity_subjects, surface_area_subjects, charge_subjects, burden_subjects,
              crippen_subjects, count_subjects, weight_subjects, fragment_subjects, qed_subjects, fingerprint_density_subjects}) {
            for (Subject& subject : collect()) result.subjects.push_back(std::move(subject));
        }
        for (std::size_t s = 0; s < result.subjects.size(); ++s) {
            for (std::size_t i = 0; i < result.subjects[s].names.size(); ++i) result.sources[result.subjects[s].names[i]] = {s, i};
        }
        return result;
    }();
    return instance;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

Source source_of(std::string_view name) {
    const auto& sources = registry().sources;
    if (const auto found = sources.find(name); found != sources.end()) return found->second;
    const auto nearest = std::ranges::min_element(descriptor_names, {}, [&](std::string_view known) { return edit_distance(name, known); });
    throw std::invalid_argument(fmt::format("unknown descriptor '{}': did you mean '{}'?", name, *nearest));
}

std::vector<double> compute(const Subject& subject, Context& context) {
    std::vector<double> values(subject.names.size());
    try {
        subject.compute(context, values);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception&) {
        std::ranges::fill(values, std::numeric_limits<double>::quiet_NaN());
    }
    return values;
}

}  // namespace

std::span<const std::string_view> names() { return descriptor_names; }

std::vector<double> calculate(const Molecule& molecule, std::span<const std::string_view> wanted) {
    std::vector<Source> sources;
    sources.reserve(wanted.size());
    std::ranges::transform(wanted, std::back_inserter(sources), source_of);
    Context context(rdkit(molecule));
    std::vector<std::vector<double>> values(registry().subjects.size());
    std::vector<double> result;
    result.reserve(sources.size());
    for (const Source& source : sources) {
        std::vector<double>& computed = values[source.subject];
        if (computed.empty()) computed = compute(registry().subjects[source.subject], context);
        result.push_back(computed[source.position]);
    }
    return result;
}

std::vector<double> calculate(const Molecule& molecule) { return calculate(molecule, names()); }

}  // namespace molten::chem::descriptors

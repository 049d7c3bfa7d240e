#include <GraphMol/GraphMol.h>
#include <GraphMol/Substruct/SubstructMatch.h>

#include <algorithm>
#include <bit>

#include "chem/descriptors/pattern_set.h"

namespace molten::chem::descriptors {
namespace {

constexpr int match_limit = 1000;  // RDKit stops collecting here

bool bit(const std::uint64_t* bits, int index) { return bits[index >> 6] >> (index & 63) & 1; }
void set_bit(std::uint64_t* bits, int index) { bits[index >> 6] |= std::uint64_t{1} << (index & 63); }

int population(std::span<const std::uint64_t> bits) {
    int total = 0;
    for (const std::uint64_t word : bits) total += std::popcount(word);
    return total;
}

}  // namespace

// State of one depth-first search: the atom each step is mapped to, and what is to be gathered.
struct Matcher::Search {
    const PatternSet::Pattern& pattern;
    bool first_only;
    std::vector<int> image;
    std::vector<std::uint8_t> taken;
    int found = 0;
    std::vector<std::vector<std::uint64_t>> atom_sets;
    std::size_t words;
};

Matcher::Matcher(const PatternSet& set, const Graph& graph)
    : set_(set),
      graph_(graph),
      atom_words_((graph.atoms + 63) / 64),
      bond_words_((graph.bonds + 63) / 64),
      atom_bits_(set.tests_.size() * atom_words_),
      bond_bits_(set.bond_tests_.size() * bond_words_),
      root_bits_(set.patterns_.size() * atom_words_),
      atom_known_(set.tests_.size()),
      bond_known_(set.bond_tests_.size()),
      root_known_(set.patterns_.size()) {}

const std::uint64_t* Matcher::atoms_of(int test) {
    std::uint64_t* bits = atom_bits_.data() + test * atom_words_;
    if (!atom_known_[test]) {
        fill(test, bits);
        atom_known_[test] = 1;
    }
    return bits;
}

void Matcher::fill(int index, std::uint64_t* bits) {
    const PatternSet::Test& test = set_.tests_[index];
    if (test.kind == PatternSet::Kind::leaf) {
        for (int atom = 0; atom < graph_.atoms; ++atom) {
            if (test.query->Match(graph_.molecule.getAtomWithIdx(atom))) set_bit(bits, atom);
        }
        return;
    }
    if (test.kind == PatternSet::Kind::recursive) {
        const auto found = roots(test.pattern);
        std::copy(found.begin(), found.end(), bits);
    } else {
        const bool all = test.kind == PatternSet::Kind::all;
        std::fill_n(bits, atom_words_, all ? ~std::uint64_t{0} : 0);
        for (const int child : test.children) {
            const std::uint64_t* other = atoms_of(child);
            for (std::size_t w = 0; w < atom_words_; ++w) bits[w] = all ? bits[w] & other[w] : bits[w] | other[w];
        }
    }
    if (test.negated) {
        for (std::size_t w = 0; w < atom_words_; ++w) bits[w] = ~bits[w];
    }
    if (graph_.atoms % 64) bits[atom_words_ - 1] &= (std::uint64_t{1} << (graph_.atoms % 64)) - 1;
}

const std::uint64_t* Matcher::bonds_of(int test) {
    std::uint64_t* bits = bond_bits_.data() + test * bond_words_;
    if (!bond_known_[test]) {
        for (int bond = 0; bond < graph_.bonds; ++bond) {
            if (set_.bond_tests_[test]->Match(graph_.bond_handles[bond])) set_bit(bits, bond);
        }
        bond_known_[test] = 1;
    }
    return bits;
}

bool Matcher::possible(const PatternSet::Pattern& pattern) {
    return std::all_of(pattern.steps.begin(), pattern.steps.end(), [&](const PatternSet::Step& step) {
        const std::uint64_t* bits = atoms_of(step.test);
        return std::any_of(bits, bits + atom_words_, [](std::uint64_t word) { return word != 0; });
    });
}

// Tries `atom` for the step at `depth` and goes on; true: the search is over.
bool Matcher::place(Search& search, std::size_t depth, int atom) {
    if (search.taken[atom]) return false;
    const PatternSet::Step& step = search.pattern.steps[depth];
    if (!bit(atoms_of(step.test), atom)) return false;
    for (const PatternSet::Closure& closure : step.closures) {
        const auto around = graph_.neighbors(search.image[closure.step]);
        const auto hit = std::find_if(around.begin(), around.end(), [&](const Graph::Neighbor& n) { return n.atom == atom; });
        if (hit == around.end() || !bit(bonds_of(closure.bond_test), hit->bond)) return false;
    }
    search.image[depth] = atom;
    search.taken[atom] = 1;
    const bool done = extend(search, depth + 1);
    search.taken[atom] = 0;
    return done;
}

bool Matcher::extend(Search& search, std::size_t depth) {
    if (depth == search.pattern.steps.size()) {
        if (search.first_only) return true;
        std::vector<std::uint64_t> atom_set(search.words);
        for (const int atom : search.image) set_bit(atom_set.data(), atom);
        search.atom_sets.push_back(std::move(atom_set));
        return ++search.found >= match_limit;
    }
    const PatternSet::Step& step = search.pattern.steps[depth];
    if (step.parent < 0) {
        for (int atom = 0; atom < graph_.atoms; ++atom) {
            if (place(search, depth, atom)) return true;
        }
        return false;
    }
    const std::uint64_t* bonds = bonds_of(step.bond_test);
    for (const Graph::Neighbor& neighbor : graph_.neighbors(search.image[step.parent])) {
        if (bit(bonds, neighbor.bond) && place(search, depth, neighbor.atom)) return true;
    }
    return false;
}

bool Matcher::matches(int index) {
    const PatternSet::Pattern& pattern = set_.patterns_[index];
    if (!possible(pattern)) return false;
    if (pattern.steps.size() == 1) return true;
    Search search{pattern, true, std::vector<int>(pattern.steps.size()), std::vector<std::uint8_t>(graph_.atoms), 0, {}, atom_words_};
    return extend(search, 0);
}

int Matcher::count(int index) {
    const PatternSet::Pattern& pattern = set_.patterns_[index];
    if (!possible(pattern)) return 0;
    Search search{pattern, false, std::vector<int>(pattern.steps.size()), std::vector<std::uint8_t>(graph_.atoms), 0, {}, atom_words_};
    extend(search, 0);
    if (search.found >= match_limit) {
        RDKit::SubstructMatchParameters capped;
        capped.maxMatches = match_limit;
        return static_cast<int>(RDKit::SubstructMatch(graph_.molecule, *pattern.source, capped).size());
    }
    std::sort(search.atom_sets.begin(), search.atom_sets.end());
    return static_cast<int>(std::unique(search.atom_sets.begin(), search.atom_sets.end()) - search.atom_sets.begin());
}

std::span<const std::uint64_t> Matcher::roots(int index) {
    std::uint64_t* bits = root_bits_.data() + index * atom_words_;
    const std::span<const std::uint64_t> result(bits, atom_words_);
    if (root_known_[index]) return result;
    root_known_[index] = 1;
    const PatternSet::Pattern& pattern = set_.patterns_[index];
    if (!possible(pattern)) return result;
    const std::uint64_t* candidates = atoms_of(pattern.steps[0].test);
    if (pattern.steps.size() == 1) {
        std::copy_n(candidates, atom_words_, bits);
        return result;
    }
    Search search{pattern, true, std::vector<int>(pattern.steps.size()), std::vector<std::uint8_t>(graph_.atoms), 0, {}, atom_words_};
    for (int atom = 0; atom < graph_.atoms; ++atom) {
        if (bit(candidates, atom) && place(search, 0, atom)) set_bit(bits, atom);
    }
    return result;
}

int Matcher::root_count(int pattern) { return population(roots(pattern)); }

}  // namespace molten::chem::descriptors

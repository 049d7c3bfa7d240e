#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chem/descriptors/graph.h"

namespace RDKit {
class Atom;
class Bond;
}  // namespace RDKit
namespace Queries {
template <class MatchArgument, class DataArgument, bool convert>
class Query;
}

namespace molten::chem::descriptors {

using AtomQuery = Queries::Query<int, const RDKit::Atom*, true>;
using BondQuery = Queries::Query<int, const RDKit::Bond*, true>;

// Many SMARTS compiled together. RDKit parses them and decides whether one atom or bond fits one test; equal tests of different
// patterns are evaluated once a molecule, recursive ones included. Immutable after construction, so threads may share a set.
class PatternSet {
  public:
    // Throws std::logic_error for text that is not SMARTS: the tables are ours.
    explicit PatternSet(std::span<const std::string_view> smarts);
    int size() const { return pattern_count_; }

  private:
    friend class Matcher;
    enum class Kind : std::uint8_t { leaf, all, any, recursive };
    struct Test {
        Kind kind = Kind::leaf;
        bool negated = false;
        const AtomQuery* query = nullptr;  // leaf
        std::vector<int> children;         // all, any: tests
        int pattern = -1;                  // recursive
    };
    struct Closure {
        int step = 0;
        int bond_test = 0;
    };
    // One atom of a pattern: fits `test` and hangs on the atom of step `parent` (-1: starts a component).
    struct Step {
        int test = 0;
        int parent = -1;
        int bond_test = 0;
        std::vector<Closure> closures;
    };
    struct Pattern {
        std::vector<Step> steps;
        const RDKit::ROMol* source = nullptr;
    };

    int compile(const RDKit::ROMol& query);
    int compile_atom(const AtomQuery& query);
    int compile_bond(const BondQuery& query);

    std::vector<std::shared_ptr<const RDKit::ROMol>> sources_;
    std::vector<Test> tests_;
    std::vector<const BondQuery*> bond_tests_;
    std::vector<Pattern> patterns_;  // the given ones first
    int pattern_count_ = 0;
    std::unordered_map<std::string, int> test_of_key_, bond_test_of_key_, pattern_of_key_;
};

// One molecule against a set, with RDKit's meaning of a substructure match (no chirality).
class Matcher {
  public:
    Matcher(const PatternSet& set, const Graph& graph);

    bool matches(int pattern);
    // Matches with distinct atom sets; from 1,000 matches on RDKit's own (capped) count is returned.
    int count(int pattern);
    // Atoms that the first atom of the pattern can match, as a bit set of `words()` words.
    std::span<const std::uint64_t> roots(int pattern);
    // The same atoms, for a pattern of one atom their number equals count().
    int root_count(int pattern);

  private:
    struct Search;
    const std::uint64_t* atoms_of(int test);
    const std::uint64_t* bonds_of(int bond_test);
    void fill(int test, std::uint64_t* bits);
    bool possible(const PatternSet::Pattern& pattern);
    bool extend(Search& search, std::size_t depth);
    bool place(Search& search, std::size_t depth, int atom);

    const PatternSet& set_;
    const Graph& graph_;
    std::size_t atom_words_, bond_words_;
    std::vector<std::uint64_t> atom_bits_, bond_bits_, root_bits_;
    std::vector<std::uint8_t> atom_known_, bond_known_, root_known_;
};

}  // namespace molten::chem::descriptors

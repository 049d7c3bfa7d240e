// First, or QueryOps.h lays out RecursiveStructureQuery differently from the library.
// clang-format off
#include <RDGeneral/RDConfig.h>
// clang-format on

#include "chem/descriptors/pattern_set.h"

#include <GraphMol/GraphMol.h>
#include <GraphMol/QueryOps.h>
#include <GraphMol/SmilesParse/SmilesParse.h>
#include <fmt/core.h>

#include <stdexcept>

namespace molten::chem::descriptors {
namespace {

std::string describe(const BondQuery& query) {
    if (query.beginChildren() == query.endChildren()) return query.getFullDescription();
    std::string text = (query.getNegation() ? "!" : "") + query.getDescription() + "(";
    for (auto child = query.beginChildren(); child != query.endChildren(); ++child) text += describe(**child) + ";";
    return text + ")";
}

template <typename Value>
int intern(std::unordered_map<std::string, int>& table, const std::string& key, std::vector<Value>& values, Value value) {
    const auto [entry, fresh] = table.emplace(key, static_cast<int>(values.size()));
    if (fresh) values.push_back(std::move(value));
    return entry->second;
}

}  // namespace

PatternSet::PatternSet(std::span<const std::string_view> smarts) {
    std::vector<int> given;
    for (const std::string_view text : smarts) {
        std::shared_ptr<const RDKit::ROMol> query(RDKit::SmartsToMol(std::string(text)));
        if (!query) throw std::logic_error("not SMARTS: " + std::string(text));
        sources_.push_back(std::move(query));
        given.push_back(compile(*sources_.back()));
    }
    // Patterns may share recursive parts with, or equal, earlier ones: a copy in front makes pattern i the i-th text.
    const int shift = static_cast<int>(given.size());
    std::vector<Pattern> ordered;
    for (const int index : given) ordered.push_back(patterns_[index]);
    ordered.insert(ordered.end(), patterns_.begin(), patterns_.end());
    patterns_ = std::move(ordered);
    for (Test& test : tests_) {
        if (test.kind == Kind::recursive) test.pattern += shift;
    }
    pattern_count_ = shift;
}

int PatternSet::compile(const RDKit::ROMol& query) {
    Pattern pattern;
    pattern.source = &query;
    std::string key;
    const int count = static_cast<int>(query.getNumAtoms());
    std::vector<int> step_of(count, -1);
    std::vector<int> order;
    const auto append = [&](int atom, int parent, int bond_test) {
        const RDKit::Atom* source = query.getAtomWithIdx(atom);
        if (!source->hasQuery()) throw std::logic_error("SMARTS atom without a query");
        Step step{compile_atom(*source->getQuery()), parent, bond_test, {}};
        step_of[atom] = static_cast<int>(order.size());
        order.push_back(atom);
        key += fmt::format("/{}@{}:{}", step.test, parent, bond_test);
        pattern.steps.push_back(std::move(step));
    };
    const auto test_of = [&](const RDKit::Bond& bond) {
        if (!bond.hasQuery()) throw std::logic_error("SMARTS bond without a query");
        return compile_bond(*bond.getQuery());
    };
    std::vector<bool> used(query.getNumBonds(), false);
    for (int start = 0; start < count; ++start) {
        if (step_of[start] >= 0) continue;
        append(start, -1, 0);
        for (std::size_t next = step_of[start]; next < order.size(); ++next) {
            const RDKit::Atom* atom = query.getAtomWithIdx(order[next]);
            for (const RDKit::Bond* bond : query.atomBonds(atom)) {
                if (used[bond->getIdx()]) continue;
                used[bond->getIdx()] = true;
                const int other = static_cast<int>(bond->getOtherAtomIdx(order[next]));
                if (step_of[other] < 0) {
                    append(other, static_cast<int>(next), test_of(*bond));
                    continue;
                }
                const Closure closure{static_cast<int>(next), test_of(*bond)};
                pattern.steps[step_of[other]].closures.push_back(closure);
                key += fmt::format("%{}:{}:{}", step_of[other], closure.step, closure.bond_test);
            }
        }
    }
    return intern(pattern_of_key_, key, patterns_, std::move(pattern));
}

int PatternSet::compile_atom(const AtomQuery& query) {
    Test test;
    std::string key;
    const std::string& kind = query.getDescription();
    if (kind == "RecursiveStructure") {
        test.kind = Kind::recursive;
        test.negated = query.getNegation();
        test.pattern = compile(*static_cast<const RDKit::RecursiveStructureQuery&>(query).getQueryMol());
        key = fmt::format("${}", test.pattern);
    } else if (query.beginChildren() != query.endChildren()) {
        if (kind != "AtomAnd" && kind != "AtomOr") throw std::logic_error("SMARTS operator " + kind);
        test.kind = kind == "AtomAnd" ? Kind::all : Kind::any;
        test.negated = query.getNegation();
        key = kind + "(";
        for (auto child = query.beginChildren(); child != query.endChildren(); ++child) {
            test.children.push_back(compile_atom(**child));
            key += std::to_string(test.children.back()) + ",";
        }
    } else {
        test.query = &query;  // negation is inside
        key = query.getFullDescription();
    }
    if (test.negated) key += "!";
    return intern(test_of_key_, key, tests_, std::move(test));
}

int PatternSet::compile_bond(const BondQuery& query) { return intern(bond_test_of_key_, describe(query), bond_tests_, &query); }

}  // namespace molten::chem::descriptors

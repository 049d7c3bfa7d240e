#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "chem/descriptors/graph.h"

namespace molten::chem::descriptors {

// Wildman-Crippen contributions: of the atoms in the graph, and of the whole molecule with its hydrogens.
struct Crippen {
    std::vector<double> log_p, refractivity;
    std::vector<double> hydrogen_log_p, hydrogen_refractivity;  // of the atom's implicit hydrogens; empty beside hydrogen atoms
    double total_log_p = 0.0, total_refractivity = 0.0;
};

// A molecule with what several descriptors share. Each part is computed when first asked for; not for use by two threads at once.
class Context {
  public:
    explicit Context(const RDKit::ROMol& molecule);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    const RDKit::ROMol& molecule() const { return graph_.molecule; }
    const Graph& graph() const { return graph_; }

    // The molecule without explicit hydrogens by RDKit's removeHs; itself if it has none. QED and BCUT2D are defined on it.
    Context& without_hydrogens();
    bool has_hydrogen_atoms() const;

    // atoms x atoms, row-major: number of bonds, or sum of 1 / bond order (aromatic 1.5), on the shortest path; 1e8 if there is none.
    const std::vector<double>& distances();
    const std::vector<double>& weighted_distances();

    const std::vector<double>& estate_indices();
    const std::vector<double>& labute_volumes();     // per atom, hydrogens apart
    const std::vector<double>& gasteiger_charges();  // NaN for bonded atoms without parameters
    bool gasteiger_complete();                       // there were parameters for every atom
    const Crippen& crippen();

  private:
    Graph graph_;
    std::unique_ptr<Context> without_hydrogens_;
    std::unique_ptr<RDKit::ROMol> stripped_;
    std::optional<std::vector<double>> distances_, weighted_distances_, estate_indices_, labute_volumes_, gasteiger_charges_;
    bool gasteiger_complete_ = true;
    std::optional<Crippen> crippen_;
};

}  // namespace molten::chem::descriptors

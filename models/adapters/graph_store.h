#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "chem/graph/graph.h"
#include "engine/ops/cheb_conv.h"

namespace molten {

// The graphs of a data set, ready to be joined into batches: the numbers of all molecules lie one after the other, so a batch is
// a handful of copies. A node's features are its atom's and behind them the sum of its bonds' (specs: bond information (i)).
class GraphStore {
  public:
    // Graphs of one feature set; a graph of other widths than the first is refused.
    void add(const chem::Graph&);

    std::int64_t size() const { return static_cast<std::int64_t>(node_begin_.size()) - 1; }
    std::int64_t node_features() const { return width_; }
    std::int64_t atoms(std::int64_t molecule) const { return node_begin_[static_cast<std::size_t>(molecule) + 1] - node_begin_[static_cast<std::size_t>(molecule)]; }

    struct Batch {
        Tensor nodes;  // [atoms, node_features], f32
        GraphBatch graph;
    };
    // The molecules of these numbers, in this order; a number may come twice.
    Batch batch(std::span<const std::int64_t> molecules) const;

  private:
    std::int64_t width_ = 0;
    std::vector<float> nodes_;                      // [all atoms, width]
    std::vector<std::int32_t> degree_;              // [all atoms]: entries of the row
    std::vector<std::int32_t> column_, reverse_;    // [all entries], counted within the molecule
    std::vector<std::int64_t> node_begin_{0}, entry_begin_{0};  // [molecules + 1]
};

}  // namespace molten

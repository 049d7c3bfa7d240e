#include "models/adapters/graph_store.h"

#include <algorithm>
#include <cstring>

namespace molten {

void GraphStore::add(const chem::Graph& graph) {
    const std::int64_t width = graph.node_width + graph.bond_width;
    if (size() == 0) width_ = width;
    if (width != width_)
        throw Error(ExitCode::usage,
                    "a graph with " + std::to_string(width) + " features an atom among graphs with " + std::to_string(width_));
    const auto atoms = static_cast<std::size_t>(graph.atoms), bonds = static_cast<std::size_t>(graph.bonds),
               w = static_cast<std::size_t>(width), atom_width = static_cast<std::size_t>(graph.node_width),
               bond_width = static_cast<std::size_t>(graph.bond_width);

    const std::size_t first = nodes_.size();
    nodes_.resize(first + atoms * w, 0.f);
    for (std::size_t a = 0; a < atoms; ++a)
        std::copy_n(graph.node_features.data() + a * atom_width, atom_width, nodes_.data() + first + a * w);
    for (std::size_t b = 0; b < bonds; ++b)
        for (const int end : {graph.bond_begin[b], graph.bond_end[b]})
            for (std::size_t i = 0; i < bond_width; ++i)
                nodes_[first + static_cast<std::size_t>(end) * w + atom_width + i] += graph.bond_features[b * bond_width + i];

    // Entries by row and then column; the sort key makes the order a function of the molecule alone.
    struct Entry {
        std::int32_t row, column;
    };
    std::vector<Entry> entries;
    for (std::size_t b = 0; b < bonds; ++b) {
        entries.push_back({graph.bond_begin[b], graph.bond_end[b]});
        entries.push_back({graph.bond_end[b], graph.bond_begin[b]});
    }
    const auto before = [](const Entry& x, const Entry& y) { return x.row != y.row ? x.row < y.row : x.column < y.column; };
    std::sort(entries.begin(), entries.end(), before);
    const std::size_t first_row = degree_.size();
    degree_.resize(first_row + atoms, 0);
    for (const Entry& entry : entries) {
        ++degree_[first_row + static_cast<std::size_t>(entry.row)];
        column_.push_back(entry.column);
        const auto twin = std::lower_bound(entries.begin(), entries.end(), Entry{entry.column, entry.row}, before);
        reverse_.push_back(static_cast<std::int32_t>(twin - entries.begin()));
    }
    node_begin_.push_back(node_begin_.back() + graph.atoms);
    entry_begin_.push_back(entry_begin_.back() + static_cast<std::int64_t>(entries.size()));
}

GraphStore::Batch GraphStore::batch(std::span<const std::int64_t> molecules) const {
    std::int64_t nodes = 0, entries = 0;
    for (const std::int64_t m : molecules) {
        const auto i = static_cast<std::size_t>(m);
        if (m < 0 || m >= size()) throw Error(ExitCode::usage, "molecule " + std::to_string(m) + " of " + std::to_string(size()));
        nodes += node_begin_[i + 1] - node_begin_[i];
        entries += entry_begin_[i + 1] - entry_begin_[i];
    }
    Batch result;
    result.nodes = Tensor::empty({nodes, width_}, DType::f32);
    result.graph.row_offset = Tensor::empty({nodes + 1}, DType::i32);
    result.graph.column = Tensor::empty({entries}, DType::i32);
    result.graph.reverse = Tensor::empty({entries}, DType::i32);
    result.graph.graph_offset = Tensor::empty({static_cast<std::int64_t>(molecules.size()) + 1}, DType::i32);
    auto* features = result.nodes.mutable_data<float>();
    auto* row_offset = result.graph.row_offset.mutable_data<std::int32_t>();
    auto* column = result.graph.column.mutable_data<std::int32_t>();
    auto* reverse = result.graph.reverse.mutable_data<std::int32_t>();
    auto* graph_offset = result.graph.graph_offset.mutable_data<std::int32_t>();
    *row_offset++ = 0;
    *graph_offset++ = 0;
    std::int32_t node = 0, entry = 0;
    for (const std::int64_t m : molecules) {
        const auto i = static_cast<std::size_t>(m);
        const std::int64_t first = node_begin_[i], count = node_begin_[i + 1] - first;
        std::memcpy(features + node * width_, nodes_.data() + first * width_, static_cast<std::size_t>(count * width_) * sizeof(float));
        std::int32_t end = entry;
        for (std::int64_t n = 0; n < count; ++n) *row_offset++ = end += degree_[static_cast<std::size_t>(first + n)];
        for (std::int64_t e = entry_begin_[i]; e < entry_begin_[i + 1]; ++e) {
            *column++ = column_[static_cast<std::size_t>(e)] + node;
            *reverse++ = reverse_[static_cast<std::size_t>(e)] + entry;
        }
        node += static_cast<std::int32_t>(count);
        entry = end;
        *graph_offset++ = node;
    }
    return result;
}

}  // namespace molten

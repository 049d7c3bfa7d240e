#pragma once
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "models/mmf/mmf.h"

namespace molten {

// Sizes small enough for a test that computes a model hundreds of times.
inline MmfConfig small_mmf() {
    MmfConfig c;
    c.node_features = 7;
    c.fingerprint_bits = 11;
    c.descriptors = 5;
    c.retrieved = 5;
    c.targets = 2;
    c.width = 8;
    c.layers = 2;
    c.heads = 2;
    c.dropout = c.graph_dropout = c.fingerprint_dropout = c.descriptor_dropout = c.fingerprint_drop_rate = c.retrieval_drop_rate = 0;
    return c;
}

// One molecule with random numbers: a chain of atoms with a few rings.
struct ToyMolecule {
    std::vector<std::pair<int, int>> bonds;
    std::vector<double> nodes, fingerprint, descriptors, retrieved;
};

inline std::vector<ToyMolecule> toy_molecules(const MmfConfig& c, std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto number = [&] { return static_cast<double>(random() >> 11) * 0x1p-52 - 1; };
    std::vector<ToyMolecule> result(count);
    for (std::size_t i = 0; i < count; ++i) {
        ToyMolecule& m = result[i];
        const int atoms = i == 0 ? 1 : 2 + static_cast<int>(random() % 7);  // the first is a single atom
        for (int a = 1; a < atoms; ++a) m.bonds.emplace_back(a - 1, a);
        if (atoms > 4) m.bonds.emplace_back(0, atoms - 1);
        for (std::int64_t k = 0; k < atoms * c.node_features; ++k) m.nodes.push_back(number());
        for (std::int64_t k = 0; k < c.fingerprint_bits; ++k) m.fingerprint.push_back(number() > 0.3 ? 0.7 : 0.0);
        for (std::int64_t k = 0; k < c.descriptors; ++k) m.descriptors.push_back(number());
        for (std::int64_t k = 0; k < c.retrieved; ++k) m.retrieved.push_back(number());
    }
    return result;
}

inline MmfBatch batch_of(const MmfConfig& c, const std::vector<ToyMolecule>& molecules, DType dtype) {
    std::vector<double> nodes, fingerprint, descriptors, retrieved;
    std::vector<std::int32_t> row = {0}, column, reverse, offset = {0};
    std::int32_t first = 0;
    for (const ToyMolecule& m : molecules) {
        const auto atoms = static_cast<std::int32_t>(m.nodes.size() / static_cast<std::size_t>(c.node_features));
        std::vector<std::vector<std::pair<std::int32_t, std::size_t>>> neighbours(static_cast<std::size_t>(atoms));  // (atom, bond)
        for (std::size_t b = 0; b < m.bonds.size(); ++b) {
            neighbours[static_cast<std::size_t>(m.bonds[b].first)].emplace_back(m.bonds[b].second, b);
            neighbours[static_cast<std::size_t>(m.bonds[b].second)].emplace_back(m.bonds[b].first, b);
        }
        std::vector<std::vector<std::int32_t>> entries(m.bonds.size());
        for (const auto& atom : neighbours) {
            for (const auto& [other, bond] : atom) {
                entries[bond].push_back(static_cast<std::int32_t>(column.size()));
                column.push_back(first + other);
            }
            row.push_back(static_cast<std::int32_t>(column.size()));
        }
        reverse.resize(column.size());
        for (const auto& pair : entries) {
            reverse[static_cast<std::size_t>(pair[0])] = pair[1];
            reverse[static_cast<std::size_t>(pair[1])] = pair[0];
        }
        first += atoms;
        offset.push_back(first);
        nodes.insert(nodes.end(), m.nodes.begin(), m.nodes.end());
        fingerprint.insert(fingerprint.end(), m.fingerprint.begin(), m.fingerprint.end());
        descriptors.insert(descriptors.end(), m.descriptors.begin(), m.descriptors.end());
        retrieved.insert(retrieved.end(), m.retrieved.begin(), m.retrieved.end());
    }
    const auto count = static_cast<std::int64_t>(molecules.size());
    const auto tensor = [&](const std::vector<double>& values, Shape shape) {
        return dtype == DType::f64 ? Tensor::from(values, shape) : Tensor::from(std::vector<float>(values.begin(), values.end()), shape);
    };
    MmfBatch batch;
    batch.molecules = count;
    batch.nodes = tensor(nodes, {first, c.node_features});
    batch.graph = {Tensor::from(row, {first + 1}), Tensor::from(column, {static_cast<std::int64_t>(column.size())}),
                   Tensor::from(reverse, {static_cast<std::int64_t>(reverse.size())}), Tensor::from(offset, {count + 1})};
    batch.fingerprint = tensor(fingerprint, {count, c.fingerprint_bits});
    batch.descriptors = tensor(descriptors, {count, c.descriptors});
    batch.retrieved = tensor(retrieved, {count, c.retrieved});
    return batch;
}

}  // namespace molten

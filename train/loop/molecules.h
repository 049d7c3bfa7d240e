#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chem/featurize/pool.h"
#include "models/adapters/graph_store.h"
#include "train/data/rejects.h"
#include "train/data/table.h"
#include "train/loop/options.h"

namespace molten::train {

// What is computed of every molecule. Kept beside a trained model, so that prediction asks for the same.
struct FeatureSettings {
    std::string features = "molten";
    bool explicit_h = false;
    std::int64_t fingerprint_radius = 2, fingerprint_bits = 2048;
    bool isolate = true;
    double molecule_seconds = 2;

    static FeatureSettings of(const TrainOptions&);
};

// The usable molecules of a table with their features; index i counts usable molecules, rows[i] is the row of the table.
struct Molecules {
    std::vector<std::size_t> rows;
    std::vector<std::string> canonical, key, scaffold;  // of each molecule
    GraphStore graphs;
    std::int64_t fingerprint_bits = 0, words = 0, descriptor_count = 0;
    std::vector<std::uint8_t> counts;     // [molecules, fingerprint_bits]: Morgan counts, at most 255
    std::vector<std::uint64_t> bits;      // [molecules, words]: which of them are not 0
    std::vector<double> descriptors;      // [molecules, descriptor_count]

    std::int64_t size() const { return static_cast<std::int64_t>(rows.size()); }
};

using ProgressCallback = std::function<void(std::size_t done, std::size_t total)>;

// Computes the features of the rows that `rejects` does not hold, in guarded worker processes. What cannot be used goes to
// `rejects` with chem's reason code. `column`: of SMILES, or of mol blocks when it is named mol_block.
Molecules featurize_table(const data::Table&, std::size_t column, data::Rejects&, const FeatureSettings&, const ProgressCallback& = {});

// The column of molecules: the one named, else the first that is named like one. Error(data) that lists the columns.
std::size_t find_molecule_column(const data::Table&, const std::string& named);

}  // namespace molten::train

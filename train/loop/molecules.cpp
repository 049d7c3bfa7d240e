#include "train/loop/molecules.h"

#include <fmt/format.h>

#include <algorithm>

#include "chem/descriptors/descriptors.h"

namespace molten::train {
namespace {

chem::FeatureRequest request_of(const FeatureSettings& settings, bool mol_blocks) {
    chem::FeatureRequest request;
    request.format = mol_blocks ? chem::InputFormat::molblock : chem::InputFormat::smiles;
    request.limits.seconds = settings.molecule_seconds;
    request.key = request.scaffold = request.descriptors = true;
    request.graph_options = {chem::feature_set(settings.features), settings.explicit_h};
    chem::FingerprintOptions morgan;
    morgan.size = static_cast<int>(settings.fingerprint_bits);
    morgan.radius = static_cast<int>(settings.fingerprint_radius);
    morgan.counts = true;
    request.fingerprints = {morgan};
    return request;
}

void append(Molecules& molecules, std::size_t row, chem::Features&& features) {
    molecules.rows.push_back(row);
    molecules.canonical.push_back(std::move(features.canonical));
    molecules.key.push_back(std::move(features.key));
    molecules.scaffold.push_back(std::move(features.scaffold));
    molecules.graphs.add(features.graph);
    const std::size_t first_word = molecules.bits.size();
    molecules.bits.resize(first_word + static_cast<std::size_t>(molecules.words), 0);
    for (std::size_t b = 0; b < features.fingerprint.size(); ++b) {
        const auto count = static_cast<std::uint8_t>(std::min(features.fingerprint[b], 255.f));
        molecules.counts.push_back(count);
        if (count) molecules.bits[first_word + b / 64] |= std::uint64_t{1} << (b % 64);
    }
    molecules.descriptors.insert(molecules.descriptors.end(), features.descriptors.begin(), features.descriptors.end());
}

}  // namespace

FeatureSettings FeatureSettings::of(const TrainOptions& o) {
    return {o.features, o.explicit_h, o.fingerprint_radius, o.fingerprint_bits, o.isolate, o.molecule_seconds};
}

Molecules featurize_table(const data::Table& table, std::size_t column, data::Rejects& rejects, const FeatureSettings& settings,
                          const ProgressCallback& progress) {
    std::vector<std::size_t> rows;
    std::vector<std::string> texts;
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        if (rejects.contains(table.rows[r].number)) continue;
        rows.push_back(r);
        texts.push_back(table.rows[r].cells[column]);
    }
    Molecules result;
    result.fingerprint_bits = settings.fingerprint_bits;
    result.words = (settings.fingerprint_bits + 63) / 64;
    result.descriptor_count = static_cast<std::int64_t>(chem::descriptors::names().size());
    chem::PoolOptions options;
    options.isolate = settings.isolate;
    chem::Pool pool(request_of(settings, table.columns[column] == "mol_block"), options);
    pool.run(
        texts,
        [&](std::size_t i, chem::Features&& features) {
            const data::Row& row = table.rows[rows[i]];
            if (features.usable()) return append(result, rows[i], std::move(features));
            rejects.add({row.number, table.columns[column], texts[i], std::string(chem::reason_name(features.reason)),
                         fmt::format("{}:{}: {}: {}", table.name, row.number, table.columns[column], features.message)});
        },
        progress);
    return result;
}

std::size_t find_molecule_column(const data::Table& table, const std::string& named) {
    if (!named.empty()) return table.column(named);
    const auto found = data::molecule_column(table.columns);
    if (!found)
        throw Error(ExitCode::data,
                    fmt::format("{}: no column is named like SMILES; it has {}", table.name, fmt::join(table.columns, ", ")),
                    "name it with --smiles-column");
    return *found;
}

}  // namespace molten::train

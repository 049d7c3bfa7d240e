#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "chem/featurize/pool.h"
#include "chem/molecule/molecule.h"
#include "support.h"

using namespace molten::chem;

namespace {

FeatureRequest names_only() {
    FeatureRequest request;
    request.graph = false;
    request.fingerprints = {};
    return request;
}

// Rows with text in which RDKit finds no molecule. Empty cells, blanks and line breaks are another matter: RDKit's parser accepts them.
int unreadable(const std::vector<Features>& rows) {
    int count = 0;
    for (const auto& row : rows) {
        const bool text_refused = row.reason == Reason::empty || row.reason == Reason::blank || row.reason == Reason::control_byte;
        count += !row.usable() && !text_refused;
    }
    return count;
}

}  // namespace

TEST_CASE("sweep: as many SMILES fail to parse as the data's own description says") {
    const std::string data = chem_test::data_folder();
    if (data.empty()) return;
    struct Source {
        const char* file;
        const char* column;
        int unreadable;
    };
    for (const auto& source : {Source{"/moleculenet/esol.csv.gz", "smiles", 0}, Source{"/moleculenet/freesolv.csv.gz", "smiles", 0},
                               Source{"/moleculenet/lipo.csv.gz", "smiles", 0}, Source{"/qm8/qm8.csv.gz", "smiles", 0},
                               Source{"/pcdes/pcdes.csv.gz", "smiles", 8}, Source{"/polymer/density_list.csv.gz", "SMILES", 7}}) {
        INFO(source.file);
        const auto smiles = chem_test::csv_column(data + source.file, source.column);
        REQUIRE(smiles.size() > 500);
        CHECK(unreadable(featurize_all(smiles, names_only())) == source.unreadable);
    }
}

TEST_CASE("sweep: canonical SMILES equal those that were published with QM8") {
    const std::string data = chem_test::data_folder();
    if (data.empty()) return;
    const auto smiles = chem_test::csv_column(data + "/qm8/qm8.csv.gz", "smiles");
    const auto published = chem_test::csv_column(data + "/qm8/qm8.csv.gz", "smiles_canonical");
    const auto rows = featurize_all(smiles, names_only());
    int different = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) different += rows[i].canonical != published[i];
    CHECK(rows.size() > 19000);
    CHECK(different == 0);
}

TEST_CASE("sweep: canonical SMILES and keys of stereo-rich molecules are stable") {
    const std::string data = chem_test::data_folder();
    if (data.empty()) return;
    auto smiles = chem_test::csv_column(data + "/chebi20/train_molecules.csv.gz", "smiles");
    smiles.resize(6000);
    FeatureRequest request = names_only();
    request.key = true;
    const auto first = featurize_all(smiles, request);
    std::vector<std::string> keys, flat;
    for (const auto& row : first) {
        keys.push_back(row.key);
        std::string without_stereo = row.canonical;
        for (char mark : {'@', '/', '\\'}) std::erase(without_stereo, mark);
        flat.push_back(without_stereo);
    }
    const auto of_keys = featurize_all(keys, request);
    const auto of_flat = featurize_all(flat, request);
    int unstable = 0, stereo_matters = 0, usable = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
        if (!first[i].usable()) continue;
        ++usable;
        unstable += of_keys[i].key != first[i].key;
        stereo_matters += of_flat[i].key != first[i].key;
    }
    CHECK(usable > 5900);
    CHECK(unstable == 0);
    CHECK(stereo_matters == 0);
}

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>

#include "chem/featurize/pool.h"
#include "support.h"

using namespace molten::chem;

namespace {

// Processor time of this process and of its children that have ended.
double processor_seconds() {
    double total = 0;
    for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        getrusage(who, &usage);
        for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
            total += static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
        }
    }
    return total;
}

FeatureRequest nothing() {
    FeatureRequest request;
    request.canonical = request.graph = false;
    request.fingerprints = {};
    return request;
}

std::vector<std::pair<std::string, FeatureRequest>> workloads() {
    FeatureRequest parse = nothing(), morgan = nothing(), scaffold = nothing(), canonical = nothing(), molten = nothing(), all;
    morgan.fingerprints = {{}};
    scaffold.scaffold = true;
    for (auto* request : {&canonical, &molten}) {
        request->graph = request->canonical = true;
        request->fingerprints = {{}};
    }
    canonical.graph_options.features = FeatureSet::canonical;
    molten.graph_options.features = FeatureSet::molten;
    FeatureRequest descriptors = nothing();
    descriptors.descriptors = true;
    return {{"parse", parse},
            {"morgan", morgan},
            {"scaffold", scaffold},
            {"graph_canonical+morgan+smiles", canonical},
            {"graph_molten+morgan+smiles", molten},
            {"descriptors", descriptors}};
}

}  // namespace

// Run by bench/peers/featurise_rdkit.py, which puts RDKit's Python beside it: one line a workload and number of workers.
TEST_CASE("throughput: molecules a second" * doctest::skip()) {
    const std::string data = chem_test::data_folder();
    if (data.empty()) return;
    auto smiles = chem_test::csv_column(data + "/moleculenet/lipo.csv.gz", "smiles");
    smiles.resize(2000);
    for (const auto& [name, request] : workloads()) {
        for (int workers : {0, 1, 2}) {
            const double processor = processor_seconds();
            const auto start = std::chrono::steady_clock::now();
            const auto result = featurize_all(smiles, request, {.workers = workers, .isolate = workers > 0});
            const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            const double spent = processor_seconds() - processor;
            std::printf("throughput %s %d %.1f %.1f\n", name.c_str(), workers, static_cast<double>(smiles.size()) / wall,
                        static_cast<double>(smiles.size()) / spent);
            std::size_t usable = 0;
            for (const auto& features : result) usable += features.usable();
            CHECK(usable == smiles.size());
        }
    }
}

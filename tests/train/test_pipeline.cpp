#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "engine/core/error.h"
#include "tests/train/temporary_directory.h"
#include "train/loop/evaluation.h"
#include "train/loop/pipeline.h"
#include "train/loop/predictor.h"

using namespace molten;
using namespace molten::train;

namespace {

// Twelve molecules with a regression, a binary and a multiclass target, fitted on the first eight.
struct Fitted {
    data::Table table;
    data::Rejects rejects;
    TrainOptions options;
    Molecules molecules;
    std::vector<data::Target> targets;
    std::vector<double> values;
    std::vector<std::int64_t> train = {0, 1, 2, 3, 4, 5, 6, 7};
    Pipeline pipeline;

    Fitted() {
        const std::string text = "smiles,Tg,toxic,class\nCCO,1.5,0,red\nCCN,2.5,1,green\nc1ccccc1,3.5,0,blue\nCCCC,,1,red\nC1CC1,5,,green\nCC(=O)O,6.5,1,blue\n"
                                 "CCCl,7,0,red\nCCBr,8,1,green\nCOC,9,0,blue\nxx,1,1,red\nCSC,11,1,red\nCC#N,12,0,green\nOCC,13,1,blue\n";
        data::TableReader reader(data::Input::memory("t.csv", text), data::Format::csv);
        table = data::read_table(reader);
        options.fingerprint_bits = 128;
        options.neighbours = 3;
        options.isolate = false;
        molecules = featurize_table(table, 0, rejects, FeatureSettings::of(options));
        for (const char* name : {"Tg", "toxic"}) targets.push_back(data::read_target(table, name, rejects));
        targets.push_back(data::read_target(table, "class", rejects, {data::Task::multiclass, {}}));
        values = output_values(molecules, targets);
        pipeline = Pipeline::fit(options, molecules, targets, values, train);
    }
};

std::string error_of(const std::filesystem::path& directory) {
    try {
        Pipeline::load(directory);
    } catch (const Error& error) {
        CHECK((error.code() == ExitCode::corrupt || error.code() == ExitCode::data));
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("pipeline: what the network shall say: one output a regression and binary target, one a class") {
    const Fitted f;
    REQUIRE(f.molecules.size() == 12);  // "xx" is no molecule
    CHECK(f.rejects.size() == 1);
    CHECK(f.pipeline.outputs() == 5);
    CHECK(f.pipeline.retrieved() == 11);
    const auto row = [&](std::size_t i) { return std::vector<double>(f.values.begin() + static_cast<std::ptrdiff_t>(5 * i), f.values.begin() + static_cast<std::ptrdiff_t>(5 * i + 5)); };
    CHECK(row(0) == std::vector<double>{1.5, 0, 0, 0, 1});  // classes in the order blue, green, red
    CHECK(row(1) == std::vector<double>{2.5, 1, 0, 1, 0});
    CHECK(std::isnan(row(3)[0]));
    CHECK(std::isnan(row(4)[1]));
    CHECK(row(9)[0] == 11);  // behind the refused row
}

TEST_CASE("pipeline: the scaler is fitted on the training molecules alone, and leaves classes") {
    const Fitted f;
    const std::vector<double> known = {1.5, 2.5, 3.5, 5, 6.5, 7, 8};
    const double mean = std::accumulate(known.begin(), known.end(), 0.0) / 7;
    double squares = 0;
    for (const double x : known) squares += (x - mean) * (x - mean);
    CHECK(f.pipeline.scaler.unscale(0, 0) == doctest::Approx(mean).epsilon(1e-12));
    CHECK(f.pipeline.scaler.unscale(1, 0) - mean == doctest::Approx(std::sqrt(squares / 7)).epsilon(1e-12));
    for (std::size_t o = 1; o < 5; ++o) {
        CHECK(f.pipeline.scaler.unscale(0, o) == 0);
        CHECK(f.pipeline.scaler.unscale(1, o) == 1);
    }
    CHECK(f.pipeline.reference_keys.size() == 8);
    CHECK(f.pipeline.reference_keys[0] == f.molecules.key[0]);
    // A value outside the training part changes nothing.
    auto values = f.values;
    for (std::size_t i = 8 * 5; i < values.size(); ++i) values[i] = 1e6;
    CHECK(Pipeline::fit(f.options, f.molecules, f.targets, values, f.train).scaler.unscale(1, 0) == f.pipeline.scaler.unscale(1, 0));
}

TEST_CASE("pipeline: a molecule is never its own neighbour, under no spelling") {
    const Fitted f;
    REQUIRE(f.molecules.key[11] == f.molecules.key[0]);  // OCC and CCO
    const ModelInput input(f.pipeline, f.molecules);
    const MmfConfig config = sized(f.options.model, f.pipeline, f.molecules);
    const std::vector<std::int64_t> rows = {0, 11, 8};
    const auto retrieved = input.batch(config, rows).retrieved.to_vector();
    const auto width = static_cast<std::size_t>(f.pipeline.retrieved());
    for (const std::size_t i : {0u, 1u}) {
        CHECK(retrieved[i * width + width - 1] < 1);  // the best similarity: the same molecule would be 1
        for (std::size_t k = 0; k < width; ++k) CHECK(retrieved[i * width + k] == retrieved[k]);  // both spellings see the same
    }
}

TEST_CASE("pipeline: saved and loaded, it makes the same input") {
    Fitted f;
    f.pipeline.targets[0].interval.quantile = 1.75;
    f.pipeline.targets[0].interval.calibration_rows = 17;
    const TemporaryDirectory home;
    f.pipeline.save(home.path);
    const Pipeline back = Pipeline::load(home.path);
    CHECK(back.outputs() == 5);
    REQUIRE(back.targets.size() == 3);
    CHECK(back.targets[2].classes == std::vector<std::string>{"blue", "green", "red"});
    CHECK(back.targets[2].first_output == 2);
    CHECK(back.targets[0].interval.quantile == 1.75);
    CHECK(back.targets[0].interval.calibration_rows == 17);
    CHECK(back.reference_keys == f.pipeline.reference_keys);
    CHECK(back.fingerprint_columns == f.pipeline.fingerprint_columns);
    const MmfConfig config = sized(f.options.model, f.pipeline, f.molecules);
    const std::vector<std::int64_t> rows = {3, 0, 11, 7};
    const MmfBatch a = ModelInput(f.pipeline, f.molecules).batch(config, rows), b = ModelInput(back, f.molecules).batch(config, rows);
    CHECK(a.descriptors.to_vector() == b.descriptors.to_vector());
    CHECK(a.fingerprint.to_vector() == b.fingerprint.to_vector());
    CHECK(a.retrieved.to_vector() == b.retrieved.to_vector());
    CHECK(a.nodes.to_vector() == b.nodes.to_vector());
    const TemporaryDirectory again;
    back.save(again.path);
    for (const char* file : {"pipeline.json", "pipeline.safetensors"}) CHECK(file_bytes(again.path / file) == file_bytes(home.path / file));
}

TEST_CASE("pipeline: damage is named") {
    const Fitted f;
    const TemporaryDirectory home;
    const auto damaged = [&](const char* from, const char* to) {
        f.pipeline.save(home.path);
        std::string text = file_bytes(home.path / "pipeline.json");
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, std::string(from).size(), to);
        std::ofstream(home.path / "pipeline.json", std::ios::binary) << text;
        return error_of(home.path);
    };
    CHECK(damaged("\"version\": 1", "\"version\": 2").find("newer molten") != std::string::npos);
    CHECK(damaged("\"neighbours\": 3", "\"neighbours\": 0").find("neighbours") != std::string::npos);
    CHECK(damaged("\"fingerprint_bits\": 128", "\"fingerprint_bits\": 192").find("pipeline.safetensors") != std::string::npos);
    CHECK(damaged("\"first_output\": 1", "\"first_output\": 2").find("first_output") != std::string::npos);
    CHECK(damaged("\"targets\": [", "\"targets\": [], \"other\": [").find("without targets") != std::string::npos);
    CHECK(damaged("\"features\": \"molten\"", "\"features\": \"?\"").find("features") != std::string::npos);
    CHECK(damaged("{", "[").find("pipeline.json") != std::string::npos);
    f.pipeline.save(home.path);
    std::filesystem::remove(home.path / "pipeline.safetensors");
    CHECK(error_of(home.path).find("pipeline.safetensors") != std::string::npos);
}

TEST_CASE("predictor: members are joined in the target's unit, classes are mean probabilities") {
    const Fitted f;
    // Two members, one molecule: outputs are scaled value, logit, three logits.
    const RawPrediction a{{0.5f, 0.f, 0.f, 0.f, 0.f}, {0.25f, 0.75f}}, b{{1.5f, 2.f, 1.f, 0.f, 0.f}, {0.5f, 0.5f}};
    const Predictions p = combine(f.pipeline, {a, b});
    CHECK(p.molecules == 1);
    const double first = f.pipeline.scaler.unscale(0.5, 0), second = f.pipeline.scaler.unscale(1.5, 0);
    CHECK(p.mean[0] == doctest::Approx((first + second) / 2));
    CHECK(p.spread[0] == doctest::Approx(std::abs(second - first) / std::sqrt(2)));
    const double sure = 1 / (1 + std::exp(-2.0));
    CHECK(p.mean[1] == doctest::Approx((0.5 + sure) / 2));
    CHECK(p.lowest[1] == doctest::Approx(0.5));
    CHECK(p.highest[1] == doctest::Approx(sure));
    const double blue = std::exp(1.0) / (std::exp(1.0) + 2);
    CHECK(p.mean[2] == doctest::Approx((1.0 / 3 + blue) / 2));
    CHECK(p.mean[2] + p.mean[3] + p.mean[4] == doctest::Approx(1));
    CHECK(p.gate == std::vector<double>{0.375, 0.625});
    CHECK(target_prediction(p, f.pipeline.targets[2], 0).label == "blue");
    CHECK(target_prediction(p, f.pipeline.targets[1], 0).value == doctest::Approx((0.5 + sure) / 2));
    const RawPrediction huge{{0.f, 800.f, 1000.f, -1000.f, 0.f}, {1.f, 0.f}};
    for (const double x : combine(f.pipeline, {huge}).mean) CHECK(std::isfinite(x));
    CHECK_THROWS_AS(combine(f.pipeline, {}), Error);
}

TEST_CASE("evaluation: rows and gaps are those asked for") {
    const Fitted f;
    std::vector<double> predicted = f.values;
    for (double& x : predicted)
        if (std::isnan(x)) x = 123;  // what has no measured value must not count
    predicted[0] += 3;               // molecule 0, Tg
    const std::vector<std::int64_t> rows = {0, 3, 5};
    for (const Measure& m : evaluate(f.pipeline.targets, f.values, predicted, rows)) {
        if (m.target == "Tg" && m.metric == "mae") {
            CHECK(m.score.rows == 2);
            CHECK(m.score.value.value() == doctest::Approx(1.5));
        }
        if (m.target == "Tg" && m.metric == "rmse") CHECK(m.score.value.value() == doctest::Approx(std::sqrt(4.5)));
    }
}

#include <doctest/doctest.h>

#include "tests/commands/program.h"

using namespace molten;
using namespace molten::program;
namespace fs = std::filesystem;

namespace {

struct Model {
    Home home;
    fs::path data = home.path / "t.csv", best = home.path / "run/best", out = home.path / "p.csv";
    Model() {
        write_text(data, molecule_table(40));
        REQUIRE(run(tiny_training(data, home.path / "run", {"--target", "y", "--target", "label"})).code == 0);
    }
    Ended predict(const fs::path& model) const { return run({"predict", "--model", model.string(), "--data", data.string(), "--out", out.string()}); }

    // Predicts with a copy of the model in which one file has other bytes.
    Ended with(const std::string& file, const std::string& bytes) const {
        const fs::path copy = home.path / "copy";
        fs::remove_all(copy);
        fs::copy(best, copy);
        write_text(copy / file, bytes);
        fs::remove(out);
        return predict(copy);
    }
};

}  // namespace

TEST_CASE("model damage: no model") {
    const Model model;
    const Ended none = model.predict(model.home.path / "nowhere");
    CHECK(none.code == 3);
    CHECK(none.err.find("holds no trained model") != std::string::npos);
    for (const char* file : {"config.json", "pipeline.json", "pipeline.safetensors", "member_0.safetensors"}) {
        const fs::path copy = model.home.path / "copy";
        fs::remove_all(copy);
        fs::copy(model.best, copy);
        fs::remove(copy / file);
        const Ended ended = model.predict(copy);
        INFO(std::string(file) << "\n" << ended.all());
        CHECK((ended.code == 3 || ended.code == 6));
        CHECK(ended.err.find(file) != std::string::npos);
    }
}

TEST_CASE("model damage: files cut short anywhere") {
    const Model model;
    for (const char* file : {"config.json", "pipeline.json", "pipeline.safetensors", "member_0.safetensors"}) {
        const std::string whole = read_text(model.best / file);
        for (const std::size_t keep : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{9}, whole.size() / 3, whole.size() / 2, whole.size() - 3}) {
            const Ended ended = model.with(file, whole.substr(0, keep));
            INFO(std::string(file) << " cut to " << keep << " of " << whole.size() << "\n" << ended.all());
            CHECK(ended.code == 6);
            CHECK(ended.err.find(file) != std::string::npos);
            CHECK_FALSE(fs::exists(model.out));
        }
    }
}

TEST_CASE("model damage: altered fields, each named") {
    const Model model;
    const auto altered = [&](const char* file, const std::string& from, const std::string& to, const std::string& named) {
        std::string text = read_text(model.best / file);
        const std::size_t at = text.find(from);
        INFO(std::string(file) << ": " << from << " -> " << to);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
        const Ended ended = model.with(file, text);
        INFO(ended.all());
        CHECK((ended.code == 6 || ended.code == 3));
        CHECK(ended.err.find(named) != std::string::npos);
    };
    altered("config.json", "\"molten-mmf\"", "\"other\"", "format");
    altered("config.json", "\"version\": 1", "\"version\": 2", "newer molten");
    altered("config.json", "\"width\": 16", "\"width\": \"16\"", "width");
    altered("config.json", "\"width\": 16", "\"width\": -4", "width");
    altered("config.json", "\"width\": 16", "\"width\": 32", "member_0.safetensors");
    altered("config.json", "\"width\": 16", "\"width\": 15", "width");
    altered("config.json", "\"heads\": 2", "\"heads\": 1e300", "heads");
    altered("config.json", "\"layers\": 1", "\"layers\": 2", "member_0.safetensors");
    altered("config.json", "\"targets\": 2", "\"targets\": 3", "config.json");
    altered("config.json", "\"gate\": \"softmax\"", "\"gate\": \"soft\"", "gate");
    altered("config.json", "\"graph\": true", "\"graph\": 1", "graph");
    altered("pipeline.json", "\"molten-pipeline\"", "\"x\"", "format");
    altered("pipeline.json", "\"fingerprint_bits\": 256", "\"fingerprint_bits\": 64", "pipeline.safetensors");
    altered("pipeline.json", "\"features\": \"molten\"", "\"features\": \"canonical\"", "node_features");
    altered("pipeline.json", "\"features\": \"molten\"", "\"features\": \"mine\"", "features");
    altered("pipeline.json", "\"task\": ", "\"task\": 7", "task");
    altered("pipeline.json", "\"outputs\": 1", "\"outputs\": 2", "");
    altered("pipeline.json", "\"poor\"", "1", "classes");
}

TEST_CASE("model damage: one altered byte never crashes, and a damaged header is named") {
    const Model model;
    for (const char* file : {"pipeline.safetensors", "member_0.safetensors"}) {
        const std::string whole = read_text(model.best / file);
        for (std::size_t i = 0; i < 24; ++i) {
            std::string bytes = whole;
            const std::size_t at = i < 10 ? i : 8 + (i - 10) * 41;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << i % 7));
            const Ended ended = model.with(file, bytes);
            INFO(std::string(file) << " byte " << at << "\n" << ended.all());
            CHECK(ended.signal == 0);
            CHECK((ended.code == 0 || ended.code == 6));
            if (ended.code == 6) CHECK(ended.err.find(file) != std::string::npos);
        }
    }
}

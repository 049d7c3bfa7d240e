#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

#include "engine/core/error.h"
#include "tests/train/temporary_directory.h"
#include "train/loop/options.h"

using namespace molten;
using namespace molten::train;

namespace {

std::filesystem::path written(const TemporaryDirectory& home, const std::string& text) {
    const auto path = home.path / "c.toml";
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

// A value of the setting that is allowed and not its default.
std::string other_value(const Setting& setting) {
    const std::string name = setting.name;
    if (setting.flag) return setting.get(TrainOptions{}) == "true" ? "false" : "true";
    if (name == "task") return "binary";
    if (name == "format") return "tsv";
    if (name == "features") return "qm9";
    if (name == "split") return "kfold";
    if (name == "gate") return "top_k";
    if (name == "loss") return "huber";
    if (name == "target_transform") return "log1p";
    if (name == "ablations") return "no_cross";
    if (name == "baselines") return "extra_trees";
    const std::string current = setting.get(TrainOptions{});
    if (current.front() == '"' || current.front() == '[') return "a \"quoted\", back\\slashed\tname \xC2\xB0";
    if (name == "alpha") return "0.3125";
    if (current.find_first_of(".e") != std::string::npos) return "0.0625";
    return name == "fingerprint_bits" ? "4096" : name == "width" ? "64" : "7";
}

struct Variable {
    std::string name;
    Variable(const std::string& name, const std::string& value) : name(name) { ::setenv(name.c_str(), value.c_str(), 1); }
    ~Variable() { ::unsetenv(name.c_str()); }
};

}  // namespace

TEST_CASE("options: written as TOML and read back, every setting at its default and at another value") {
    const TemporaryDirectory home;
    TrainOptions defaults, back;
    read_config(back, written(home, to_toml(defaults)));
    CHECK(to_toml(back) == to_toml(defaults));
    std::size_t changed = 0;
    for (const Setting& setting : settings()) {
        TrainOptions options, again;
        setting.set(options, other_value(setting));
        INFO(setting.section << "." << setting.name << " = " << setting.get(options));
        CHECK(setting.get(options) != setting.get(defaults));
        read_config(again, written(home, to_toml(options)));
        CHECK(setting.get(again) == setting.get(options));
        CHECK(to_toml(again) == to_toml(options));
        ++changed;
    }
    CHECK(changed == settings().size());
}

TEST_CASE("options: names are unique as flags, keys and variables, and each has help") {
    std::set<std::string> flags, keys;
    for (const Setting& setting : settings()) {
        CHECK(flags.insert(setting.name).second);
        CHECK(keys.insert(setting.section + "." + setting.name).second);
        CHECK(setting.help.size() > 10);
    }
    CHECK(flags.size() >= 50);
}

TEST_CASE("options: the file goes before the defaults, the environment before the file") {
    const TemporaryDirectory home;
    const Variable epochs("MOLTEN_TRAIN_EPOCHS", "33"), strict("MOLTEN_DATA_STRICT", "true"), target("MOLTEN_DATA_TARGET", "Tg, (K)"),
        baselines("MOLTEN_TRAIN_BASELINES", "mean,ridge");
    TrainOptions options;
    read_config(options, written(home, "[train]\nepochs = 11\npatience = 12\nbaselines = [\"knn\"]\n[data]\ntarget = \"A\"\n"));
    CHECK(options.epochs == 11);
    CHECK(options.targets == std::vector<std::string>{"A"});
    CHECK(options.baselines == std::vector<std::string>{"knn"});
    read_environment(options);
    CHECK(options.epochs == 33);
    CHECK(options.patience == 12);
    CHECK(options.strict);
    CHECK(options.targets == std::vector<std::string>{"Tg, (K)"});
    CHECK(options.baselines == std::vector<std::string>{"mean", "ridge"});
    CHECK(options.learning_rate == TrainOptions{}.learning_rate);
    TrainOptions none;
    read_config(none, written(home, "[train]\nbaselines = \"none\"\n"));
    CHECK(none.baselines.empty());
}

TEST_CASE("options: values at the edge are taken, beyond it refused with what is allowed") {
    const auto outcome = [](const char* name, const std::string& value) -> std::string {
        for (const Setting& setting : settings())
            if (setting.name == name) try {
                    TrainOptions options;
                    setting.set(options, value);
                    return "taken";
                } catch (const Error& error) {
                    CHECK(error.code() == ExitCode::usage);
                    return error.what();
                }
        return "no such setting";
    };
    CHECK(outcome("fingerprint_bits", "64") == "taken");
    CHECK(outcome("fingerprint_bits", "63") == "'63' is not a whole number from 64 to 65536");
    CHECK(outcome("fingerprint_bits", "65537") != "taken");
    CHECK(outcome("max_rejected", "1") == "taken");
    CHECK(outcome("max_rejected", "1.0000001") != "taken");
    for (const char* bad : {"", " 1", "1 ", "1,5", "0x10", "nan", "inf", "one", "1e400"}) {
        INFO("'" << std::string(bad) << "'");
        CHECK(outcome("learning_rate", bad) != "taken");
        CHECK(outcome("epochs", bad) != "taken");
    }
    for (const char* good : {"true", "1", "yes", "on", "false", "0", "no", "off"}) CHECK(outcome("strict", good) == "taken");
    CHECK(outcome("strict", "maybe") == "'maybe' is not true or false");
}

TEST_CASE("options: resolve fills what was left open and nothing else") {
    for (const std::int64_t molecules : {50, 3000, 3001, 8000, 8001, 100000}) {
        for (const bool classification : {false, true}) {
            TrainOptions options;
            const auto chosen = resolve(options, molecules, classification);
            INFO(molecules << " molecules, classification " << classification);
            CHECK(options.epochs > 0);
            CHECK(options.batch_size > 0);
            CHECK(options.ensemble > 0);
            for (const double p : {options.dropout, options.graph_dropout, options.fingerprint_dropout, options.descriptor_dropout, options.weight_decay, options.ema})
                CHECK(p >= 0);
            CHECK(options.model.dropout == options.dropout);
            CHECK(options.model.fingerprint_dropout == options.fingerprint_dropout);
            CHECK((options.loss == "auto") == classification);
            CHECK(chosen.size() == (classification ? 9 : 10));
            TrainOptions again = options;
            CHECK(resolve(again, 7, classification).empty());  // what was chosen stays, whatever the size
            CHECK(to_toml(again) == to_toml(options));
        }
    }
    TrainOptions given;
    given.epochs = 7;
    given.dropout = 0;
    given.loss = "huber";
    resolve(given, 100, false);
    CHECK(given.epochs == 7);
    CHECK(given.dropout == 0);
    CHECK(given.model.dropout == 0);
    CHECK(given.loss == "huber");
}

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/io/json.h"
#include "tests/commands/program.h"

using namespace molten;
using namespace molten::program;
namespace fs = std::filesystem;

namespace {

// A table with two unusable rows, and the run that was trained on it.
struct Trained {
    Home home;
    fs::path data = home.path / "t.csv", out = home.path / "run";
    Ended ended;

    explicit Trained(const Arguments& more = {}, std::size_t rows = 60) {
        write_text(data, molecule_table(rows) + "bad1,C1CC,1,poor\nbad2,c1cccc,1,poor\n");
        Arguments given = {"--target", "y"};
        given.insert(given.end(), more.begin(), more.end());
        ended = run(tiny_training(data, out, given));
        INFO(ended.all());
        REQUIRE(ended.code == 0);
    }
};

std::vector<std::string> cells(const std::string& line) {  // of tables without quotes
    std::vector<std::string> result(1);
    for (const char c : line)
        if (c == ',') result.emplace_back();
        else result.back() += c;
    return result;
}

}  // namespace

TEST_CASE("train: the run directory holds all of a run") {
    const Trained run;
    for (const char* name : {"config.toml", "command.txt", "env.json", "splits.json", "rejected.csv", "metrics.jsonl", "metrics.csv", "metrics.json",
                             "predictions.csv", "report.html", "README.md", "run.log", "best/config.json", "best/pipeline.json", "best/pipeline.safetensors",
                             "best/member_0.safetensors", "checkpoints/latest"}) {
        INFO(name);
        CHECK(fs::is_regular_file(run.out / name));
        CHECK(fs::file_size(run.out / name) > 0);
    }
    const auto files = files_below(run.out);
    CHECK(std::any_of(files.begin(), files.end(), [](const auto& f) { return f.first.starts_with("events.out.tfevents."); }));
    CHECK(std::none_of(files.begin(), files.end(), [](const auto& f) { return f.first.find("tmp") != std::string::npos; }));
    CHECK(files.at("command.txt").find("train --data") != std::string::npos);
    CHECK(lines(files.at("metrics.jsonl")).size() == 2);  // one an epoch
    CHECK(lines(files.at("metrics.csv")).size() == 3);
    const auto rejected = lines(files.at("rejected.csv"));
    REQUIRE(rejected.size() == 3);
    CHECK(rejected[1].starts_with("62,smiles,C1CC,"));
    CHECK(rejected[2].starts_with("63,smiles,c1cccc,"));

    const auto predictions = lines(files.at("predictions.csv")), given = lines(read_text(run.data));
    REQUIRE(predictions.size() == given.size());
    CHECK(predictions[0] == "id,smiles,y,label,y_pred,y_lower,y_upper,part,reason");
    std::map<std::string, std::size_t> parts;
    for (std::size_t i = 1; i < given.size(); ++i) {
        CHECK(predictions[i].starts_with(given[i] + ","));
        ++parts[cells(predictions[i]).at(7)];
    }
    CHECK(parts == std::map<std::string, std::size_t>{{"", 2}, {"train", 48}, {"val", 6}, {"test", 6}});

    const io::Json splits = io::parse_json(files.at("splits.json"), "splits.json");
    const io::JsonView view(splits, "splits.json");
    std::set<std::int64_t> rows;
    for (const char* part : {"train", "val", "test"})
        for (std::size_t i = 0; i < view[0][part].size(); ++i) rows.insert(view[0][part][i].integer());
    CHECK(rows.size() == 60);
    CHECK(*rows.rbegin() == 59);
    CHECK(files.at("report.html").find("<svg") != std::string::npos);
    CHECK(files.at("report.html").find("http://www.w3.org/2000/svg") != std::string::npos);
    CHECK(files.at("report.html").find("<script src") == std::string::npos);
}

TEST_CASE("train: predict keeps rows and columns, adds its own, gives a reason for each empty one") {
    const Trained run;
    const fs::path data = run.home.path / "new.csv", out = run.home.path / "p.csv";
    write_text(data, "note,smiles,z\nfirst,CCO,1\nsecond,no-molecule,2\nthird,,3\nfourth,c1ccccc1O,=4\nfifth\nsixth,CCO,6\n");
    const Ended ended = molten::program::run({"predict", "--model", run.out.string(), "--data", data.string(), "--out", out.string()});
    INFO(ended.all());
    REQUIRE(ended.code == 0);
    const auto rows = lines(read_text(out));
    REQUIRE(rows.size() == 7);
    CHECK(rows[0] == "note,smiles,z,y_pred,y_lower,y_upper,reason");
    CHECK(rows[2] == "second,no-molecule,2,,,,parse_error");
    CHECK(rows[3].starts_with("third,,3,,,,empty"));
    CHECK(rows[5] == "fifth,,,,,,ragged_row");
    for (const std::size_t i : {1u, 4u, 6u}) {
        const auto row = cells(rows[i]);
        INFO(rows[i]);
        REQUIRE(row.size() == 7);
        CHECK(std::stod(row[4]) < std::stod(row[3]));
        CHECK(std::stod(row[3]) < std::stod(row[5]));
        CHECK(row[6].empty());
    }
    CHECK(rows[4].starts_with("fourth,c1ccccc1O,=4,"));  // the user's cell, byte for byte
    CHECK(rows[1].substr(rows[1].find("CCO")).substr(5) == rows[6].substr(rows[6].find("CCO")).substr(5));

    const Ended one = molten::program::run({"predict", "--model", (run.out / "best").string(), "--smiles", "CCO"});
    CHECK(one.code == 0);
    CHECK(one.out.starts_with("y: "));
    CHECK(molten::program::run({"predict", "--model", run.out.string(), "--smiles", "C1CC"}).code == 3);

    const Ended eval = molten::program::run({"eval", "--model", run.out.string(), "--data", run.data.string(), "--out", (run.home.path / "m.json").string()});
    INFO(eval.all());
    CHECK(eval.code == 0);
    for (const char* metric : {"rmse", "mae", "r2", "spearman"}) CHECK(eval.out.find(metric) != std::string::npos);
    CHECK(eval.out.find(" 60") != std::string::npos);  // rows
    const io::Json measures = io::parse_json(read_text(run.home.path / "m.json"), "m.json");
    CHECK(io::JsonView(measures, "m.json")[0]["rows"].integer() == 60);
}

TEST_CASE("train: eval's figures are those of the predictions") {
    const Trained run;
    double squares = 0, count = 0;
    for (const std::string& line : lines(read_text(run.out / "predictions.csv"))) {
        const auto row = cells(line);
        if (row[7] != "test") continue;
        squares += (std::stod(row[2]) - std::stod(row[4])) * (std::stod(row[2]) - std::stod(row[4]));
        ++count;
    }
    const io::Json metrics = io::parse_json(read_text(run.out / "metrics.json"), "metrics.json");
    const io::JsonView first = io::JsonView(metrics, "metrics.json")["models"]["molten"][0];
    CHECK(first["metric"].string() == "rmse");
    CHECK(first["value"].number() == doctest::Approx(std::sqrt(squares / count)).epsilon(1e-9));
}

TEST_CASE("featurize: every kind, rows in = rows out") {
    const Home home;
    const fs::path data = home.path / "t.csv", out = home.path / "f.csv";
    write_text(data, "smiles,name\nOCC,a\nc1ccccc1C,b\nxyz,c\nC(C)O,d\n");
    const auto featurized = [&](const Arguments& more) {
        Arguments arguments = {"featurize", "--data", data.string(), "--out", out.string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Ended ended = run(arguments);
        INFO(ended.all());
        REQUIRE(ended.code == 0);
        auto rows = lines(read_text(out));
        REQUIRE(rows.size() == 5);
        CHECK(rows[3].starts_with("xyz,c,"));
        CHECK(rows[3].ends_with(",parse_error"));
        return rows;
    };
    CHECK(featurized({"--kind", "canonical"})[1] == "OCC,a,CCO,");
    const auto keys = featurized({"--kind", "key"});
    CHECK(cells(keys[1])[2] == cells(keys[4])[2]);
    CHECK(cells(keys[1])[2] != cells(keys[2])[2]);
    const auto scaffolds = featurized({"--kind", "scaffold"});
    CHECK(scaffolds[1] == "OCC,a,,");
    CHECK(scaffolds[2] == "c1ccccc1C,b,c1ccccc1,");
    const auto morgan = featurized({"--kind", "morgan", "--fingerprint-bits", "512"});
    CHECK(cells(morgan[1])[2] == cells(morgan[4])[2]);
    CHECK(cells(morgan[1])[2].find(':') != std::string::npos);
    const auto descriptors = featurized({});
    const auto header = cells(descriptors[0]), ethanol = cells(descriptors[1]);
    const auto column = [&](const char* name) { return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin()); };
    CHECK(header.size() > 200);
    REQUIRE(column("NumHDonors") < header.size());
    CHECK(ethanol.at(column("NumHDonors")) == "1");
    CHECK(std::stod(ethanol.at(column("MolWt"))) == doctest::Approx(46.069).epsilon(1e-6));
}

TEST_CASE("doctor finds this machine fit") {
    const Ended ended = run({"doctor"});
    INFO(ended.all());
    CHECK(ended.code == 0);
    CHECK(ended.out.find("RDKit") != std::string::npos);
    CHECK(ended.out.find("PROBLEM") == std::string::npos);
}

TEST_CASE("help: every command with examples, every setting once") {
    const Ended top = run({"--help"});
    CHECK(top.code == 0);
    for (const char* command : {"train", "predict", "eval", "featurize", "doctor"}) {
        CHECK(top.out.find(command) != std::string::npos);
        const Ended help = run({command, "--help"});
        CHECK(help.code == 0);
        CHECK(help.out.find("Examples:") != std::string::npos);
        CHECK(help.out.find(std::string("molten ") + command) != std::string::npos);
    }
    const std::string train = run({"train", "--help"}).out;
    for (const char* flag : {"--data", "--target", "--learning-rate", "--resume", "--overwrite", "--dry-run", "--config", "--ablations", "--split"})
        CHECK(train.find(flag) != std::string::npos);
}

TEST_CASE("train: a dry run says sizes and writes nothing") {
    const Home home;
    const fs::path data = home.path / "t.csv";
    write_text(data, molecule_table(40));
    const Ended ended = run(tiny_training(data, home.path / "run", {"--target", "y", "--dry-run"}));
    INFO(ended.all());
    CHECK(ended.code == 0);
    CHECK(ended.out.find("parameters") != std::string::npos);
    CHECK(ended.out.find("nothing was written") != std::string::npos);
    const auto files = files_below(home.path);
    CHECK(files.size() == 1);
    CHECK_FALSE(fs::exists(home.path / "run"));
}

TEST_CASE("train: the same seed twice, and its own config.toml, give the same bytes, another seed does not") {
    const Trained run;
    const auto first = lasting_files(run.out);
    CHECK(first.size() >= 10);
    const fs::path again = run.home.path / "again", config = run.home.path / "config", other = run.home.path / "other";
    CHECK(molten::program::run(tiny_training(run.data, again, {"--target", "y"})).code == 0);
    check_same_files(first, lasting_files(again));
    CHECK(molten::program::run({"train", "--config", (run.out / "config.toml").string(), "--out", config.string()}).code == 0);
    check_same_files(first, lasting_files(config));
    CHECK(molten::program::run(tiny_training(run.data, other, {"--target", "y", "--seed", "1"})).code == 0);
    CHECK(lasting_files(other).at("best/member_0.safetensors") != first.at("best/member_0.safetensors"));
}

TEST_CASE("train: the number of threads changes no bit") {
    const Home home;
    const fs::path data = home.path / "t.csv";
    write_text(data, molecule_table(80));
    const Arguments settings = {"--target", "y", "--width", "32", "--ensemble", "2", "--baselines", "mean,ridge"};
    std::map<std::string, std::string> first;
    for (const char* threads : {"1", "2", "3"}) {
        const fs::path out = home.path / threads;
        CHECK(run(tiny_training(data, out, settings), {{"MOLTEN_THREADS", threads}}).code == 0);
        if (first.empty()) first = lasting_files(out);
        check_same_files(first, lasting_files(out));
    }
    CHECK(first.contains("best/member_1.safetensors"));
}

TEST_CASE("train: ablations, replicates and several targets of different kinds") {
    const Home home;
    const fs::path data = home.path / "t.csv", out = home.path / "run";
    write_text(data, molecule_table(60));
    const Ended ended = run(tiny_training(data, out, {"--target", "y", "--target", "label", "--ablations", "graph_only,no_gate", "--replicates", "2"}));
    INFO(ended.all());
    REQUIRE(ended.code == 0);
    for (const char* replicate : {"replicate-0", "replicate-1"}) {
        CHECK(fs::exists(out / replicate / "report.html"));
        CHECK(fs::exists(out / replicate / "arms/graph_only/member_0.safetensors"));
        const std::string header = lines(read_text(out / replicate / "predictions.csv")).at(0);
        CHECK(header == "id,smiles,y,label,y_pred,y_lower,y_upper,label_pred,label_lower,label_upper,part,reason");
    }
    CHECK(fs::exists(out / "results.md"));
    const io::Json splits = io::parse_json(read_text(out / "splits.json"), "splits.json");
    CHECK(io::JsonView(splits, "splits.json").size() == 2);
    const Ended predicted = run({"predict", "--model", (out / "replicate-1").string(), "--data", data.string(), "--out", (home.path / "p.csv").string()});
    CHECK(predicted.code == 0);
}

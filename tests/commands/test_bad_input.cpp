#include <doctest/doctest.h>
#include <zlib.h>

#include <functional>
#include <set>

#include "tests/commands/program.h"

using namespace molten;
using namespace molten::program;
namespace fs = std::filesystem;

namespace {

// One thing given wrongly (or unusually: code 0): what comes out and what must be said about it.
struct Case {
    const char* what;
    std::string table;               // content of t.csv; "-": no file
    Arguments flags;                 // behind `train --data t.csv --out run`; the target is y unless it is given
    int code;
    std::vector<std::string> says;   // in stdout or stderr
    Environment environment = {};
    std::string config = {};         // content of c.toml, passed as --config
};

const std::string kGood = molecule_table(40);

// kGood with the cell of a row (1 is the first below the header) and column replaced.
std::string with_cell(std::size_t row, std::size_t column, const std::string& text) {
    std::string result;
    const auto all = lines(kGood);
    for (std::size_t r = 0; r < all.size(); ++r) {
        std::string line = all[r];
        if (r == row) {
            std::size_t begin = 0;
            for (std::size_t c = 0; c < column; ++c) begin = line.find(',', begin) + 1;
            line.replace(begin, std::min(line.find(',', begin), line.size()) - begin, text);
        }
        result += line + "\n";
    }
    return result;
}

// smiles,y and what `more` gives for each number.
std::string made(std::size_t rows, const std::string& header, const std::function<std::string(std::size_t)>& line) {
    std::string result = header + "\n";
    for (std::size_t i = 0; i < rows; ++i) result += line(i) + "\n";
    return result;
}

std::string plain(std::size_t i) { return molecule(i).smiles + "," + std::to_string(molecule(i).heteroatoms + 0.01 * static_cast<double>(i)); }

void check(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
        const Home home;
        const fs::path data = home.path / "t.csv", out = home.path / "run";
        if (one.table != "-") write_text(data, one.table);
        Arguments flags = one.flags;
        bool targeted = false;
        for (const std::string& flag : flags) targeted = targeted || flag == "--target" || flag == "--no-target";
        std::erase(flags, "--no-target");
        if (!targeted && one.config.find("target") == std::string::npos) flags.insert(flags.begin(), {"--target", "y"});
        if (!one.config.empty()) {
            write_text(home.path / "c.toml", one.config);
            flags.insert(flags.end(), {"--config", (home.path / "c.toml").string()});
        }
        for (std::string& flag : flags)
            if (flag.starts_with("@")) flag = (home.path / flag.substr(1)).string();
        const Ended ended = run(tiny_training(data, out, flags), one.environment);
        INFO(std::string(one.what) << "\n" << ended.all());
        CHECK(ended.signal == 0);
        CHECK(ended.code == one.code);
        for (const std::string& text : one.says) {
            INFO("must be said: " << text);
            CHECK(ended.all().find(text) != std::string::npos);
        }
        if (one.code == 2 || one.code == 3) CHECK_FALSE(fs::exists(out / "best/config.json"));
        if (one.code == 0) CHECK(fs::exists(out / "report.html"));
    }
}

}  // namespace

TEST_CASE("bad input: flags") {
    check({
        {"unknown flag", kGood, {"--learnig-rate", "0.1"}, 2, {"--learnig-rate", "Did you mean '--learning-rate'?"}},
        {"flag with no neighbour", kGood, {"--xyzzy"}, 2, {"unknown flag '--xyzzy'", "molten train --help"}},
        {"stray argument", kGood, {"t.csv"}, 2, {"unknown argument 't.csv'"}},
        {"no number", kGood, {"--epochs", "many"}, 2, {"--epochs", "'many'", "a whole number from 0 to 1000000"}},
        {"fraction of an epoch", kGood, {"--epochs", "1.5"}, 2, {"--epochs", "'1.5'"}},
        {"integer out of range", kGood, {"--fingerprint-radius", "9"}, 2, {"--fingerprint-radius", "from 0 to 8"}},
        {"integer past 64 bits", kGood, {"--seed", "99999999999999999999"}, 2, {"--seed"}},
        {"real out of range", kGood, {"--learning-rate", "-1"}, 2, {"--learning-rate", "'-1'"}},
        {"real not finite", kGood, {"--clip", "nan"}, 2, {"--clip", "'nan'"}},
        {"real with a unit", kGood, {"--alpha", "10%"}, 2, {"--alpha", "'10%'"}},
        {"unknown choice, near", kGood, {"--split", "scafold"}, 2, {"--split", "Did you mean 'scaffold'?"}},
        {"unknown choice, far", kGood, {"--features", "qwertz"}, 2, {"'qwertz' is not one of canonical, qm9, molten"}},
        {"unknown gate", kGood, {"--gate", "sharp"}, 2, {"gate 'sharp'", "softmax, sigmoid, top_k or none"}},
        {"unknown ablation", kGood, {"--ablations", "graph_onyl"}, 2, {"Did you mean 'graph_only'?"}},
        {"unknown baseline", kGood, {"--baselines", "random_forrest"}, 2, {"random_forrest", "random_forest"}},
        {"resume what", kGood, {"--resume", "yes"}, 2, {"--resume 'yes' is not auto"}},
        {"heads that do not divide", kGood, {"--width", "10", "--heads", "4"}, 2, {"width 10 is not a multiple of 4 heads"}},
        {"a model of nothing", kGood, {"--no-graph", "--no-fingerprint", "--no-descriptor", "--no-retrieval"}, 2, {"every part is switched off"}},
        {"no target", kGood, {"--no-target"}, 2, {"no target is named", "id, smiles, y, label"}},
    });
    CHECK(run({"trian"}).code == 2);
    CHECK(run({"trian"}).err.find("Did you mean 'train'?") != std::string::npos);
    CHECK(run({"train"}).code == 2);
    CHECK(run({"train"}).err.find("give --data") != std::string::npos);
    CHECK(run({"predict", "--modle", "x"}).code == 2);
    CHECK(run({"featurize", "--data", "x.csv", "--kind", "morgen"}).err.find("Did you mean 'morgan'?") != std::string::npos);
    CHECK(run({}).code == 0);
    CHECK(run({}).out.find("Usage") != std::string::npos);
    CHECK(run({"--version"}).code == 0);
}

TEST_CASE("bad input: configuration file and environment") {
    check({
        {"unknown key", kGood, {}, 2, {"c.toml:2:16", "train.learning_rat", "Did you mean 'train.learning_rate'?"}, {}, "[train]\nlearning_rat = 0.1\n"},
        {"unknown section", kGood, {}, 2, {"c.toml:1:1", "[trian]", "Did you mean 'train'?"}, {}, "[trian]\nepochs = 1\n"},
        {"key outside a section", kGood, {}, 2, {"c.toml:1:10"}, {}, "epochs = 1\n"},
        {"no TOML", kGood, {}, 2, {"c.toml:2:"}, {}, "[train]\nepochs = = 1\n"},
        {"wrong kind", kGood, {}, 2, {"c.toml:2:10", "train.epochs", "'many'"}, {}, "[train]\nepochs = \"many\"\n"},
        {"a list for one value", kGood, {}, 2, {"c.toml:2:10", "takes one value"}, {}, "[train]\nepochs = [1, 2]\n"},
        {"a table for a value", kGood, {}, 2, {"c.toml:2:", "train.epochs"}, {}, "[train]\nepochs = {a = 1}\n"},
        {"no file", kGood, {"--config", "@none.toml"}, 2, {"none.toml", "--config"}},
        {"variable, wrong value", kGood, {}, 2, {"MOLTEN_TRAIN_PATIENCE", "'soon'"}, {{"MOLTEN_TRAIN_PATIENCE", "soon"}}},
        {"variable of no setting", kGood, {}, 2, {"MOLTEN_TRAIN_PATIENC ", "Did you mean 'MOLTEN_TRAIN_PATIENCE'?"}, {{"MOLTEN_TRAIN_PATIENC", "1"}}},
    });
}

TEST_CASE("bad input: files") {
    check({
        {"no such file", "-", {}, 3, {"t.csv: no such file"}},
        {"nearest file", kGood, {"--data", "@t.cvs"}, 3, {"t.cvs: no such file", "Did you mean 't.csv'?"}},
        {"a folder", "-", {"--data", "@"}, 3, {"is a folder"}},
        {"unknown extension", "-", {"--data", "/dev/null"}, 2, {"/dev/null", "extension"}},
        {"empty file", "", {}, 3, {"t.csv", "empty"}},
        {"header only", "id,smiles,y\n", {}, 3, {"'y' has no value in 0 rows"}},
        {"binary file", std::string("PK\x03\x04\0\0\0\0", 8) + std::string(100, '\0'), {}, 3, {"t.csv"}},
        {"open quote", "smiles,y\nCCO,1\n\"CC,2\n", {}, 3, {"t.csv:3"}},
        {"damaged gzip", std::string("\x1F\x8B\x08\0\0\0\0\0\0\0xyz", 13), {}, 6, {"t.csv", "gzip"}},
    });
}

TEST_CASE("bad input: columns and targets") {
    const auto target = [](const std::function<std::string(std::size_t)>& value) {
        return made(40, "smiles,y", [&](std::size_t i) { return molecule(i).smiles + "," + value(i); });
    };
    check({
        {"no such target", kGood, {"--target", "z"}, 3, {"there is no column 'z'", "'id', 'smiles', 'y', 'label'"}},
        {"target, near", kGood, {"--target", "labels"}, 3, {"Did you mean 'label'?"}},
        {"no such SMILES column", kGood, {"--smiles-column", "smile"}, 3, {"Did you mean 'smiles'?"}},
        {"no column named like SMILES", made(30, "structure,y", plain), {}, 3, {"no column is named like SMILES", "structure, y", "--smiles-column"}},
        {"column twice", "smiles,y,y\nCCO,1,2\nCC,2,3\n", {}, 3, {"'y' occurs twice"}},
        {"target of words", target([](std::size_t i) { return "w" + std::to_string(i); }), {}, 3, {"t.csv:2:2", "no cell of the target 'y' is a number"}},
        {"one cell of the target, strict", with_cell(7, 2, "n.d."), {"--strict"}, 3, {"t.csv:8:3", "'n.d.' in the target 'y'"}},
        {"one cell of the target", with_cell(7, 2, "n.d."), {}, 0, {"1 target_not_a_number"}},
        {"decimal comma", target([](std::size_t i) { return "\"" + std::to_string(i) + ",5\""; }), {}, 3, {"t.csv:2:2"}},
        {"censored value, strict", with_cell(3, 2, ">5"), {"--strict"}, 3, {"t.csv:4:3", "bound"}},
        {"unit, strict", with_cell(3, 2, "5 mg"), {"--strict"}, 3, {"t.csv:4:3", "unit"}},
        {"infinite, strict", with_cell(3, 2, "1e999"), {"--strict"}, 3, {"t.csv:4:3", "infinite"}},
        {"constant target", target([](std::size_t) { return "3.5"; }), {}, 3, {"'y' is 3.5 in all of its 40 rows"}},
        {"empty target", target([](std::size_t) { return ""; }), {}, 3, {"'y' has no value in 40 rows"}},
        {"classes asked of numbers", kGood, {"--task", "binary"}, 3, {"'y' has 40 different values"}},
        {"molecules that cannot be read", target([](std::size_t i) { return std::to_string(i) + "\nC1CC,2"; }), {}, 3, {"40 of 80 rows", "--max-rejected", "rejected.csv"}},
        {"all molecules empty", made(30, "smiles,y", [](std::size_t i) { return "," + std::to_string(i); }), {}, 3, {"30 of 30 rows are not used"}},
        {"log of a negative value", target([](std::size_t i) { return std::to_string(static_cast<int>(i) - 20) + ".5"; }), {"--target-transform", "log"}, 3, {"log"}},
    });
}

TEST_CASE("bad input: splits") {
    const auto words = [](const std::function<std::string(std::size_t)>& word) {
        return made(40, "smiles,y,part", [&](std::size_t i) { return plain(i) + "," + word(i); });
    };
    check({
        {"wrong word", words([](std::size_t i) { return i == 4 ? "tset" : i % 4 ? "train" : "test"; }), {"--split", "column", "--split-column", "part"}, 3, {"part:6: 'tset'", "Did you mean 'test'?"}},
        {"no split column named", kGood, {"--split", "column"}, 3, {"column"}},
        {"no such split column", kGood, {"--split", "column", "--split-column", "prat"}, 3, {"there is no column 'prat'"}},
        {"nothing to train on", words([](std::size_t) { return "test"; }), {"--split", "column", "--split-column", "part"}, 3, {"no row of the split column says train"}},
        {"no test part", words([](std::size_t i) { return i % 4 ? "train" : "val"; }), {"--split", "column", "--split-column", "part"}, 0, {"0 test"}},
        {"no validation part", words([](std::size_t i) { return i % 4 ? "train" : "test"; }), {"--split", "column", "--split-column", "part"}, 0, {"no validation part"}},
        {"more folds than molecules", made(12, "smiles,y", plain), {"--split", "kfold", "--folds", "20"}, 2, {"20 folds of 12 different molecules"}},
        {"a fold that is not there", kGood, {"--split", "kfold", "--folds", "4", "--fold", "4"}, 2, {"--fold 4: there are 4"}},
        {"shares of more than all", kGood, {"--train-share", "0.9", "--val-share", "0.3"}, 2, {"share"}},
        {"three rows", made(3, "smiles,y", plain), {}, 3, {"3 rows are too few"}},
        {"one molecule in every row", made(40, "smiles,y", [](std::size_t i) { return "CCO," + std::to_string(i) + ".5"; }), {}, 3, {"part of the split stays empty"}},
        {"no room for a test part", kGood, {"--train-share", "0.99", "--val-share", "0.005"}, 3, {"part of the split stays empty"}},
        {"split file missing", kGood, {"--split", "file", "--split-file", "@none.json"}, 3, {"none.json"}},
        {"split file of something else", kGood, {"--split", "file", "--split-file", "@t.csv"}, 6, {"t.csv"}},
    });
}

TEST_CASE("bad input: numbers that explode") {
    const Home home;
    const fs::path data = home.path / "t.csv", out = home.path / "run";
    write_text(data, kGood);
    // The largest rate that is taken, unclipped: the loss must be caught as soon as it is not finite.
    const Arguments flags = {"--target", "y", "--learning-rate", "10", "--clip", "0", "--epochs", "400", "--layers", "4", "--checkpoint-steps", "1", "--weight-decay", "10", "--warmup", "0"};
    const Ended ended = run(tiny_training(data, out, flags));
    INFO(ended.all());
    CHECK(ended.code == 5);
    const bool named = ended.err.find("the loss is") != std::string::npos || ended.err.find("the gradient of ") != std::string::npos ||
                       ended.err.find("the validation loss is") != std::string::npos;
    CHECK(named);
    CHECK_FALSE(fs::exists(out / "best/member_0.safetensors"));
    CHECK(read_text(out / "metrics.jsonl").find("null") == std::string::npos);
}

TEST_CASE("unusual input that must work") {
    const auto row = [](std::size_t i) { return molecule(i).smiles + "," + std::to_string(molecule(i).heteroatoms + 0.01 * static_cast<double>(i)); };
    const auto third = [](std::size_t i) { return std::string(i % 3 == 0 ? "red" : i % 3 == 1 ? "green" : "blue"); };
    check({
        {"several classes", made(45, "smiles,y", [&](std::size_t i) { return molecule(i).smiles + "," + third(i); }), {}, 0, {"multiclass"}},
        {"a target with missing values", made(45, "smiles,y", [&](std::size_t i) { return i % 3 ? row(i) : molecule(i).smiles + ","; }), {}, 0, {"30 values, 15 missing"}},
        {"regression and classification together, both with gaps", made(45, "smiles,a,b", [&](std::size_t i) { return molecule(i).smiles + "," + (i % 5 ? std::to_string(0.37 * static_cast<double>(i)) : "") + "," + (i % 7 ? std::to_string(i % 2) : ""); }),
         {"--target", "a", "--target", "b"}, 0, {"binary"}},
        {"one class only in validation and test", made(40, "smiles,y,part", [&](std::size_t i) { return molecule(i).smiles + "," + (i < 20 ? std::to_string(i % 2) : "1") + "," + (i < 20 ? "train" : i < 30 ? "val" : "test"); }),
         {"--split", "column", "--split-column", "part"}, 0, {"binary"}},
        {"classes, stratified", made(40, "smiles,y", [&](std::size_t i) { return molecule(i).smiles + "," + std::to_string(i % 2); }), {"--split", "stratified"}, 0, {"binary"}},
        {"scaffold split", molecule_table(120), {"--split", "scaffold"}, 0, {}},
        {"k-fold", kGood, {"--split", "kfold", "--folds", "4", "--fold", "3"}, 0, {}},
        {"a target that must be quoted", made(40, "smiles,\"Tg, \"\"glass\"\" (K)\"", row), {"--target", "Tg, \"glass\" (K)"}, 0, {"Tg, \"glass\" (K)"}},
        {"semicolons", made(40, "smiles;y", [&](std::size_t i) { std::string s = row(i); s[s.find(',')] = ';'; return s; }), {}, 0, {}},
        {"CRLF, byte order mark", "\xEF\xBB\xBF" + made(40, "smiles,y\r", [&](std::size_t i) { return row(i) + "\r"; }), {}, 0, {}},
        {"gzip by content", [&] {
             const std::string text = made(40, "smiles,y", row);
             std::string packed(compressBound(text.size()) + 64, '\0');
             z_stream z{};
             REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
             z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
             z.avail_in = static_cast<uInt>(text.size());
             z.next_out = reinterpret_cast<Bytef*>(packed.data());
             z.avail_out = static_cast<uInt>(packed.size());
             REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
             packed.resize(z.total_out);
             deflateEnd(&z);
             return packed;
         }(), {}, 0, {"40 rows"}},
        {"list flags by comma", kGood, {"--baselines", "mean,knn"}, 0, {"| mean", "| knn"}},
        {"settings from the environment, the command line before them", kGood, {"--epochs", "1"}, 0, {"| graph_only", "| no_gate"},
         {{"MOLTEN_TRAIN_ABLATIONS", "graph_only,no_gate"}, {"MOLTEN_TRAIN_EPOCHS", "1000000"}}},
        {"no gate", kGood, {"--gate", "none"}, 0, {}},
        {"graph alone", kGood, {"--no-fingerprint", "--no-descriptor", "--no-retrieval"}, 0, {}},
        {"intervals of a validation part too small for them", made(20, "smiles,y", row), {"--alpha", "0.05"}, 0, {}},
    });
}

TEST_CASE("unusual input: SMI and SDF") {
    const Home home;
    const fs::path smi = home.path / "m.smi", sdf = home.path / "m.sdf", values = home.path / "v.csv";
    std::string names, table = "name,y\n";
    for (std::size_t i = 0; i < 40; ++i) {
        names += molecule(i).smiles + " m" + std::to_string(i) + "\n";
        table += "m" + std::to_string(i) + "," + std::to_string(molecule(i).heteroatoms + 0.01 * static_cast<double>(i)) + "\n";
    }
    write_text(smi, names);
    write_text(values, table);
    const Ended joined = run(tiny_training(smi, home.path / "a", {"--target", "y", "--join", values.string(), "--join-key", "name"}));
    INFO(joined.all());
    CHECK(joined.code == 0);
    CHECK(joined.out.find("40 rows matched") != std::string::npos);
    // A chain of i + 2 carbons as a mol block; the property is its length.
    std::string blocks;
    for (int i = 0; i < 30; ++i) {
        char line[80];
        blocks += "chain\n  test\n\n";
        std::snprintf(line, sizeof line, "%3d%3d  0  0  0  0  0  0  0  0999 V2000\n", i + 2, i + 1);
        blocks += line;
        for (int a = 0; a < i + 2; ++a) {
            std::snprintf(line, sizeof line, "%10.4f%10.4f%10.4f C   0  0\n", 1.2 * a, a % 2 * 0.7, 0.0);
            blocks += line;
        }
        for (int b = 1; b < i + 2; ++b) {
            std::snprintf(line, sizeof line, "%3d%3d  1  0\n", b, b + 1);
            blocks += line;
        }
        blocks += "M  END\n> <length>\n" + std::to_string(i + 2) + ".5\n\n$$$$\n";
    }
    write_text(sdf, blocks);
    const Ended drawn = run(tiny_training(sdf, home.path / "b", {"--target", "length"}));
    INFO(drawn.all());
    CHECK(drawn.code == 0);
    CHECK(drawn.out.find("all 30 rows are used") != std::string::npos);
    const Ended predicted = run({"predict", "--model", (home.path / "b").string(), "--data", smi.string(), "--out", (home.path / "p.csv").string()});
    CHECK(predicted.code == 0);
    CHECK(lines(read_text(home.path / "p.csv")).size() == 41);
}

TEST_CASE("unusual input: a column name that attacks HTML, the terminal and spreadsheets") {
    const Home home;
    const fs::path data = home.path / "t.csv", out = home.path / "run";
    const std::string name = "<script>alert(1)</script>&\"'";
    write_text(data, made(40, "smiles,\"<script>alert(1)</script>&\"\"'\",=cmd()", [](std::size_t i) { return plain(i) + "," + plain(i + 1).substr(plain(i + 1).find(',') + 1); }));
    const Ended ended = run(tiny_training(data, out, {"--target", name, "--target", "=cmd()"}));
    INFO(ended.all());
    REQUIRE(ended.code == 0);
    const std::string page = read_text(out / "report.html");
    CHECK(page.find("<script>alert") == std::string::npos);
    CHECK(page.find("&lt;script&gt;alert(1)") != std::string::npos);
    const std::string header = lines(read_text(out / "predictions.csv")).at(0);
    CHECK(header.find(",'=cmd()_pred") != std::string::npos);
}

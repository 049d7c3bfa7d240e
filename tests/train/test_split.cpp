#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "engine/core/error.h"
#include "train/data/splitmix.h"
#include "train/data/splits.h"

using namespace molten;
using namespace molten::data;

namespace {

std::vector<std::string> different(std::size_t count) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) keys.push_back(fmt::format("m{}", i));
    return keys;
}

// Each row once, in ascending order.
void check_partition(const Split& split, std::size_t rows) {
    std::vector<std::int64_t> all;
    for (const auto* part : {&split.train, &split.val, &split.test}) {
        CHECK(std::is_sorted(part->begin(), part->end()));
        all.insert(all.end(), part->begin(), part->end());
    }
    std::sort(all.begin(), all.end());
    REQUIRE(all.size() == rows);
    for (std::size_t i = 0; i < rows; ++i) REQUIRE(all[i] == static_cast<std::int64_t>(i));
}

// No label in two parts: told by a plain double loop over a map, not by leak_report.
bool straddles(const Split& split, const std::vector<std::string>& labels) {
    std::map<std::string, std::set<int>> parts;
    for (const auto row : split.train) parts[labels[static_cast<std::size_t>(row)]].insert(0);
    for (const auto row : split.val) parts[labels[static_cast<std::size_t>(row)]].insert(1);
    for (const auto row : split.test) parts[labels[static_cast<std::size_t>(row)]].insert(2);
    return std::any_of(parts.begin(), parts.end(), [](const auto& entry) { return entry.second.size() > 1; });
}

// FNV-1a over part number and index.
std::uint64_t hash_of(const Split& split) {
    std::uint64_t hash = 0xCBF29CE484222325u;
    const auto add = [&](std::uint64_t value) {
        for (int i = 0; i < 8; ++i) hash = (hash ^ ((value >> (8 * i)) & 0xFF)) * 0x100000001B3u;
    };
    std::uint64_t part = 0;
    for (const auto* rows : {&split.train, &split.val, &split.test}) {
        add(part++);
        for (const auto row : *rows) add(static_cast<std::uint64_t>(row));
    }
    return hash;
}

template <class Call>
std::string error_of(ExitCode code, Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return std::string(error.what());
    }
    return "no error";
}

}  // namespace

TEST_CASE("split: SplitMix64 gives the published numbers") {
    SplitMix64 zero(0);
    CHECK(zero.next() == 0xE220A8397B1DCDAFu);
    CHECK(zero.next() == 0x6E789E6AA1B965F4u);
    CHECK(zero.next() == 0x06C45D188009454Fu);
    SplitMix64 other(1234567);
    for (const std::uint64_t expected :
         {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u, 16408922859458223821u})
        CHECK(other.next() == expected);
    // below() is fair: chi-squared of 60,000 draws from 6 stays under the 99.9 % point of 5 degrees of freedom.
    SplitMix64 dice(7);
    std::vector<double> counts(6);
    for (int i = 0; i < 60'000; ++i) ++counts[dice.below(6)];
    double chi = 0;
    for (const double count : counts) chi += (count - 10'000) * (count - 10'000) / 10'000;
    CHECK(chi < 20.5);
    for (int i = 0; i < 1000; ++i) CHECK(dice.below(1) == 0);
}

TEST_CASE("split: random sizes are exact and the same seed gives the same split") {
    for (const std::size_t rows : {10, 100, 1007, 3791}) {
        const auto keys = different(rows);
        const Split split = random_split(keys, {.seed = 1});
        check_partition(split, rows);
        CHECK(split.train.size() == rows * 8 / 10);
        CHECK(split.val.size() == rows * 9 / 10 - rows * 8 / 10);
        CHECK(random_split(keys, {.seed = 1}) == split);
        CHECK(random_split(keys, {.seed = 2}) != split);
    }
    const Split no_test = random_split(different(10), {.train = 0.9, .val = 0.1, .test = 0, .seed = 3});
    CHECK(no_test.test.empty());
    CHECK(no_test.train.size() == 9);
    const Split odd = random_split(different(1000), {.train = 0.7, .val = 0.15, .test = 0.15, .seed = 3});
    CHECK(odd.train.size() == 700);
    CHECK(odd.val.size() == 150);
    // Every row is in the test part about as often as any other.
    std::vector<int> hits(50);
    for (std::uint64_t seed = 0; seed < 2000; ++seed)
        for (const auto row : random_split(different(50), {.seed = seed}).test) ++hits[static_cast<std::size_t>(row)];
    for (const int count : hits) CHECK(std::abs(count - 200) < 65);  // 200 +- 13.4, 4.8 deviations
}

TEST_CASE("split: one split written down") {
    // 1,007 rows where every seventh repeats the molecule of three rows before. A change here breaks every published split.
    auto keys = different(1007);
    for (std::size_t i = 7; i < keys.size(); i += 7) keys[i] = keys[i - 3];
    const Split split = random_split(keys, {.seed = 42});
    CHECK(hash_of(split) == 16902467596561107380u);  // scripts/oracles/random_split.py
    CHECK(split.train.size() == 805);
    CHECK(split.val.size() == 101);
    CHECK(split.test.size() == 101);
    CHECK_FALSE(straddles(split, keys));
}

TEST_CASE("split: equal molecules never straddle, and sizes stay exact where groups permit") {
    std::mt19937_64 random(5);
    for (int round = 0; round < 60; ++round) {
        const std::size_t rows = 40 + random() % 400;
        std::vector<std::string> keys, scaffolds;
        for (std::size_t i = 0; i < rows; ++i) {
            keys.push_back(fmt::format("k{}", random() % (rows / 2)));
            scaffolds.push_back(fmt::format("s{}", random() % 15 * (random() % 15)));
        }
        SplitOptions options{.seed = static_cast<std::uint64_t>(round)};
        const Split by_random = random_split(keys, options);
        check_partition(by_random, rows);
        CHECK_FALSE(straddles(by_random, keys));
        CHECK(by_random.train.size() == rows * 8 / 10);  // many singles: exact
        CHECK(leak_report(by_random, keys).straddling.empty());
        for (const Split& split : k_fold_split(keys, 5, 0.1, options.seed)) {
            check_partition(split, rows);
            CHECK_FALSE(straddles(split, keys));
            CHECK(std::abs(static_cast<double>(split.test.size()) - static_cast<double>(rows) / 5) <= 1);
        }
        std::vector<std::int64_t> classes;
        for (const std::string& key : keys) classes.push_back(std::stoi(key.substr(1)) % 3 == 0);
        const Split stratified = stratified_split(classes, keys, options);
        check_partition(stratified, rows);
        CHECK_FALSE(straddles(stratified, keys));
    }
    // Only pairs and triples: 10 of 100 rows can be made of them, but not by taking what fits.
    std::vector<std::string> pairs;
    for (int i = 0; i < 20; ++i) pairs.insert(pairs.end(), 2, fmt::format("p{}", i));
    for (int i = 0; i < 20; ++i) pairs.insert(pairs.end(), 3, fmt::format("t{}", i));
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const Split split = random_split(pairs, {.seed = seed});
        CHECK(split.test.size() == 10);
        CHECK(split.val.size() == 10);
        CHECK_FALSE(straddles(split, pairs));
    }
}

TEST_CASE("split: where groups forbid the exact size, as much as fits is taken") {
    // One pair and 32 triples: 10 rows cannot be made, 9 and 8 can.
    std::vector<std::string> keys(2, "pair");
    for (int i = 0; i < 32; ++i) keys.insert(keys.end(), 3, fmt::format("t{}", i));
    std::set<std::size_t> sizes;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        const Split split = random_split(keys, {.seed = seed});
        check_partition(split, 98);
        sizes.insert(split.test.size());
        CHECK_FALSE(straddles(split, keys));
    }
    CHECK(sizes.contains(9));
    CHECK(*sizes.begin() >= 8);
    CHECK(*sizes.rbegin() == 9);
}

TEST_CASE("split: stratified parts have each class in its share") {
    std::vector<std::int64_t> classes;
    for (int i = 0; i < 1000; ++i) classes.push_back(i % 20 == 0 ? 1 : i % 50 == 7 ? -1 : 0);
    const Split split = stratified_split(classes, different(1000), {.seed = 9});
    check_partition(split, 1000);
    CHECK(split.test.size() == 100);
    CHECK(split.val.size() == 100);
    const auto positives = [&](const std::vector<std::int64_t>& part) {
        return std::count_if(part.begin(), part.end(), [&](std::int64_t row) { return classes[static_cast<std::size_t>(row)] == 1; });
    };
    CHECK(std::abs(positives(split.test) - 5) <= 1);
    CHECK(std::abs(positives(split.val) - 5) <= 1);
}

TEST_CASE("split: scaffold in DeepChem's order, by hand") {
    // Scaffolds: A rows 0 2 4 6 8, B rows 1 3, C rows 5 7, D row 9. Largest first, ties by the later first row: A, C, B, D.
    // Of ten rows six train, up to eight validate: A (5) trains, C (2) does not fit, 5 + 2 <= 8: validation; B: 5 + 2 + 2 > 8: test; D
    // trains.
    const std::vector<std::string> scaffolds{"A", "B", "A", "B", "A", "C", "A", "C", "A", "D"};
    const SplitOptions options{.train = 0.6, .val = 0.2, .test = 0.2};
    const Split split = scaffold_split(scaffolds, different(10), options);
    CHECK(split.train == std::vector<std::int64_t>{0, 2, 4, 6, 8, 9});
    CHECK(split.val == std::vector<std::int64_t>{5, 7});
    CHECK(split.test == std::vector<std::int64_t>{1, 3});
    CHECK(scaffold_split(scaffolds, different(10), {.train = 0.6, .val = 0.2, .test = 0.2, .seed = 99}) == split);
    // Rows 1 and 5 are one molecule: B and C are one group of four then.
    auto keys = different(10);
    keys[5] = keys[1];
    const Split merged = scaffold_split(scaffolds, keys, {.train = 0.6, .val = 0, .test = 0.4});
    CHECK(merged.test == std::vector<std::int64_t>{1, 3, 5, 7});
    CHECK(error_of(ExitCode::data, [] {
              scaffold_split(std::vector<std::string>(10, "A"), different(10), {});
          }).find("training part of the split stays empty") != std::string::npos);
}

TEST_CASE("split: scaffold balanced") {
    std::mt19937_64 random(11);
    std::vector<std::string> scaffolds;
    for (int i = 0; i < 120; ++i) scaffolds.push_back("big");
    for (int i = 120; i < 1000; ++i) scaffolds.push_back(fmt::format("s{}", random() % 300));
    const auto keys = different(1000);
    std::set<std::vector<std::int64_t>> tests;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Split split = scaffold_balanced_split(scaffolds, keys, {.seed = seed});
        check_partition(split, 1000);
        CHECK_FALSE(straddles(split, scaffolds));
        CHECK(std::binary_search(split.train.begin(), split.train.end(), 0));  // larger than half of a part: trained on
        CHECK(split.train.size() == 800);
        CHECK(split.val.size() == 100);
        tests.insert(split.test);
        CHECK(scaffold_balanced_split(scaffolds, keys, {.seed = seed}) == split);
    }
    CHECK(tests.size() == 20);
    const Split no_test = scaffold_balanced_split(scaffolds, keys, {.train = 0.9, .val = 0.1, .test = 0, .seed = 1});
    CHECK(no_test.test.empty());
}

TEST_CASE("split: by column, with a report of what leaks") {
    const std::vector<std::string> words{"train", " Training ", "VAL", "valid", "dev", "test", "validation"};
    const std::vector<std::uint64_t> numbers{2, 3, 4, 5, 6, 7, 8};
    const Split split = column_split(words, numbers, "t.csv");
    CHECK(split.train == std::vector<std::int64_t>{0, 1});
    CHECK(split.val == std::vector<std::int64_t>{2, 3, 4, 6});
    CHECK(split.test == std::vector<std::int64_t>{5});
    CHECK(error_of(ExitCode::data, [&] {
              column_split(std::vector<std::string>{"train", "tset"}, std::vector<std::uint64_t>{2, 3}, "t.csv");
          }) == "t.csv:3: 'tset' names no part of a split. Did you mean 'test'?");
    CHECK(error_of(ExitCode::data, [&] {
              column_split(std::vector<std::string>{"test"}, std::vector<std::uint64_t>{2}, "t.csv");
          }).find("no row") != std::string::npos);
    const std::vector<std::string> keys{"a", "b", "a", "c", "c", "b", "c"};
    const LeakReport report = leak_report(split, keys);
    CHECK(report.duplicate_keys == 3);
    CHECK(report.duplicate_rows == 7);
    CHECK(report.straddling == std::vector<std::string>{"a", "b"});
    CHECK(report.leaked_rows == 2);
    CHECK(report.text().find("LEAK: 2 of them in several parts, 2 rows") != std::string::npos);
    CHECK(leak_report(split, different(7)).text() == "no molecule occurs twice");
    CHECK(leak_report({{0, 1}, {2}, {}}, std::vector<std::string>{"a", "a", "b"}).text() ==
          "1 molecule occurs more than once (2 rows), each kept in one part");
}

TEST_CASE("split: k folds test every row once") {
    const auto splits = k_fold_split(different(103), 5, 0.1, 4);
    REQUIRE(splits.size() == 5);
    std::set<std::int64_t> tested;
    for (const Split& split : splits) {
        check_partition(split, 103);
        CHECK((split.test.size() == 20 || split.test.size() == 21));
        CHECK(split.val.size() == 8);
        tested.insert(split.test.begin(), split.test.end());
    }
    CHECK(tested.size() == 103);
    CHECK(k_fold_split(different(103), 5, 0.1, 4) == splits);
    CHECK(error_of(ExitCode::usage, [] { k_fold_split(different(5), 6, 0.1, 0); }).find("6 folds of 5") == 0);
    CHECK(error_of(ExitCode::usage, [] { k_fold_split(different(5), 1, 0.1, 0); }).find("1 folds") == 0);
    CHECK(k_fold_split(different(4), 4, 0, 0)[3].test.size() == 1);
}

TEST_CASE("split: wrong shares and too few rows") {
    CHECK(error_of(ExitCode::usage, [] { random_split(different(10), {.train = 0.8, .val = 0.3, .test = 0.1}); }).find("add up to 1.2") !=
          std::string::npos);
    CHECK(error_of(ExitCode::usage, [] {
              random_split(different(10), {.train = 1.2, .val = -0.1, .test = -0.1});
          }).find("not between 0 and 1") != std::string::npos);
    CHECK(error_of(ExitCode::data, [] { random_split(different(3), {}); }) ==
          "3 rows are too few: the validation part of the split stays empty");
    CHECK(error_of(ExitCode::data, [] { random_split({}, {}); }).find("0 rows are too few") == 0);
}

TEST_CASE("split: rows of a subset") {
    const Split mapped = map_rows({{0, 2}, {1}, {3}}, std::vector<std::int64_t>{5, 7, 1, 9});
    CHECK(mapped == Split{{1, 5}, {7}, {9}});
}

TEST_CASE("split: chemprop's splits.json both ways") {
    const auto path = std::filesystem::temp_directory_path() / ("molten_splits_" + std::to_string(::getpid()) + ".json");
    const std::vector<Split> splits{{{0, 1, 2}, {3}, {4, 5}}, {{5, 4}, {}, {0}}};
    write_splits(path, splits);
    std::ifstream in(path);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    CHECK(text == "[{\"train\":[0,1,2],\"val\":[3],\"test\":[4,5]},{\"train\":[5,4],\"val\":[],\"test\":[0]}]\n");
    const auto back = read_splits(path, 6);
    CHECK(back[0] == splits[0]);
    CHECK(back[1] == Split{{4, 5}, {}, {0}});
    std::filesystem::remove(path);

    CHECK(parse_splits(R"([{"train": "0-3,7", "val": "4", "test": "8-9, 5-6"}])", "s", 10)[0] == Split{{0, 1, 2, 3, 7}, {4}, {5, 6, 8, 9}});
    CHECK(parse_splits(R"([{"train": [2, 0], "val": "1"}])", "s", 3)[0] == Split{{0, 2}, {1}, {}});
    CHECK(parse_splits(R"([{"train": [0], "val": "", "test": null}])", "s", 3)[0] == Split{{0}, {}, {}});
    const auto refused = [](const std::string& json) { return error_of(ExitCode::data, [&] { parse_splits(json, "s", 10); }); };
    CHECK(refused(R"([{"train": [0, 10]}])").find("row 10 is not among the 10 rows") != std::string::npos);
    CHECK(refused(R"([{"train": [-1]}])").find("row -1") != std::string::npos);
    CHECK(refused(R"([{"train": "0-9223372036854775807"}])").find("not among") != std::string::npos);
    CHECK(refused(R"([{"train": "0-99999999999999999999"}])").find("no row number") != std::string::npos);
    CHECK(refused(R"([{"train": "5-2"}])").find("runs backwards") != std::string::npos);
    CHECK(refused(R"([{"train": "1,,2"}])").find("no row number") != std::string::npos);
    CHECK(refused(R"([{"train": "-3"}])").find("no row number") != std::string::npos);
    CHECK(refused(R"([{"train": "1-2-3"}])").find("no row number") != std::string::npos);
    CHECK(refused(R"([{"train": "0-9,0-9"}])").find("more indices than rows") != std::string::npos);
    CHECK(refused(R"([{"train": [0, 1], "val": [1]}])").find("row 1 occurs twice") != std::string::npos);
    CHECK(refused(R"([{"train": [0], "tset": [1]}])").find("unknown part 'tset'") != std::string::npos);
    CHECK(refused(R"([{"val": [0]}])").find("no training rows") != std::string::npos);
    CHECK(refused(R"([])").find("no split") != std::string::npos);
    CHECK(refused(R"({"train": [0]})") != "no error");
    CHECK(refused(R"([{"train": [0.5]}])") != "no error");
    CHECK(refused(R"([[0]])") != "no error");
    CHECK(error_of(ExitCode::corrupt, [] { parse_splits("[{\"train\": [0}", "s", 10); }) != "no error");
}

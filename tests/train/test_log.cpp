#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "engine/core/error.h"
#include "engine/io/json.h"
#include "tests/train/temporary_directory.h"
#include "train/log/metrics_log.h"
#include "train/log/run_log.h"

using namespace molten;
using namespace molten::log;

namespace {

MetricsRecord record(int epoch, double loss) {
    return {{{"arm", "molten"}}, {{"member", 0}, {"epoch", epoch}}, {{"train_loss", loss}, {"gate_graph", 0.25}}};
}

ExitCode failure_of(const std::filesystem::path& directory, const MetricsPosition& position) {
    try {
        MetricsLog log(directory, position);
    } catch (const Error& error) {
        CHECK_FALSE(error.hint().empty());
        CHECK(std::string(error.what()).find("metrics.") != std::string::npos);
        return error.code();
    }
    return ExitCode::ok;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

}  // namespace

TEST_CASE("metrics log: both files, byte by byte") {
    TemporaryDirectory directory;
    MetricsLog log(directory.path, {});
    log.write(record(0, 0.5));
    log.write(record(1, 0.1));
    log.sync();
    CHECK(file_bytes(directory.path / "metrics.csv") ==
          "arm,member,epoch,train_loss,gate_graph\nmolten,0,0,0.5,0.25\nmolten,0,1,0.1,0.25\n");
    CHECK(file_bytes(directory.path / "metrics.jsonl") ==
          "{\"arm\":\"molten\",\"member\":0,\"epoch\":0,\"train_loss\":0.5,\"gate_graph\":0.25}\n"
          "{\"arm\":\"molten\",\"member\":0,\"epoch\":1,\"train_loss\":0.1,\"gate_graph\":0.25}\n");
    CHECK(log.position().csv_bytes == file_bytes(directory.path / "metrics.csv").size());
    CHECK(log.position().jsonl_bytes == file_bytes(directory.path / "metrics.jsonl").size());
}

TEST_CASE("metrics log: resumed after any record it ends with the same bytes as one that was never stopped") {
    TemporaryDirectory whole;
    {
        MetricsLog log(whole.path, {});
        for (int e = 0; e < 5; ++e) log.write(record(e, 1.0 / (e + 3)));
    }
    for (int stop = 0; stop <= 5; ++stop) {
        TemporaryDirectory part;
        MetricsPosition position;
        {
            MetricsLog log(part.path, {});
            for (int e = 0; e < stop; ++e) log.write(record(e, 1.0 / (e + 3)));
            position = log.position();
            log.write(record(stop, 99));  // after the checkpoint: must vanish
        }
        std::ofstream(part.path / "metrics.csv", std::ios::app) << "molten,0,half a li";  // the write that the kill interrupted
        std::ofstream(part.path / "metrics.jsonl", std::ios::app) << "{\"arm\":\"mol";
        {
            MetricsLog log(part.path, position);
            CHECK(log.position().csv_bytes == position.csv_bytes);
            for (int e = stop; e < 5; ++e) log.write(record(e, 1.0 / (e + 3)));
        }
        CAPTURE(stop);
        CHECK(file_bytes(part.path / "metrics.csv") == file_bytes(whole.path / "metrics.csv"));
        CHECK(file_bytes(part.path / "metrics.jsonl") == file_bytes(whole.path / "metrics.jsonl"));
    }
}

TEST_CASE("metrics log: a file shorter than the checkpoint says is corrupt, and is left as it is") {
    TemporaryDirectory directory;
    MetricsPosition position;
    {
        MetricsLog log(directory.path, {});
        log.write(record(0, 0.5));
        position = log.position();
    }
    const std::string csv = file_bytes(directory.path / "metrics.csv"), jsonl = file_bytes(directory.path / "metrics.jsonl");
    CHECK(failure_of(directory.path, {position.jsonl_bytes + 1, position.csv_bytes}) == ExitCode::corrupt);
    CHECK(failure_of(directory.path, {position.jsonl_bytes, position.csv_bytes + 1}) == ExitCode::corrupt);
    CHECK(file_bytes(directory.path / "metrics.csv") == csv);
    CHECK(file_bytes(directory.path / "metrics.jsonl") == jsonl);
    std::filesystem::remove(directory.path / "metrics.csv");
    CHECK(failure_of(directory.path, position) == ExitCode::corrupt);
}

TEST_CASE("metrics log: columns of the first record hold, also after a resume") {
    TemporaryDirectory directory;
    MetricsPosition position;
    {
        MetricsLog log(directory.path, {});
        log.write(record(0, 0.5));
        position = log.position();
    }
    MetricsLog log(directory.path, position);
    MetricsRecord other = record(1, 0.5);
    other.numbers.pop_back();
    CHECK_THROWS_AS(log.write(other), Error);
    other = record(1, 0.5);
    std::swap(other.numbers[0], other.numbers[1]);
    CHECK_THROWS_AS(log.write(other), Error);
    CHECK(log.position().csv_bytes == position.csv_bytes);
    CHECK(file_bytes(directory.path / "metrics.csv").size() == position.csv_bytes);
    log.write(record(1, 0.25));
    CHECK(lines_of(file_bytes(directory.path / "metrics.csv")).back() == "molten,0,1,0.25,0.25");
}

TEST_CASE("metrics log: NaN, infinities, quotes and line ends") {
    TemporaryDirectory directory;
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    MetricsPosition position;
    {
        MetricsLog log(directory.path, {});
        log.write({{{"text, \"a\"", "x\"y,\nz"}}, {}, {{"a", nan}, {"b", infinity}, {"c", -0.0}, {"d", 1e-300}}});
        position = log.position();
    }
    CHECK(file_bytes(directory.path / "metrics.csv") == "\"text, \"\"a\"\"\",a,b,c,d\n\"x\"\"y,\nz\",,,-0,1e-300\n");
    const io::Json json = io::parse_json(file_bytes(directory.path / "metrics.jsonl"), "metrics.jsonl");
    CHECK(json.find("a")->is_null());
    CHECK(json.find("b")->is_null());
    CHECK(*json.find("d")->as_real() == 1e-300);
    CHECK(*json.find("text, \"a\"")->as_string() == "x\"y,\nz");
    MetricsLog log(directory.path, position);
    log.write({{{"text, \"a\"", ""}}, {}, {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}}});
    CHECK(lines_of(file_bytes(directory.path / "metrics.csv")).back() == ",1,2,3,4");
}

TEST_CASE("metrics log: every double comes back bit by bit") {
    TemporaryDirectory directory;
    const std::vector<double> values = {0.1, 1.0 / 3, 1e22, 123456789012345680.0, 5e-324, 1.7976931348623157e308, -2.5, 3};
    MetricsLog log(directory.path, {});
    for (const double v : values) log.write({{}, {{"n", 7}}, {{"v", v}}});
    const auto csv = lines_of(file_bytes(directory.path / "metrics.csv")), jsonl = lines_of(file_bytes(directory.path / "metrics.jsonl"));
    REQUIRE(csv.size() == values.size() + 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
        CHECK(std::strtod(csv[i + 1].substr(2).c_str(), nullptr) == values[i]);
        const io::Json json = io::parse_json(jsonl[i], "line");
        CHECK(io::JsonView(json, "line")["v"].number() == values[i]);
    }
}

TEST_CASE("run log: time and level before each line, appended over runs") {
    TemporaryDirectory directory;
    const auto path = directory.path / "run.log";
    RunLog(path).note("first");
    RunLog(path).note("| a | b |\n\n| c | d |\n");
    RunLog().note("nowhere");
    const auto lines = lines_of(file_bytes(path));
    REQUIRE(lines.size() == 3);
    for (const std::string& line : lines) {  // "2024-05-01 12:00:00 note    first"
        std::string shape = line.substr(0, 20);
        std::replace_if(
            shape.begin(), shape.end(), [](char c) { return c >= '0' && c <= '9'; }, '0');
        CHECK(shape == "0000-00-00 00:00:00 ");
        CHECK(line.substr(20, 8) == "note    ");
    }
    CHECK(lines[0].substr(28) == "first");
    CHECK(lines[1].substr(28) == "| a | b |");
    CHECK(lines[2].substr(28) == "| c | d |");
}

TEST_CASE("durations for people") {
    const std::vector<std::pair<double, std::string>> table = {{0, "0 ms"},
                                                               {0.0004, "0 ms"},
                                                               {0.85, "850 ms"},
                                                               {0.9994, "999 ms"},
                                                               {0.9996, "1.0 s"},
                                                               {12.34, "12.3 s"},
                                                               {59.94, "59.9 s"},
                                                               {59.96, "1 min 00 s"},
                                                               {245, "4 min 05 s"},
                                                               {3599.4, "59 min 59 s"},
                                                               {3599.6, "1 h 00 min"},
                                                               {7800, "2 h 10 min"},
                                                               {360000, "100 h 00 min"},
                                                               {-1, "?"},
                                                               {std::nan(""), "?"},
                                                               {HUGE_VAL, "?"}};
    for (const auto& [seconds, text] : table) CHECK_MESSAGE(human_duration(seconds) == text, seconds);
}

TEST_CASE("sizes and counts for people") {
    const std::vector<std::pair<double, std::string>> sizes = {
        {0, "0 B"},        {1023, "1023 B"},        {1024, "1.0 KiB"},   {1536, "1.5 KiB"},  {1048575, "1.0 MiB"}, {12897485, "12.3 MiB"},
        {5e12, "4.5 TiB"}, {5e18, "4547473.5 TiB"}, {-2048, "-2.0 KiB"}, {std::nan(""), "?"}};
    for (const auto& [bytes, text] : sizes) CHECK_MESSAGE(human_bytes(bytes) == text, bytes);
    const std::vector<std::pair<double, std::string>> counts = {
        {0, "0"},          {999, "999"}, {1000, "1,000"},         {1234567, "1,234,567"},
        {-1234, "-1,234"}, {-0.3, "0"},  {999999.6, "1,000,000"}, {HUGE_VAL, "?"}};
    for (const auto& [count, text] : counts) CHECK_MESSAGE(human_count(count) == text, count);
}

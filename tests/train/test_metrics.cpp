#include <doctest/doctest.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/core/error.h"
#include "train/metrics/metrics.h"

namespace {

using namespace molten::metrics;
using nlohmann::json;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

const json& golden() {
    static const json g = json::parse(std::ifstream("tests/train/golden/metrics.json"));
    return g;
}

std::vector<double> numbers(const json& values) {
    std::vector<double> v;
    for (const auto& x : values) v.push_back(x.is_null() ? not_a_number : x.get<double>());
    return v;
}

Task task_of(const std::string& name) {
    return name == "regression" ? Task::regression : name == "binary" ? Task::binary : Task::multiclass;
}

Score binary(Score (*metric)(const Sample&), std::vector<double> y, std::vector<double> f) { return metric({y, f, {}, Task::binary}); }

Score regression(Score (*metric)(const Sample&), std::vector<double> y, std::vector<double> f, std::vector<std::uint8_t> mask = {}) {
    return metric({y, f, mask});
}

}  // namespace

TEST_CASE("metrics golden: every metric equals scikit-learn and scipy, and is undefined where they have no value") {
    std::map<std::string, int> checked;
    for (const auto& c : golden()["metrics"]) {
        const auto target = numbers(c["target"]), prediction = numbers(c["prediction"]);
        const Task task = task_of(c["task"]);
        const Sample sample{target, prediction, {}, task, c["classes"].get<int>()};
        CHECK(c["expected"].size() == metrics_of(task).size());
        for (const auto* metric : metrics_of(task)) {
            const auto score = metric->compute(sample);
            const auto& expected = c["expected"][std::string(metric->name)];
            CAPTURE(c["task"].get<std::string>());
            CAPTURE(c["name"].get<std::string>());
            CAPTURE(metric->name);
            CAPTURE(score.reason);
            REQUIRE(score.value.has_value() == !expected.is_null());
            CHECK(score.reason.empty() == score.value.has_value());
            if (!score.value) continue;
            // With an offset of 1e9 the data themselves carry 1e-7 / 1; both sides round differently below that.
            const double tolerance = c["name"] == "large offset" ? 1e-7 : 1e-12;
            CHECK(std::abs(*score.value - expected.get<double>()) <= tolerance * std::max(1.0, std::abs(expected.get<double>())));
            ++checked[std::string(metric->name)];
        }
    }
    for (const auto& metric : all()) CHECK_MESSAGE(checked[std::string(metric.name)] >= 2, metric.name);
}

TEST_CASE("metrics: values worked by hand") {
    CHECK(*regression(mae, {1, 2, 4}, {1, 4, 3}).value == doctest::Approx(1.0));
    CHECK(*regression(rmse, {0, 0}, {3, 4}).value == doctest::Approx(std::sqrt(12.5)));
    CHECK(*regression(r2, {1, 2, 3}, {1, 2, 3}).value == 1);
    CHECK(*regression(r2, {1, 2, 3}, {2, 2, 2}).value == 0);
    CHECK(*binary(roc_auc, {0, 0, 1, 1}, {0.1, 0.4, 0.35, 0.8}).value == doctest::Approx(0.75));
    CHECK(*binary(roc_auc, {0, 1, 0, 1}, {0.5, 0.5, 0.5, 0.5}).value == 0.5);
    CHECK(*binary(pr_auc, {0, 0, 1, 1}, {0.1, 0.4, 0.35, 0.8}).value == doctest::Approx(0.5 + 0.5 * 2 / 3));
    CHECK(*binary(ece, {1, 0, 1, 1}, {0.9, 0.9, 0.9, 0.9}).value == doctest::Approx(0.15));
    CHECK(*regression(kendall, {1, 2, 3, 4}, {1, 3, 2, 4}).value == doctest::Approx(4.0 / 6));
    const auto ranks = average_ranks(std::vector<double>{3, 1, 3, 2});
    CHECK(ranks == std::vector<double>{3.5, 1, 3.5, 2});
}

TEST_CASE("metrics: masked and missing rows are left out and may hold anything") {
    const double infinity = std::numeric_limits<double>::infinity();
    const auto score = regression(mae, {1, not_a_number, infinity, 2}, {2, not_a_number, not_a_number, 4}, {1, 1, 0, 1});
    REQUIRE(score.value);
    CHECK(*score.value == 1.5);
    CHECK(score.rows == 2);
    for (const auto& metric : all()) {
        const Task task = metric.regression ? Task::regression : Task::binary;
        const std::vector<double> y{not_a_number, not_a_number}, f{0.2, 0.3};
        const auto nothing = metric.compute({y, f, {}, task});
        CHECK_FALSE(nothing.value);
        CHECK(nothing.reason == "no row has a measured target");
    }
}

TEST_CASE("metrics: what has no value says why") {
    CHECK(binary(roc_auc, {1, 1}, {0.2, 0.3}).reason == "only one class is measured");
    CHECK(regression(r2, {2, 2}, {1, 3}).reason == "the target is constant");
    CHECK(regression(spearman, {1, 2}, {3, 3}).reason == "the prediction is constant");
    CHECK(regression(mae, {1, 2}, {3, not_a_number}).reason == "the prediction of row 1 is not a finite number");
    CHECK(binary(log_loss, {1, 0}, {1.2, 0.1}).reason == "needs probabilities, but there is a prediction of 1.2");
    CHECK(regression(rmse, {1e200, 1}, {-1e200, 1}).reason == "the values are too large for double precision");
    CHECK_FALSE(binary(mcc, {1, 0}, {0.1, 0.2}).value);
    const std::vector<double> y{0, 1}, rows_of_half{0.5, 0.4, 0.5, 0.5};
    CHECK_FALSE(log_loss({y, rows_of_half, {}, Task::multiclass, 2}).value);
}

TEST_CASE("metrics: a sample that does not fit is refused") {
    CHECK_THROWS_AS(regression(mae, {1, 2}, {1}), molten::Error);
    CHECK_THROWS_AS(regression(mae, {1, 2}, {1, 2}, {1}), molten::Error);
    CHECK_THROWS_AS(regression(mae, {std::numeric_limits<double>::infinity()}, {1}), molten::Error);
    CHECK_THROWS_AS(binary(roc_auc, {0.5, 1}, {0.1, 0.2}), molten::Error);
    CHECK_THROWS_AS(binary(mae, {0, 1}, {0.1, 0.2}), molten::Error);
    const std::vector<double> y{3}, p{0.2, 0.3, 0.5};
    CHECK_THROWS_AS(accuracy({y, p, {}, Task::multiclass, 3}), molten::Error);
}

TEST_CASE("metrics: names are found, wrong ones get the nearest or the task that lacks them") {
    CHECK(find("roc_auc", Task::binary).larger_is_better);
    CHECK_FALSE(find("rmse", Task::regression).larger_is_better);
    CHECK(default_metric(Task::multiclass).name == "log_loss");
    const auto message = [](std::string_view name, Task task) -> std::string {
        try {
            find(name, task);
        } catch (const molten::Error& e) {
            CHECK(e.code() == molten::ExitCode::usage);
            return e.what();
        }
        return "found";
    };
    CHECK(message("roc_uac", Task::binary).find("'roc_auc'") != std::string::npos);
    CHECK(message("rmse", Task::binary) == "metric rmse does not exist for binary classification");
    for (Task task : {Task::regression, Task::binary, Task::multiclass})
        for (const auto* metric : metrics_of(task)) CHECK(&find(metric->name, task) == metric);
}

TEST_CASE("metrics: the mean over targets leaves out undefined ones and says so") {
    const std::vector<Score> scores{{1.0, "", 5}, {std::nullopt, "only one class is measured", 4}, {3.0, "", 6}};
    const auto mean = mean_score(scores);
    CHECK(*mean.value == 2);
    CHECK(mean.reason == "mean of 2 of 3 targets, the others are undefined");
    CHECK_FALSE(mean_score(std::span(scores).subspan(1, 1)).value);
}

TEST_CASE("metrics: curves start and end where they must and enclose the area of the score") {
    const std::vector<double> y{0, 0, 1, 1, 0, 1}, p{0.1, 0.4, 0.35, 0.8, 0.4, 0.4};
    const Sample sample{y, p, {}, Task::binary};
    const auto roc = roc_curve(sample);
    CHECK(roc.front().x == 0);
    CHECK(roc.front().y == 0);
    CHECK(roc.back().x == 1);
    CHECK(roc.back().y == 1);
    double area = 0;
    for (std::size_t i = 1; i < roc.size(); ++i) area += (roc[i].x - roc[i - 1].x) * (roc[i].y + roc[i - 1].y) / 2;
    CHECK(area == doctest::Approx(*roc_auc(sample).value).epsilon(1e-12));
    const auto curve = precision_recall_curve(sample);
    double recalled = 0, average = 0;
    for (const auto& point : curve) {
        average += (point.x - recalled) * point.y;
        recalled = point.x;
    }
    CHECK(average == doctest::Approx(*pr_auc(sample).value).epsilon(1e-12));
    const std::vector<double> zeros(6);
    CHECK(roc_curve({zeros, p, {}, Task::binary}).empty());
}

// CrabNet's published folds were scored elsewhere. Their predictions are not at hand, but the mean absolute deviation, the error of
// predicting the mean, needs the measured values alone; steels is the task whose folds are complete here.
TEST_CASE("metrics golden: mean absolute deviation of the matbench steels folds") {
    const char* data_variable = std::getenv("MOLTEN_DATA");
    const char* golden_variable = std::getenv("MOLTEN_GOLDEN");
    const std::filesystem::path data = data_variable ? data_variable : "../shared/data";
    const std::filesystem::path reference =
        std::filesystem::path(golden_variable ? golden_variable : "../shared/golden") / "crabnet_matbench_metrics.json";
    if (!std::filesystem::exists(reference) || !std::filesystem::exists(data / "materials/matbench")) {
        MESSAGE("SKIPPED: no " << reference.string() << " or no materials/matbench in " << data.string());
        return;
    }
    const auto expected = json::parse(std::ifstream(reference));
    std::map<int, std::vector<double>> folds;
    gzFile stream = gzopen((data / "materials/matbench/steels.csv.gz").c_str(), "rb");
    REQUIRE(stream);
    char line[4096];
    for (int row = 0; gzgets(stream, line, sizeof line); ++row) {
        if (row == 0) continue;
        std::stringstream text(line);
        std::string composition, target, fold;
        std::getline(text, composition, ',');
        std::getline(text, target, ',');
        std::getline(text, fold, ',');
        folds[std::stoi(fold)].push_back(std::stod(target));
    }
    gzclose(stream);
    int compared = 0;
    const auto published = json::parse(std::ifstream(reference));
    for (const auto& record : published["steels_yield"]) {
        const auto& y = folds[record["fold"].get<int>()];
        double mean = 0;
        for (double v : y) mean += v / static_cast<double>(y.size());
        const std::vector<double> f(y.size(), mean);
        CAPTURE(record["fold"].get<int>());
        CHECK(y.size() == record["n"].get<std::size_t>());
        CHECK(*mae({y, f}).value == doctest::Approx(record["mad"].get<double>()).epsilon(1e-6));  // published as float32
        ++compared;
    }
    CHECK(compared == 5);
}

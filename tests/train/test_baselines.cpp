#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/core/error.h"
#include "train/baselines/boosting.h"
#include "train/baselines/cholesky.h"
#include "train/baselines/forest.h"
#include "train/baselines/knn.h"
#include "train/baselines/linear.h"
#include "train/baselines/problem.h"
#include "train/baselines/svm.h"
#include "train/baselines/tanimoto.h"

namespace {

using namespace molten::baselines;
using molten::metrics::Task;
using nlohmann::json;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

const json& golden() {
    static const json g = json::parse(std::ifstream("tests/train/golden/metrics.json"));
    return g;
}

std::vector<double> numbers(const json& values) { return values.get<std::vector<double>>(); }

std::vector<std::size_t> range(std::size_t begin, std::size_t end) {
    std::vector<std::size_t> rows(end - begin);
    std::iota(rows.begin(), rows.end(), begin);
    return rows;
}

// Owns what a Problem views.
struct Data {
    std::vector<double> x, y;
    std::vector<std::uint64_t> bits;
    std::vector<std::uint8_t> mask;
    std::vector<std::int64_t> keys;
    std::vector<std::size_t> train, validation;
    std::size_t rows = 0, columns = 0, words = 0, targets = 1;
    Task task = Task::regression;
    int classes = 2, threads = 0;
    std::uint64_t seed = 0;

    Problem problem() const {
        Problem p;
        p.rows = rows;
        p.descriptors = x;
        p.descriptor_count = columns;
        p.fingerprints = bits;
        p.fingerprint_words = words;
        p.targets = y;
        p.target_count = targets;
        p.mask = mask;
        p.train = train;
        p.validation = validation;
        p.keys = keys;
        p.task = task;
        p.classes = classes;
        p.seed = seed;
        p.threads = threads;
        return p;
    }
};

Prediction run_named(const char* name, const Data& d) { return run(find(name), d.problem()); }

double rmse(const std::vector<double>& f, const Data& d, std::size_t from) {
    double sum = 0;
    for (std::size_t row = from; row < d.rows; ++row) sum += (f[row] - d.y[row]) * (f[row] - d.y[row]);
    return std::sqrt(sum / static_cast<double>(d.rows - from));
}

class SplitMix64 {  // as in scripts/oracles/metrics.py
  public:
    explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
    double uniform() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
    }
    double noise() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += uniform();
        return sum;
    }

  private:
    std::uint64_t state_;
};

Data friedman(std::uint64_t seed, std::size_t rows, std::size_t train) {
    Data d;
    SplitMix64 random(seed);
    d.rows = rows;
    d.columns = 10;
    for (std::size_t i = 0; i < rows; ++i) {
        double x[10];
        for (double& v : x) v = random.uniform();
        const double noise = random.noise();
        d.x.insert(d.x.end(), x, x + 10);
        d.y.push_back(10 * std::sin(std::acos(-1.0) * x[0] * x[1]) + 20 * (x[2] - 0.5) * (x[2] - 0.5) + 10 * x[3] + 5 * x[4] + noise);
    }
    d.train = range(0, train);
    return d;
}

Data bit_data(std::uint64_t seed, std::size_t rows, std::size_t train) {
    Data d;
    SplitMix64 random(seed);
    d.rows = rows;
    d.words = 4;
    d.bits.resize(rows * 4);
    for (std::size_t i = 0; i < rows; ++i) {
        double y = 0;
        bool set[256];
        for (std::size_t j = 0; j < 256; ++j) {
            set[j] = random.uniform() < 0.5 / (1 + static_cast<double>(j) / 16);
            if (set[j]) d.bits[i * 4 + j / 64] |= std::uint64_t{1} << (j % 64);
            if (set[j]) y += (j % 2 ? 1 : -1) / (1 + static_cast<double>(j) / 8);
        }
        d.y.push_back(y + 2 * (set[0] && set[1]) + 0.3 * random.noise());
    }
    d.train = range(0, train);
    return d;
}

}  // namespace

TEST_CASE("baselines: Tanimoto neighbours equal the definition, bit by bit") {
    for (std::size_t words : {1u, 3u, 8u, 33u}) {  // with and without a remainder of eight words
        SplitMix64 random(words);
        const std::size_t queries = 37, references = 301, k = 5;
        const auto make = [&](std::size_t rows) {
            std::vector<std::uint64_t> bits(rows * words);
            for (auto& w : bits)
                for (int b = 0; b < 64; ++b) w |= std::uint64_t{random.uniform() < 0.1} << b;
            return bits;
        };
        auto q = make(queries), r = make(references);
        for (std::size_t w = 0; w < words; ++w) r[7 * words + w] = q[w], r[9 * words + w] = q[w];  // twice the first query
        std::fill_n(q.begin() + static_cast<std::ptrdiff_t>(words), words, 0);                     // an empty one
        const BitMatrix qm{q.data(), queries, words}, rm{r.data(), references, words};
        const auto found = nearest_neighbours(qm, rm, k, {}, 2);
        const auto matrix = tanimoto_matrix(qm, rm, 2);
        for (std::size_t i = 0; i < queries; ++i) {
            std::vector<std::pair<double, std::uint32_t>> expected;
            for (std::size_t j = 0; j < references; ++j) {
                int common = 0, either = 0;
                for (std::size_t w = 0; w < words; ++w) {
                    common += std::popcount(q[i * words + w] & r[j * words + w]);
                    either += std::popcount(q[i * words + w] | r[j * words + w]);
                }
                const double s = either ? static_cast<double>(common) / either : 1;
                CHECK(matrix[i * references + j] == s);
                expected.push_back({-s, static_cast<std::uint32_t>(j)});
            }
            std::ranges::sort(expected);
            for (std::size_t n = 0; n < k; ++n) {
                CHECK(found.row[i * k + n] == expected[n].second);
                CHECK(found.similarity[i * k + n] == -expected[n].first);
            }
        }
        CHECK(found.row[0] == 7);
        CHECK(found.row[1] == 9);
        const auto again = nearest_neighbours(qm, rm, k, {}, 1);
        CHECK(again.row == found.row);
    }
    CHECK_THROWS_AS(nearest_neighbours({nullptr, 0, 2}, {nullptr, 0, 3}, 1, {}, 1), molten::Error);
}

TEST_CASE("baselines: knn values worked by hand, with missing targets, leave-one-out and nothing to go by") {
    // Similarities to the query 1111: a 1111 -> 1, b 0111 -> 3/4, c 0011 -> 1/2, d 1 0000 -> 0.
    const std::vector<std::uint64_t> query{0b1111}, references{0b1111, 0b0111, 0b0011, 0b10000};
    const std::vector<double> y{1, 10, 2, missing, 4, 30, 8, 50};
    KnnArgs a{{query.data(), 1, 1}, {references.data(), 4, 1}, y, {}, 2, 2, {}, 1};
    auto v = knn_values(a);
    CHECK(v.value[0] == doctest::Approx((1 * 1 + 0.75 * 2) / 1.75));
    CHECK(v.value[1] == doctest::Approx((1 * 10 + 0.5 * 30) / 1.5));  // b is not measured, so c is the second
    CHECK(v.known == std::vector<std::uint8_t>{1, 1});
    CHECK(v.similarity == std::vector<double>{1, 1});
    const std::vector<std::int64_t> query_key{5}, reference_keys{5, 6, 7, 8};
    a.exclusion = {query_key, reference_keys};
    v = knn_values(a);
    CHECK(v.value[0] == doctest::Approx((0.75 * 2 + 0.5 * 4) / 1.25));
    CHECK(v.similarity[1] == 0.5);
    const std::vector<std::uint8_t> only_last{0, 0, 0, 0, 0, 0, 1, 0};
    a.mask = only_last;
    v = knn_values(a);
    CHECK(v.value[0] == 8);  // similarity 0: the plain mean
    CHECK(v.known == std::vector<std::uint8_t>{1, 0});
    CHECK(v.value[1] == 0);
    a.targets = std::span(y).first(7);
    CHECK_THROWS_AS(knn_values(a), molten::Error);
}

TEST_CASE("baselines: knn never lets a molecule be its own neighbour, nor a copy of it") {
    Data d = bit_data(5, 60, 60);
    d.words = 4;
    for (std::size_t i = 30; i < 60; ++i) {  // each molecule twice, with far-off targets
        std::copy_n(d.bits.begin() + static_cast<std::ptrdiff_t>((i - 30) * 4), 4, d.bits.begin() + static_cast<std::ptrdiff_t>(i * 4));
        d.y[i] = d.y[i - 30] + 1000;
    }
    const auto copies = run_named("knn", d);
    for (std::size_t i = 0; i < 60; ++i) d.keys.push_back(static_cast<std::int64_t>(i % 30));
    const auto keyed = run_named("knn", d);
    CHECK(copies.values != keyed.values);
    const BitMatrix m{d.bits.data(), 60, 4};
    const auto n = nearest_neighbours(m, m, 3, {d.keys, d.keys}, 0);
    for (std::size_t i = 0; i < 60; ++i)
        for (std::size_t j = 0; j < 3; ++j) CHECK(n.row[i * 3 + j] % 30 != i % 30);
}

TEST_CASE("baselines: Cholesky solves to double precision for sizes around the blocks, and refuses an indefinite matrix") {
    for (std::size_t n : {1u, 2u, 5u, 63u, 64u, 65u, 131u, 200u}) {
        SplitMix64 random(n);
        std::vector<double> g(n * n), a(n * n), x(n), b(n);
        for (double& v : g) v = random.uniform() - 0.5;
        for (double& v : x) v = random.uniform() - 0.5;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) {
                for (std::size_t k = 0; k < n; ++k) a[i * n + j] += g[i * n + k] * g[j * n + k];
                if (i == j) a[i * n + j] += 1;
            }
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) b[i] += a[i * n + j] * x[j];
        auto l = a, serial = a;
        REQUIRE(cholesky(l, n, 2));
        REQUIRE(cholesky(serial, n, 1));
        CHECK(l == serial);
        cholesky_solve(l, n, b);
        for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(b[i] - x[i]) < 1e-10);
    }
    std::vector<double> indefinite{1, 2, 2, 1};
    CHECK_FALSE(cholesky(indefinite, 2, 1));
}

TEST_CASE("baselines golden: ridge, logistic and softmax regression equal scikit-learn, primal and dual") {
    for (const auto& c : golden()["linear"]) {
        Data d;
        d.x = numbers(c["x"]);
        d.y = numbers(c["y"]);
        d.columns = c["columns"];
        d.rows = d.y.size();
        d.train = range(0, c["train"].get<std::size_t>());
        const double lambda = c["lambda"];
        const auto design = make_design(d.problem(), Inputs::descriptors, d.train);
        const auto model = Ridge(design, d.train, std::span(d.y).first(d.train.size()), 1, 2).solve(lambda);
        const auto expected = numbers(c["ridge"]), logistic = numbers(c["logistic"]), softmax = numbers(c["softmax"]);
        const auto two = fit_logistic(design, d.train, numbers(c["label"]), 2, 1 / lambda, nullptr, 1e-10);
        const auto three = fit_logistic(design, d.train, numbers(c["three"]), 3, 1 / lambda, nullptr, 1e-10);
        for (std::size_t row = 0; row < d.rows; ++row) {
            CHECK(std::abs(model.value(design, row, 0) - expected[row]) < 1e-10);
            double p[3];
            class_probabilities(design, two, row, {p, 1});
            CHECK(std::abs(p[0] - logistic[row]) < 1e-7);
            class_probabilities(design, three, row, {p, 3});
            for (std::size_t k = 0; k < 3; ++k) CHECK(std::abs(p[k] - softmax[row * 3 + k]) < 1e-7);
        }
    }
}

TEST_CASE("baselines: ridge on bits and descriptors satisfies its normal equations") {
    for (std::size_t train : {150u, 900u}) {  // dual, then primal
        Data d = bit_data(8, 900, train);
        const auto dense = friedman(9, 900, train);
        d.x = dense.x;
        d.columns = 10;
        const auto design = make_design(d.problem(), Inputs::both, d.train);
        CHECK(design.columns() > 200);
        const double lambda = 3;
        const auto model = Ridge(design, d.train, std::span(d.y).first(train), 1, 2).solve(lambda);
        std::vector<double> gradient = model.weights;  // lambda w - X^T (y - Xw - b) = 0, and the residuals sum to 0
        for (double& g : gradient) g *= lambda;
        double sum = 0;
        for (std::size_t row : d.train) {
            const double residual = d.y[row] - model.value(design, row, 0);
            design.add(row, -residual, gradient);
            sum += residual;
        }
        CHECK(std::abs(sum) < 1e-9);
        for (double g : gradient) CHECK(std::abs(g) < 1e-9);
    }
}

TEST_CASE("baselines golden: support vector machines equal scikit-learn on the same kernel") {
    for (const auto& c : golden()["svm"]) {
        const auto x = numbers(c["x"]), y = numbers(c["y"]), label = numbers(c["label"]), svr = numbers(c["svr"]), svc = numbers(c["svc"]);
        const std::size_t columns = c["columns"], n = c["train"], rows = y.size();
        const double gamma = c["gamma"];
        std::vector<double> kernel(rows * n), train_kernel(n * n);
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < n; ++j) {
                double distance = 0;
                for (std::size_t k = 0; k < columns; ++k) distance += std::pow(x[i * columns + k] - x[j * columns + k], 2);
                kernel[i * n + j] = std::exp(-gamma * distance);
                if (i < n) train_kernel[i * n + j] = kernel[i * n + j];
            }
        const SvmOptions options{c["cost"], c["tube"], 1e-10};
        const auto regression = fit_support_vector_regression(train_kernel, std::span(y).first(n), options);
        const auto classifier = fit_support_vector_classifier(train_kernel, std::span(label).first(n), options);
        for (std::size_t i = 0; i < rows; ++i) {
            double f = regression.offset, decision = classifier.offset;
            for (std::size_t j = 0; j < n; ++j) {
                f += regression.coefficient[j] * kernel[i * n + j];
                decision += classifier.coefficient[j] * kernel[i * n + j];
            }
            CHECK(std::abs(f - svr[i]) < 1e-6);
            CHECK(std::abs(decision - svc[i]) < 1e-6);
        }
        CHECK_THROWS_AS(fit_support_vector_regression(train_kernel, y, options), molten::Error);
        CHECK_THROWS_AS(fit_support_vector_regression(train_kernel, std::span(y).first(n), {-1, 0.1, 1e-3}), molten::Error);
        CHECK_THROWS_AS(fit_support_vector_classifier(train_kernel, std::vector<double>(n, 1), options), molten::Error);
    }
}

TEST_CASE("baselines golden: forests reach the error of scikit-learn's within the spread of the seeds") {
    const auto& cases = golden()["forest"];
    const std::size_t rows = cases["rows"], train = cases["train"];
    ForestOptions options;
    options.trees = cases["trees"];
    for (const std::string name : {"friedman", "bits"}) {
        const Data d = name == "friedman" ? friedman(11, rows, train) : bit_data(12, rows, train);
        const auto features = bin_features(d.problem(), d.train);
        auto sorted = std::vector<double>(d.y.begin(), d.y.begin() + static_cast<std::ptrdiff_t>(train));
        std::ranges::sort(sorted);
        const double median = (sorted[train / 2 - 1] + sorted[train / 2]) / 2;
        std::vector<double> label;
        for (double y : d.y) label.push_back(y > median);
        for (const std::string kind : {"random_forest", "extra_trees", "auc"}) {
            options.extra_trees = kind == "extra_trees";
            const bool classes = kind == "auc";
            constexpr int seeds = 16;
            double mean = 0;
            for (std::uint64_t seed = 0; seed < seeds; ++seed) {
                const auto f = forest_predictions(features, classes ? label : d.y, 1, d.train, options, !classes, seed, 0);
                const auto auc = molten::metrics::roc_auc({std::span(label).subspan(train), std::span(f).subspan(train), {}, Task::binary});
                mean += (classes ? *auc.value : rmse(f, d, train)) / seeds;
            }
            const double expected = cases[name][kind]["mean"], deviation = cases[name][kind]["deviation"];
            MESSAGE(name << " " << kind << ": " << mean << ", scikit-learn " << expected << " +- " << deviation);
            CHECK(std::abs(mean - expected) < deviation);
        }
    }
}

TEST_CASE("baselines: one tree on all features reproduces its training targets, and out-of-bag values are honest") {
    const Data d = friedman(21, 300, 200);
    const auto features = bin_features(d.problem(), d.train);
    TreeOptions exact;
    Random random(1);
    std::vector<double> weight(d.rows, 1);
    std::vector<std::uint32_t> samples(200);
    std::iota(samples.begin(), samples.end(), 0u);
    const auto tree = grow_tree(features, {1, d.y, weight}, samples, exact, random);
    for (std::size_t row = 0; row < 200; ++row) CHECK(*tree.leaf_values(features, row, 1) == doctest::Approx(d.y[row]));
    std::vector<double> out_of_bag;
    const auto f = forest_predictions(features, d.y, 1, d.train, {}, true, 3, 0, &out_of_bag);
    double in = 0, out = 0;
    for (std::size_t row = 0; row < 200; ++row) {
        in += std::pow(f[row] - d.y[row], 2) / 200;
        out += std::pow(out_of_bag[row] - d.y[row], 2) / 200;
    }
    CHECK(std::isnan(out_of_bag[250]));
    CHECK(std::sqrt(out) > 2 * std::sqrt(in));
    CHECK(std::sqrt(out) == doctest::Approx(rmse(f, d, 200)).epsilon(0.2));
}

TEST_CASE("baselines: a first split worked by hand") {
    Data d;
    d.rows = 4;
    d.columns = 2;
    d.words = 1;
    d.x = {1, 5, 2, 5, 3, 5, 4, 5};  // the second column is constant and left out
    d.bits = {0, 1, 0, 1};
    d.y = {0, 0, 1, 1};
    d.train = range(0, 4);
    const auto features = bin_features(d.problem(), d.train);
    CHECK(features.dense == 1);
    CHECK(features.bits == 1);
    TreeOptions stump;
    stump.max_depth = 1;
    Random random(1);
    std::vector<std::uint32_t> samples{0, 1, 2, 3};
    const std::vector<double> weight(4, 1);
    const auto tree = grow_tree(features, {1, d.y, weight}, samples, stump, random);
    REQUIRE(tree.nodes.size() == 3);
    CHECK(tree.nodes[0].feature == 0);
    CHECK(tree.nodes[0].threshold == 1);  // between 2 and 3
    CHECK(tree.values == std::vector<double>{0, 1});
    TreeOptions ridge = stump;
    ridge.lambda = 2;  // leaves (0 + 0) / (2 + 2) and (1 + 1) / (2 + 2)
    CHECK(grow_tree(features, {1, d.y, weight}, samples, ridge, random).values == std::vector<double>{0, 0.5});
}

TEST_CASE("baselines: every baseline gives the same bits for any number of threads and again for the same seed") {
    Data d = bit_data(31, 260, 160);
    const auto dense = friedman(31, 260, 160);
    d.x = dense.x;
    d.columns = 10;
    d.validation = range(160, 210);
    for (const auto& baseline : all()) {
        d.threads = 1;
        const auto one = run(baseline, d.problem());
        d.threads = 3;
        const auto three = run(baseline, d.problem());
        CHECK_MESSAGE(one.values == three.values, baseline.name);
        CHECK(one.settings == three.settings);
        CHECK_FALSE(one.settings.empty());
        CHECK(one.name == baseline.name);
    }
}

TEST_CASE("baselines: all learn, and test rows never influence what is learned") {
    Data d = friedman(41, 700, 500);
    const auto bits = bit_data(41, 700, 500);
    d.bits = bits.bits;
    d.words = 4;
    for (std::size_t i = 0; i < d.rows; ++i) d.y[i] += bits.y[i];
    d.validation = range(500, 600);
    const double floor = rmse(run_named("mean", d).values, d, 600);
    double total = 0;
    for (std::size_t row : d.train) total += d.y[row];
    CHECK(run_named("mean", d).values[0] == doctest::Approx(total / 500));
    for (const auto& baseline : all()) {
        const auto honest = run(baseline, d.problem());
        MESSAGE(baseline.name << ": test RMSE " << rmse(honest.values, d, 600) << " (mean " << floor << "), " << honest.settings << ", "
                              << honest.seconds << " s");
        if (baseline.name != "mean" && baseline.name != "knn") CHECK_MESSAGE(rmse(honest.values, d, 600) < 0.75 * floor, baseline.name);
        Data poisoned = d;
        for (std::size_t row = 600; row < 700; ++row) poisoned.y[row] = 1e6;
        CHECK(run(baseline, poisoned.problem()).values == honest.values);
    }
    for (const char* name : {"ridge", "svm", "boosted_trees", "knn"}) {  // without a validation part: an eighth of the training rows
        Data alone = d;
        alone.validation.clear();
        CHECK(rmse(run_named(name, alone).values, d, 600) < 1.05 * floor);
    }
}

TEST_CASE("baselines golden: boosted trees are no worse than scikit-learn's histogram boosting") {
    const auto& cases = golden()["forest"];
    for (const std::string name : {"friedman", "bits"}) {
        Data d = name == "friedman" ? friedman(11, 1000, 400) : bit_data(12, 1000, 400);
        const double ours = rmse(run_named("boosted_trees", d).values, d, 400), reference = cases[name]["boosting"];
        MESSAGE(name << ": " << ours << ", HistGradientBoosting " << reference);
        CHECK(ours < 1.03 * reference);
    }
}

TEST_CASE("baselines: classification gives probabilities, two classes and three") {
    for (Task task : {Task::binary, Task::multiclass}) {
        Data d = friedman(51, 600, 400);
        const auto bits = bit_data(51, 600, 400);
        d.bits = bits.bits;
        d.words = 4;
        d.validation = range(400, 480);
        d.task = task;
        d.classes = 3;
        for (std::size_t i = 0; i < d.rows; ++i) {
            const double value = d.y[i] + 12 * bits.y[i];
            d.y[i] = task == Task::binary ? value > 13 : (value > 4) + (value > 20);
        }
        const std::size_t width = task == Task::binary ? 1 : 3;
        for (const auto& baseline : all()) {
            const auto prediction = run(baseline, d.problem());
            REQUIRE(prediction.values.size() == d.rows * width);
            for (std::size_t i = 0; i < prediction.values.size(); i += width) {
                double sum = 0;
                for (std::size_t c = 0; c < width; ++c) {
                    CHECK(prediction.values[i + c] >= 0);
                    CHECK(prediction.values[i + c] <= 1 + 1e-12);
                    sum += prediction.values[i + c];
                }
                if (width > 1) CHECK(sum == doctest::Approx(1));
            }
            const auto part = std::span(prediction.values).subspan(480 * width);
            const molten::metrics::Sample sample{std::span(d.y).subspan(480), part, {}, task, 3};
            const auto score = task == Task::binary ? molten::metrics::roc_auc(sample) : molten::metrics::accuracy(sample);
            REQUIRE(score.value);
            MESSAGE(baseline.name << " " << *score.value << " " << prediction.settings);
            const double chance = task == Task::binary ? 0.5 : 0.42;  // the largest class has 41.7 % of the test rows
            if (baseline.name == "mean")
                CHECK(*score.value <= chance);
            else
                CHECK(*score.value > chance + 0.1);
        }
    }
}

TEST_CASE("baselines: several targets with holes equal each target alone, and targets that cannot be learned say so") {
    Data d = friedman(61, 300, 200);
    const auto other = bit_data(61, 300, 200);
    d.bits = other.bits;
    d.words = 4;
    d.validation = range(200, 250);
    Data pair = d, first = d, second = d;
    pair.targets = 2;
    pair.y.clear();
    for (std::size_t i = 0; i < d.rows; ++i) {
        pair.y.push_back(d.y[i]);
        pair.y.push_back(i % 3 == 0 ? missing : other.y[i]);
        pair.mask.push_back(i % 4 != 1);
        pair.mask.push_back(1);
        first.mask.push_back(i % 4 != 1);
        second.y[i] = i % 3 == 0 ? missing : other.y[i];
    }
    for (const char* name : {"mean", "knn", "ridge", "random_forest", "svm"}) {
        const auto both = run_named(name, pair);
        const auto one = run_named(name, first);
        CHECK_MESSAGE(both.target(pair.problem(), 0) == one.values, name);
        if (std::string(name) != "svm") CHECK_MESSAGE(both.target(pair.problem(), 1) == run_named(name, second).values, name);
    }
    Data empty = d;
    empty.mask.assign(d.rows, 0);
    const auto nothing = run_named("ridge", empty);
    CHECK(std::isnan(nothing.values[0]));
    REQUIRE(nothing.notes.size() == 1);
    CHECK(nothing.notes[0].find("no training row") != std::string::npos);
    Data one_class = d;
    one_class.task = Task::binary;
    one_class.y.assign(d.rows, 1);
    for (const auto& baseline : all()) {
        const auto prediction = run(baseline, one_class.problem());
        CHECK(prediction.values == std::vector<double>(d.rows, 1));
        CHECK(prediction.notes.size() == 1);
    }
}

TEST_CASE("baselines: hostile inputs: missing and infinite descriptors, constants, one row, empty fingerprints") {
    Data d = friedman(71, 120, 80);
    d.words = 2;
    d.bits.assign(d.rows * 2, 0);
    d.columns = 10;
    for (std::size_t i = 0; i < d.rows; ++i) {
        d.x[i * 10] = missing;                                         // never known
        d.x[i * 10 + 1] = 3;                                           // constant
        if (i % 5 == 0) d.x[i * 10 + 2] = i % 2 ? missing : INFINITY;  // sometimes broken
        d.x[i * 10 + 3] = d.x[i * 10 + 3] * 1e300;
    }
    for (const auto& baseline : all()) {
        const auto prediction = run(baseline, d.problem());
        for (double v : prediction.values) CHECK_MESSAGE(std::isfinite(v), baseline.name);
        Data tiny = d;
        tiny.train = {4};
        for (double v : run(baseline, tiny.problem()).values) CHECK_MESSAGE(v == doctest::Approx(d.y[4]), baseline.name);
        Data flat = d;
        flat.y.assign(d.rows, 2.5);
        for (double v : run(baseline, flat.problem()).values) CHECK_MESSAGE(v == doctest::Approx(2.5), baseline.name);
    }
}

TEST_CASE("baselines: problems that do not fit are refused, names that are wrong get the nearest") {
    const Data good = friedman(81, 50, 40);
    const auto refused = [](Data d, const char* name) { CHECK_THROWS_AS(run_named(name, d), molten::Error); };
    Data d = good;
    d.train.clear();
    refused(d, "mean");
    d = good;
    d.train.push_back(50);
    refused(d, "mean");
    d = good;
    d.x.pop_back();
    refused(d, "ridge");
    d = good;
    d.task = Task::binary;
    refused(d, "ridge");
    refused(good, "knn");  // no fingerprints
    CHECK_FALSE(suits(find("knn"), good.problem()));
    try {
        find("random_florest");
        FAIL("found");
    } catch (const molten::Error& e) {
        CHECK(std::string(e.what()).find("'random_forest'") != std::string::npos);
        CHECK(e.code() == molten::ExitCode::usage);
    }
}

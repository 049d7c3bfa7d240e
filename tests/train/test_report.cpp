#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "tests/train/markup.h"
#include "tests/train/temporary_directory.h"
#include "train/report/report.h"

using namespace molten;
using namespace molten::report;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();
const std::string kHostile = "<script>alert(1)</script>\"'&|`*_[x](javascript:1) \x01\x1b[2J \xff\xc3 \xe2\x80\xae";
const std::string kSvg = "<svg xmlns='http://www.w3.org/2000/svg' width='10px' height='10px'><!-- x --><path d='M0 0'/></svg>";

TargetSection regression(const std::string& name, std::size_t n) {
    TargetSection target;
    target.name = name;
    target.task = "regression";
    target.why = "many numbers: regression";
    std::mt19937_64 random(n);
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < n; ++i) {
        const double measured = normal(random), predicted = measured + 0.3 * normal(random);
        const Part part = i % 10 < 8 ? Part::train : i % 10 == 8 ? Part::validation : Part::test;
        target.points.push_back({part, measured, predicted, predicted - 0.5, predicted + 0.5, "CCO" + std::to_string(i)});
    }
    for (int i = 1; i < 20; ++i) target.calibration.emplace_back(i / 20.0, i / 21.0);
    target.nominal_coverage = 0.9;
    target.measured_coverage = 0.875;
    target.mean_width = 1.5;
    target.interval_note = "From 112 molecules.";
    return target;
}

TargetSection classification(const std::string& name) {
    TargetSection target;
    target.name = name;
    target.classification = true;
    target.task = "binary";
    for (int i = 0; i < 50; ++i) target.points.push_back({Part::test, i % 2 * 1.0, i / 50.0, kNan, kNan, "C"});
    target.roc = {{0, 0}, {0.1, 0.6}, {1, 1}};
    target.precision_recall = {{0, 1}, {1, 0.5}};
    target.reliability = {{0.25, 0.2}, {0.75, 0.8}};
    return target;
}

ReportData full() {
    ReportData data;
    data.title = "Tg";
    data.facts = {{"Data", "d.csv: 100 rows"}, {"Split", "random"}};
    data.tables = {{"Test part",
                    {"RMSE", "R2"},
                    {false, true},
                    {{"molten", "model", {0.5, 0.9}, {0.1, 0.01}, "", 3},
                     {"no_gate", "ablation", {0.6, 0.95}, {0.1, 0.01}, "", 0},
                     {"mean", "baseline", {2.5, 0.1}, {}, "", 0},
                     {"ridge", "baseline", {0.75, 0.8}, {0.1, 0.01}, "lambda = 10", 1}},
                    "model"}};
    data.curves = {{"model 0", {0, 1, 2}, {1, 0.5, 0.01}, {1.2, 0.6, 0.7}, 1}, {"model 1", {0, 1, 2}, {1, 0.5, 0.1}, {1.2, 0.6, 0.5}, 2}};
    data.targets = {regression("Tg", 100), classification("toxic")};
    data.gate = {{"graph", "fingerprint"}, {0.4, 0.6}, {0.5, 0.5}, {0.45, 0.55}, {{0.5, 0.5}, {0.4, 0.6}}};
    data.worst = {{kSvg, "CCO", "Tg", "row 7", 1.5, 0.25, -0.5, 1, 0.31}, {"", "CCN", "Tg", "row 9", 1, 0, 0, 0, kNan}};
    data.rejected = {{"unparsable", 6}, {"empty", 1200}};
    data.command = "molten train --data d.csv";
    data.config = "[train]\nseed = 0\n";
    data.notes = {"A note."};
    return data;
}

Markup sound(const std::string& html) {
    Markup markup = read_markup(html);
    for (const std::string& fault : markup.faults) FAIL_CHECK(fault);
    return markup;
}

std::string text_of(const Markup& markup) {
    for (const MarkupElement& e : markup.elements)
        if (e.name == "body") return e.text;
    return "";
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t n = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
}

bool has_title(const Markup& markup, const std::string& title) {
    return std::any_of(markup.elements.begin(), markup.elements.end(),
                       [&](const MarkupElement& e) { return e.name == "svg" && e.attributes.at("aria-label") == title; });
}

std::string from_base64(const std::string& text) {
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0, held = 0;
    for (const char c : text) {
        if (c == '=') break;
        bits = bits << 6 | static_cast<unsigned>(digits.find(c));
        held += 6;
        if (held >= 8) out += static_cast<char>(bits >> (held -= 8) & 0xFF);
    }
    return out;
}

}  // namespace

TEST_CASE("report: everything that was given is on the page") {
    const Markup page = sound(to_html(full()));
    const std::string text = text_of(page);
    for (const char* part : {"d.csv: 100 rows",
                             "A note.",
                             "0.5000 ± 0.1000",
                             "lambda = 10",
                             "RMSE ↓",
                             "R2 ↑",
                             "87.5 %",
                             "90.0 % wanted",
                             "± 9.5 % by chance with 10 molecules",
                             "From 112 molecules.",
                             "regression (many numbers), 80 train",
                             "below the diagonal",
                             "row 7",
                             "similarity0.31",
                             "-0.5 to 1 missed",
                             "unparsable",
                             "1,200",
                             "1,206 rows",
                             "molten train --data d.csv",
                             "seed = 0",
                             "no drawing",
                             "best baseline: ridge, 0.7500",
                             "best baseline: ridge, 0.8000",
                             "model 1 2",
                             "80 train, 10 validation, 10 test"})
        CHECK_MESSAGE(text.find(part) != std::string::npos, part);
    for (const char* title :
         {"Loss", "Predicted against measured", "Residual against prediction", "Distribution of residuals",
          "Calibration of the ensemble's intervals", "ROC curve, test part", "Precision and recall, test part", "Reliability, test part",
          "Predicted probability by class, test part", "Mean weight of each expert", "Mean weight by epoch, validation part"})
        CHECK_MESSAGE(has_title(page, title), title);
    std::size_t best = 0;
    for (const auto* cell : page.all("td")) {
        if (!cell->attributes.contains("class") || cell->attributes.at("class").find("best") == std::string::npos) continue;
        ++best;
        CHECK((cell->text.starts_with("0.5000") || cell->text.starts_with("0.9500")));
    }
    CHECK(best == 2);
    for (const auto* link : page.all("a")) {  // each leads somewhere
        const std::string id = link->attributes.at("href").substr(1);
        CHECK(std::any_of(page.elements.begin(), page.elements.end(),
                          [&](const MarkupElement& e) { return e.attributes.contains("id") && e.attributes.at("id") == id; }));
    }
    CHECK(page.all("a").size() == 7);
    for (const auto* svg : page.all("svg")) CHECK((svg->attributes.at("width") == "960") == (svg->attributes.at("aria-label") == "Loss"));
}

TEST_CASE("report: no network, no script, dark, light and print are provided for") {
    const std::string html = to_html(full());
    const Markup page = sound(html);
    CHECK(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    REQUIRE(page.all("style").size() == 1);
    const std::string& style = page.all("style")[0]->text;
    CHECK(style.find("prefers-color-scheme: dark") != std::string::npos);
    CHECK(style.find("@media print") != std::string::npos);
    CHECK(style.find("url(") == std::string::npos);
    CHECK(style.find("@import") == std::string::npos);
    CHECK(count(style, "{") == count(style, "}"));
    CHECK(html.find("default-src 'none'") != std::string::npos);
    CHECK(html == to_html(full()));
}

TEST_CASE("report: a drawing comes in as an image, whole, and can run nothing") {
    for (const std::string& svg : {kSvg, kSvg + " ", kSvg + "  ", std::string("</figure><script>alert(1)</script>")}) {
        ReportData data = full();
        data.worst[0].svg = svg;
        const Markup page = sound(to_html(data));
        const auto images = page.all("img");
        REQUIRE(images.size() == 1);
        const std::string head = "data:image/svg+xml;base64,", source = images[0]->attributes.at("src");
        REQUIRE(source.starts_with(head));
        CHECK((source.size() - head.size()) % 4 == 0);
        CHECK(from_base64(source.substr(head.size())) == svg);
        CHECK(images[0]->attributes.at("alt") == "CCO");
    }
}

TEST_CASE("report: hostile names stay text everywhere") {
    ReportData data = full();
    data.title = data.command = data.config = kHostile;
    data.facts = {{kHostile, kHostile}};
    data.notes = {kHostile};
    data.rejected = {{kHostile, 1}};
    for (MetricsTable& table : data.tables) {
        table.title = table.rows_are = kHostile;
        for (std::string& name : table.columns) name = kHostile;
        for (MetricsRow& row : table.rows) row.model = row.settings = kHostile;
        table.rows[2].model = table.rows[2].settings = kHostile;
    }
    for (LossCurve& curve : data.curves) curve.name = kHostile;
    for (TargetSection& target : data.targets) {
        target.name = target.task = target.why = target.interval_note = kHostile;
        for (Point& p : target.points) p.name = kHostile;
    }
    for (std::string& name : data.gate.experts) name = kHostile;
    for (WorstMolecule& m : data.worst) m.smiles = m.target = m.row = kHostile;
    const std::string html = to_html(data);
    sound(html);
    CHECK(html.find("<script") == std::string::npos);
    CHECK(html.find("\xe2\x80\xae") == std::string::npos);
    const std::string card = to_model_card(data);
    for (std::size_t at = card.find("<script"); at != std::string::npos; at = card.find("<script", at + 1)) {
        const bool fenced = card[at - 1] == '\n', harmless = card[at - 1] == '\\';  // behind a backslash, or alone between fences
        CHECK((fenced || harmless));
    }
    for (const char c : card) CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
}

TEST_CASE("report: NaN, infinities and nothing at all") {
    sound(to_html({}));
    CHECK(to_model_card({}).find("# A molten model") != std::string::npos);
    for (const double bad : {kNan, HUGE_VAL, -HUGE_VAL, 1e308}) {
        ReportData data = full();
        for (MetricsTable& table : data.tables)
            for (MetricsRow& row : table.rows) row.mean.assign(2, bad), row.deviation.assign(2, bad), row.seconds = bad;
        for (LossCurve& c : data.curves) c.train.assign(3, bad), c.validation.assign(3, bad), c.best_epoch = bad;
        for (TargetSection& t : data.targets) {
            for (Point& p : t.points) p.measured = p.predicted = p.lower = p.upper = bad;
            for (auto* pairs : {&t.calibration, &t.roc, &t.precision_recall, &t.reliability}) pairs->assign(4, {bad, bad});
            t.measured_coverage = t.mean_width = bad;
        }
        data.gate.train = data.gate.test = data.gate.validation = {bad, bad};
        data.gate.by_epoch = {{bad, bad}, {}};
        for (WorstMolecule& m : data.worst) m.measured = m.predicted = m.lower = m.upper = m.similarity = bad;
        sound(to_html(data));
        to_model_card(data);
    }
    ReportData hollow = full();  // sections without content
    hollow.tables[0].rows.clear();
    hollow.curves = {{"model 0", {}, {}, {}, 0}};
    hollow.targets = {{}, {}};
    hollow.targets[1].classification = true;
    hollow.gate = {{"graph"}, {}, {}, {}, {}};
    hollow.worst = {{}};
    sound(to_html(hollow));
}

TEST_CASE("report: one class only in the test part is said") {
    ReportData data = full();
    data.targets[1].roc.clear();
    data.targets[1].precision_recall.clear();
    data.targets[1].reliability.clear();
    const Markup page = sound(to_html(data));
    CHECK(text_of(page).find("one class only") != std::string::npos);
    CHECK_FALSE(has_title(page, "ROC curve, test part"));
}

TEST_CASE("report: 20,000 points give a file of a few MB, thinned with a word about it, the largest errors kept") {
    ReportData data = full();
    data.targets = {regression("big", 20000)};
    for (std::size_t i = 0; i < 150; ++i) {  // spread over the test part; by chance less than half of them would be drawn
        Point& outlier = data.targets[0].points[129 + 130 * i];
        REQUIRE(outlier.part == Part::test);
        outlier.predicted = outlier.measured + 50;
        outlier.name = "OUTLIER";
    }
    const std::string html = to_html(data);
    CHECK(html.size() < 2'000'000);
    const Markup page = sound(html);
    const std::string text = text_of(page);
    CHECK(text.find("Drawn: 4,000 of 16,000 train, 2,000 of 2,000 validation, 2,000 of 2,000 test") != std::string::npos);
    CHECK(count(text, "OUTLIER\nmeasured") == 2 * 150);  // a tooltip in both plots
    CHECK(html == to_html(data));
    data.targets = {regression("small", 500)};
    CHECK(text_of(sound(to_html(data))).find("Drawn:") == std::string::npos);
}

TEST_CASE("report: many targets fold away and share the room") {
    ReportData data = full();
    data.targets.clear();
    for (int i = 0; i < 12; ++i) data.targets.push_back(regression("E" + std::to_string(i), 20000));
    const std::string html = to_html(data);
    CHECK(html.size() < 8'000'000);
    const Markup page = sound(html);
    const auto details = page.all("details");
    REQUIRE(details.size() == 12);
    CHECK(details[0]->attributes.contains("open"));
    for (std::size_t i = 1; i < 12; ++i) CHECK_FALSE(details[i]->attributes.contains("open"));
    CHECK(page.all("summary").size() == 12);
}

TEST_CASE("report: every dot of a small plot is there") {
    ReportData data = full();
    data.targets = {regression("Tg", 100)};
    const Markup page = sound(to_html(data));
    std::size_t tooltips = 0, plain = 0;
    for (const MarkupElement& e : page.elements) {
        if (e.name == "title" && e.text.starts_with("CCO") && e.path.ends_with("circle/title")) ++tooltips;
        if (e.name == "path" && e.attributes.contains("stroke-linecap") && !e.attributes.contains("stroke-linejoin"))
            plain += count(e.attributes.at("d"), "h0");
    }
    CHECK(tooltips == 2 * 10);
    CHECK(plain == 2 * 90);
}

TEST_CASE("report: the model card") {
    const std::string card = to_model_card(full());
    CHECK(card.starts_with("---\nlibrary_name: molten\ntags:\n"));
    for (const char* part : {"\n# Tg\n", "- Data: d.csv: 100 rows\n",
                             "**Tg**: regression (many numbers); intervals of 90.0 % hold 87.5 % of the test part, mean width 1.5\n",
                             "**toxic**: binary\n", "| **0.5000 ± 0.1000** |", "| empty | 1,200 |", "```\nmolten train --data d.csv\n```",
                             "[train]\nseed = 0\n", "molten predict --model ."})
        CHECK_MESSAGE(card.find(part) != std::string::npos, part);
}

TEST_CASE("report: both files are written") {
    TemporaryDirectory directory;
    write_report(full(), directory.path);
    CHECK(file_bytes(directory.path / "report.html") == to_html(full()));
    CHECK(file_bytes(directory.path / "README.md") == to_model_card(full()));
    CHECK(std::distance(std::filesystem::directory_iterator(directory.path), {}) == 2);
}

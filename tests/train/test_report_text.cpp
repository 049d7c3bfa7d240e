#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "train/report/report.h"
#include "train/report/text.h"

using namespace molten::report;

namespace {
const double kNan = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("report text: what cannot be read is shown as a code") {
    CHECK(visible("Tg / °C, Å⁻¹ 温度") == "Tg / °C, Å⁻¹ 温度");
    CHECK(visible(std::string("a\0b\x1b[31m\x7f", 9)) == "a\\x00b\\x1b[31m\\x7f");
    CHECK(visible("a\nb\tc\r\n") == "a b c  ");
    CHECK(visible("a\nb\tc\r\n", true) == "a\nb\tc\n");
    CHECK(visible("\xff\xc3(\xe2\x82") == "\\xff\\xc3(\\xe2\\x82");
    CHECK(visible("\xc0\xaf \xed\xa0\x80") == "\\xc0\\xaf \\xed\\xa0\\x80");  // overlong, surrogate
    CHECK(visible("x\u202Ey\u2066z\u200F") == "x\\u202ey\\u2066z\\u200f");    // writing direction
    CHECK(visible("\u0085 \uFFFF \uFFFE") == "\\xc2\\x85 \\xef\\xbf\\xbf \\xef\\xbf\\xbe");
    CHECK(visible("\u2013\u2212\u00e9") == "\u2013\u2212\u00e9");
}

TEST_CASE("report text: escaped for HTML and for Markdown") {
    CHECK(escaped("<a href=\"x\">'&amp;'") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;");
    CHECK(escaped("C[C@@H](N)C(=O)O") == "C[C@@H](N)C(=O)O");
    CHECK(markdown_escaped("random_forest") == "random_forest");
    CHECK(markdown_escaped("a|b*c*[d](e)<f>`g`\\\n#") == "a\\|b\\*c\\*\\[d\\](e)\\<f\\>\\`g\\`\\\\ #");
    CHECK(markdown_code("a\nb") == "```\na\nb\n```\n");
    CHECK(markdown_code("x ``` y\n") == "````\nx ``` y\n````\n");
    CHECK(markdown_code("") == "```\n```\n");
}

TEST_CASE("report text: numbers") {
    const std::vector<std::pair<double, std::string>> compacts = {{0, "0"},
                                                                  {-0.0, "0"},
                                                                  {1, "1"},
                                                                  {1.23456, "1.235"},
                                                                  {-0.00123456, "-0.001235"},
                                                                  {12345.6, "12346"},
                                                                  {1e7, "1e+07"},
                                                                  {12345678, "1.235e+07"},
                                                                  {0.0001, "0.0001"},
                                                                  {0.00001234, "1.234e-05"},
                                                                  {100, "100"},
                                                                  {0.1 + 0.2, "0.3"},
                                                                  {kNan, "n/a"},
                                                                  {HUGE_VAL, "inf"},
                                                                  {-HUGE_VAL, "-inf"},
                                                                  {9.9999, "10"},
                                                                  {999.96, "1000"}};
    for (const auto& [value, text] : compacts) CHECK_MESSAGE(compact(value) == text, value);
    CHECK(compact(0.123456, 2) == "0.12");
    CHECK(decimals_for({0.5712, 0.6312, 2.0912}) == 4);
    CHECK(decimals_for({150, 151, 99}) == 1);
    CHECK(decimals_for({15000, 0.1, 16000}) == 0);
    CHECK(decimals_for({0.0090, 0.0101, 0.03}) == 5);
    CHECK(decimals_for({1e-30}) == 8);
    CHECK(decimals_for({}) == 0);
    CHECK(decimals_for({kNan, 0, HUGE_VAL}) == 0);
    CHECK(fixed(1.23456, 3) == "1.235");
    CHECK(fixed(-0.0001, 3) == "0.000");
    CHECK(fixed(-0.002, 3) == "-0.002");
    CHECK(fixed(kNan, 3) == "n/a");
    CHECK(fixed(1e300, 3) == "1e+300");
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1000) == "1,000");
    CHECK(grouped(1234567) == "1,234,567");
    CHECK(code_points("a°温") == 3);
}

TEST_CASE("report table: Markdown, aligned, the best marked, direction shown") {
    MetricsTable table{"Test part",
                       {"RMSE", "R2"},
                       {false, true},
                       {{"molten", "model", {0.5, 0.91}, {0.01, kNan}, "", 245},
                        {"mean", "baseline", {2.25, kNan}, {0.125, 0.5}, "", 0},
                        {"knn|x", "baseline", {0.5, 0.95}, {}, "k = 5", 0.2}},
                       "model"};
    CHECK(to_markdown(table) ==
          "| model  |              RMSE ↓ |       R2 ↑ | kind     | settings |       time |\n"
          "|:-------|--------------------:|-----------:|:---------|:---------|-----------:|\n"
          "| molten | **0.5000 ± 0.0100** |     0.9100 | model    |          | 4 min 05 s |\n"
          "| mean   |     2.2500 ± 0.1250 |        n/a | baseline |          |            |\n"
          "| knn\\|x |          **0.5000** | **0.9500** | baseline | k = 5    |     200 ms |\n");
}

TEST_CASE("report table: rows of one kind, rows that do not compete, rows that are too short") {
    MetricsTable table{
        "By target", {"RMSE", "MAE"}, {false}, {{"E1", "model", {0.25, 1}, {}, "", 0}, {"E2", "model", {0.5}, {}, "", 0}}, "target"};
    CHECK(to_markdown(table) ==
          "| target | RMSE ↓ | MAE ↓ |\n"
          "|:-------|-------:|------:|\n"
          "| E1     | 0.2500 | 1.000 |\n"
          "| E2     | 0.5000 |   n/a |\n");
    table.rows_are = "model";
    CHECK(to_markdown(table) ==
          "| model |     RMSE ↓ | MAE ↓ |\n"
          "|:------|-----------:|------:|\n"
          "| E1    | **0.2500** | 1.000 |\n"  // a single number competes with nothing
          "| E2    |     0.5000 |   n/a |\n");
    CHECK(to_markdown({"empty", {"RMSE"}, {false}, {}, "model"}) == "| model | RMSE ↓ |\n|:------|-------:|\n");
}

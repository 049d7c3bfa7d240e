#include <doctest/doctest.h>

#include <clocale>
#include <cmath>

#include "engine/core/error.h"
#include "train/data/target.h"

using namespace molten;
using namespace molten::data;

namespace {

// A table of one column "y".
Table column_of(const std::vector<std::string>& cells) {
    Table table{"t.csv", "", {"smiles", "y"}, {}};
    for (std::size_t i = 0; i < cells.size(); ++i) table.rows.push_back({i + 2, i + 2, {"C", cells[i]}, {}});
    return table;
}

std::vector<std::string> repeated(const std::vector<std::string>& cells, std::size_t times) {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < times; ++i) result.insert(result.end(), cells.begin(), cells.end());
    return result;
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

TEST_CASE("task: what a target cell says") {
    struct Case {
        const char* text;
        Cell::Kind kind;
        double value;
        const char* reason;
    };
    using K = Cell::Kind;
    for (const Case& c : {
             Case{"1", K::value, 1, ""},
             Case{"-2.5", K::value, -2.5, ""},
             Case{"+3", K::value, 3, ""},
             Case{"1e3", K::value, 1000, ""},
             Case{"1E-3", K::value, 0.001, ""},
             Case{".5", K::value, 0.5, ""},
             Case{"5.", K::value, 5, ""},
             Case{"  7\t", K::value, 7, ""},
             Case{"-0", K::value, 0, ""},
             Case{"0.1", K::value, 0.1, ""},
             Case{"1.7976931348623157e308", K::value, 1.7976931348623157e308, ""},
             Case{"", K::missing, 0, ""},
             Case{"  ", K::missing, 0, ""},
             Case{"NA", K::missing, 0, ""},
             Case{"n/a", K::missing, 0, ""},
             Case{"NaN", K::missing, 0, ""},
             Case{"nan", K::missing, 0, ""},
             Case{"-", K::missing, 0, ""},
             Case{"null", K::missing, 0, ""},
             Case{"None", K::missing, 0, ""},
             Case{"#N/A", K::missing, 0, ""},
             Case{"?", K::missing, 0, ""},
             Case{"<NA>", K::missing, 0, ""},
             Case{"inf", K::bad, 0, "target_not_finite"},
             Case{"-Infinity", K::bad, 0, "target_not_finite"},
             Case{"1e999", K::bad, 0, "target_not_finite"},
             Case{"-nan", K::bad, 0, "target_not_finite"},
             Case{"3,14", K::bad, 0, "target_decimal_comma"},
             Case{"1,000", K::bad, 0, "target_decimal_comma"},
             Case{"1.000,5", K::bad, 0, "target_decimal_comma"},
             Case{"12 mg", K::bad, 0, "target_has_unit"},
             Case{"12mg", K::bad, 0, "target_has_unit"},
             Case{"5%", K::bad, 0, "target_has_unit"},
             Case{"20 \xC2\xB0"
                  "C",
                  K::bad, 0, "target_has_unit"},
             Case{"20\xC2\xB0"
                  "C",
                  K::bad, 0, "target_has_unit"},
             Case{">5", K::bad, 0, "target_censored"},
             Case{"<= 0.1", K::bad, 0, "target_censored"},
             Case{"~3", K::bad, 0, "target_censored"},
             Case{"\xE2\x89\xA5"
                  "3",
                  K::bad, 0, "target_censored"},
             Case{"abc", K::bad, 0, "target_not_a_number"},
             Case{"0x10", K::bad, 0, "target_not_a_number"},
             Case{"1-2", K::bad, 0, "target_not_a_number"},
             Case{"--5", K::bad, 0, "target_not_a_number"},
             Case{"+-5", K::bad, 0, "target_not_a_number"},
             Case{"1.2.3", K::bad, 0, "target_not_a_number"},
             Case{"info", K::bad, 0, "target_not_a_number"},
             Case{"e5", K::bad, 0, "target_not_a_number"},
             Case{",5", K::bad, 0, "target_not_a_number"},
             Case{"5,", K::bad, 0, "target_not_a_number"},
             Case{"1(2)", K::bad, 0, "target_not_a_number"},
         }) {
        INFO("'" << c.text << "'");
        const Cell cell = parse_number(c.text);
        CHECK(cell.kind == c.kind);
        if (cell.kind == K::value) CHECK(cell.value == c.value);
        if (c.kind == K::bad) {
            REQUIRE(cell.reason != nullptr);
            CHECK(std::string(cell.reason) == c.reason);
            CHECK(cell.why != nullptr);
        }
    }
}

TEST_CASE("task: a decimal point whatever the locale") {
    for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
        std::setlocale(LC_ALL, name);
        CHECK(parse_number("2.5").value == 2.5);
        CHECK(parse_number("2,5").kind == Cell::Kind::bad);
    }
    std::setlocale(LC_ALL, "C");
}

TEST_CASE("task: recognised from the column, and why") {
    struct Case {
        std::vector<std::string> cells;
        Task task;
        std::string why;
        std::vector<std::string> classes;
    };
    std::vector<std::string> counting, zero_to_three = repeated({"0", "1", "2", "3"}, 5);
    for (int i = 0; i < 1007; ++i) counting.push_back(std::to_string(i % 996) + ".5");
    for (const Case& c : {
             Case{repeated({"0", "1"}, 500),
                  Task::binary,
                  "2 distinct values 0 and 1 in 1,000 rows: binary classification, positive class 1",
                  {"0", "1"}},
             Case{{"0", "1"}, Task::binary, "2 distinct values 0 and 1 in 2 rows: binary classification, positive class 1", {"0", "1"}},
             Case{{"1.0", "0.0", "", "1"},
                  Task::binary,
                  "2 distinct values 0 and 1 in 3 rows: binary classification, positive class 1",
                  {"0", "1"}},
             Case{repeated({"-1", "1"}, 5),
                  Task::binary,
                  "2 distinct values -1 and 1 in 10 rows: binary classification, positive class 1",
                  {"-1", "1"}},
             Case{{"5", "7"}, Task::regression, "2 distinct values in 2 rows: regression", {}},
             Case{repeated({"0.5", "1.5"}, 50), Task::regression, "2 distinct values in 100 rows: regression", {}},
             Case{counting, Task::regression, "996 distinct values in 1,007 rows: regression", {}},
             Case{zero_to_three,
                  Task::regression,
                  "4 distinct values in 20 rows, the integers 0 to 3 (--task multiclass if they are classes): regression",
                  {}},
             Case{repeated({"CI", "CA", "CM", "NA"}, 4),
                  Task::multiclass,
                  "3 different words (CA, CI, CM) in 12 rows: multiclass classification",
                  {"CA", "CI", "CM"}},
             Case{repeated({"yes", "no"}, 3),
                  Task::binary,
                  "2 different words (no, yes) in 6 rows: binary classification, positive class yes",
                  {"no", "yes"}},
         }) {
        const Table table = column_of(c.cells);
        Rejects rejects;
        const Target target = read_target(table, "y", rejects);
        CHECK(target.task == c.task);
        CHECK(target.why == c.why);
        CHECK(target.classes == c.classes);
        CHECK(rejects.size() == 0);
        CHECK(target.problem() == "");
    }
}

TEST_CASE("task: values, classes and bad cells in their rows") {
    Table table = column_of({"1", "NA", "3,5", "2", "x", "4"});
    table.rows[3].problem = {"ragged_row", 0, "t.csv:5: ragged"};
    Rejects rejects(false, 1.0);
    rejects.add_refused(table);
    const Target target = read_target(table, "y", rejects);
    CHECK(target.present == 2);
    CHECK(target.missing == 1);
    CHECK(target.bad == 2);
    CHECK(target.values[0] == 1);
    CHECK(target.values[5] == 4);
    for (const std::size_t i : {1, 2, 3, 4}) CHECK(std::isnan(target.values[i]));
    CHECK(rejects.size() == 3);
    CHECK(rejects.find(4)->reason == reason::target_decimal_comma);
    CHECK(rejects.find(4)->column == "y");
    CHECK(rejects.find(4)->value == "3,5");
    CHECK(rejects.find(4)->message ==
          "t.csv:4:2: '3,5' in the target 'y': it holds a comma; write numbers with a point and without grouping");
    CHECK(rejects.find(5)->reason == reason::ragged_row);
    CHECK(rejects.find(6)->reason == reason::target_not_a_number);
    Rejects strict(true);
    CHECK(error_of(ExitCode::data, [&] { read_target(column_of({"1", "2", "12 mg"}), "y", strict); }).find("t.csv:4:2: '12 mg'") == 0);
    // A spoiled label among 0 and 1 is rejected, not a class.
    Rejects mixed(false, 1.0);
    const Target labels = read_target(column_of({"0", "1", "1", "maybe"}), "y", mixed);
    CHECK(labels.classes == std::vector<std::string>{"0", "1"});
    CHECK(mixed.find(5)->reason == reason::target_not_a_number);
}

TEST_CASE("task: asked for instead of recognised") {
    Rejects rejects(false, 1.0);
    const Target as_regression = read_target(column_of({"0", "1", "1"}), "y", rejects, {.task = Task::regression});
    CHECK(as_regression.task == Task::regression);
    CHECK(as_regression.why == "as asked: regression");
    CHECK(as_regression.classes.empty());
    const Target classes = read_target(column_of({"10", "2", "2", "high", "1.0", "1"}), "y", rejects, {.task = Task::multiclass});
    CHECK(classes.classes == std::vector<std::string>{"1", "2", "10", "high"});
    CHECK(classes.values == std::vector<double>{2, 1, 1, 3, 0, 0});
    CHECK(rejects.size() == 0);
    CHECK(error_of(ExitCode::data, [&] {
              read_target(column_of({"1", "2", "3"}), "y", rejects, {.task = Task::binary});
          }) == "the target 'y' has 3 different values (1, 2, 3), binary classification allows 2");
    std::vector<std::string> many;
    for (int i = 0; i < 101; ++i) many.push_back(std::to_string(i));
    CHECK(error_of(ExitCode::data, [&] {
              read_target(column_of(many), "y", rejects, {.task = Task::multiclass});
          }).find("101 different values") != std::string::npos);
    // The classes of a trained model.
    const Target known = read_target(column_of({"b", "a", "c", "", "b"}), "y", rejects, {.task = Task::binary, .classes = {"a", "b"}});
    CHECK(known.values[0] == 1);
    CHECK(known.values[1] == 0);
    CHECK(std::isnan(known.values[2]));
    CHECK(rejects.find(4) != nullptr);
    CHECK(parse_task("Classification") == Task::binary);
    CHECK(parse_task("multiclass") == Task::multiclass);
    CHECK(error_of(ExitCode::usage, [] { parse_task("regresion"); }) == "'regresion' is no task. Did you mean 'regression'?");
}

TEST_CASE("task: an empty, constant or wordy target is said before training") {
    Rejects rejects(false, 1.0);
    const Target empty = read_target(column_of({"", "NA", "-"}), "y", rejects);
    CHECK(empty.problem() == "the target 'y' has no value in 3 rows");
    const Target constant = read_target(column_of({"2.5", "2.5", "", "2.50"}), "y", rejects);
    CHECK(constant.problem() == "the target 'y' is 2.5 in all of its 3 rows: nothing can be learned from it");
    const Target one_class = read_target(column_of({"yes", "yes"}), "y", rejects, {.task = Task::binary});
    CHECK(one_class.problem() == "the target 'y' is yes in all of its 2 rows: nothing can be learned from it");
    const Target good = read_target(column_of({"1.5", "2.5"}), "y", rejects);
    CHECK(good.problem().empty());
    require_trainable(std::vector{good});
    CHECK(error_of(ExitCode::data, [&] {
              require_trainable(std::vector{empty, good, constant});
          }).find("no value in 3 rows; the target 'y' is 2.5") != std::string::npos);
    CHECK(error_of(ExitCode::data, [&] {
              read_target(column_of({"CCO", "C", "N"}), "y", rejects);
          }) == "t.csv:2:2: no cell of the target 'y' is a number");
    CHECK(error_of(ExitCode::data, [&] {
              read_target(column_of({"3,1", "3,1", "4,1", "4,1"}), "y", rejects);
          }) == "t.csv:2:2: no cell of the target 'y' is a number");
}

#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

// What a run shows. Whoever fills this needs nothing but numbers and text; the drawing is done here.

namespace molten::report {

// A model's measures on the test part: one row of the comparison.
struct MetricsRow {
    std::string model;              // "molten", "random_forest", "graph_only"
    std::string kind;               // "model", "ablation", "baseline"
    std::vector<double> mean;       // a number a column of MetricsTable; NaN = undefined
    std::vector<double> deviation;  // over replicates; empty when there is one
    std::string settings;           // "lambda = 10"; may be empty
    double seconds = 0;
};
struct MetricsTable {
    std::string title;                 // "Test part", "Test part, target Tg"
    std::vector<std::string> columns;  // "RMSE (Tg)", "MAE (Tg)"
    std::vector<bool> larger_is_better;
    std::vector<MetricsRow> rows;
    std::string rows_are = "model";  // models compete: the best of a column is marked; not so for "target"
};
// A table that is aligned also as plain text, without its title.
std::string to_markdown(const MetricsTable&);

struct LossCurve {
    std::string name;  // "model 0"
    std::vector<double> epoch, train, validation;
    double best_epoch = 0;
};

enum class Part { train, validation, test };

struct Point {
    Part part = Part::test;
    double measured = 0, predicted = 0, lower = 0, upper = 0;
    std::string name;  // SMILES: a tooltip
};

struct TargetSection {
    std::string name;
    bool classification = false;  // measured is 0 or 1, predicted a probability
    std::string task, why;        // "regression", "3,791 different numbers in 3,791 rows"
    std::vector<Point> points;
    // Regression: nominal against measured coverage of the ensemble's intervals, and the conformal interval's figures.
    std::vector<std::pair<double, double>> calibration;
    double nominal_coverage = 0, measured_coverage = 0, mean_width = 0;  // of the conformal interval on the test part; NaN = unknown
    std::string interval_note;
    // Classification on the test part; empty when only one class is there.
    std::vector<std::pair<double, double>> roc, precision_recall, reliability;
};

struct GateSection {
    std::vector<std::string> experts;
    std::vector<double> train, validation, test;  // mean weight of each expert
    std::vector<std::vector<double>> by_epoch;    // [epoch][expert], of the first model
};

struct WorstMolecule {
    std::string svg;  // a drawing
    std::string smiles, target;
    std::string row;  // "row 412"
    double measured = 0, predicted = 0, lower = 0, upper = 0;
    double similarity = 0;  // Tanimoto to the nearest training molecule; NaN = unknown
};

struct ReportData {
    std::string title;
    std::vector<std::pair<std::string, std::string>> facts;  // "data" -> "esol.csv, 1,007 rows, 1,005 used"
    std::vector<MetricsTable> tables;
    std::vector<LossCurve> curves;
    std::vector<TargetSection> targets;
    GateSection gate;  // no experts: no section
    std::vector<WorstMolecule> worst;
    std::vector<std::pair<std::string, std::size_t>> rejected;  // reason code -> rows
    std::string command, config;                                // as run
    std::vector<std::string> notes;
};

// One self-contained page: no script, no network, light and dark.
std::string to_html(const ReportData&);
// The model card of the run directory.
std::string to_model_card(const ReportData&);
void write_report(const ReportData&, const std::filesystem::path& directory);  // report.html and README.md

}  // namespace molten::report

#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Measures of a prediction against measured values. Everything is in double and deterministic. A measure that has no value (one
// class only, a constant target, nothing measured) has a reason instead of a number.

namespace molten::metrics {

enum class Task : std::uint8_t { regression, binary, multiclass };
std::string_view task_name(Task);

// One target over n rows. Rows with mask 0 or a NaN target are left out of every measure.
struct Sample {
    std::span<const double> target;           // [n] the value; 0 or 1; or the class number 0 ... classes - 1
    std::span<const double> prediction;       // [n] the value or the score of class 1; [n, classes] row-major for multiclass
    std::span<const std::uint8_t> mask = {};  // [n] 0 = leave out; empty = all rows
    Task task = Task::regression;
    int classes = 2;  // multiclass only
};

struct Score {
    std::optional<double> value;
    std::string reason;    // why there is no value; mean_score also says here that it left targets out
    std::size_t rows = 0;  // rows that were used
};

// Every function throws Error(data) when the lengths of a sample do not fit each other, when a target is no class of a classification
// task, or when the task does not fit. A non-finite prediction of a used row makes the score undefined, with the row in the reason.
// N is the number of used rows, y a target, f a prediction, a bar a mean over the used rows.

Score mae(const Sample&);       // sum |y - f| / N
Score rmse(const Sample&);      // sqrt(sum (y - f)^2 / N)
Score r2(const Sample&);        // 1 - sum (y - f)^2 / sum (y - ybar)^2
Score pearson(const Sample&);   // sum (y - ybar)(f - fbar) / sqrt(sum (y - ybar)^2 sum (f - fbar)^2)
Score spearman(const Sample&);  // Pearson of the ranks, ties get the mean of their ranks
Score kendall(const Sample&);   // tau-b = (C - D) / sqrt((P - Ty)(P - Tf)) over the P pairs; T: pairs tied in y, in f

// Binary. roc_auc = P(f of a 1 > f of a 0) + P(equal) / 2, by ranks (Mann-Whitney U).
Score roc_auc(const Sample&);
// Binary. Average precision: sum_k (R_k - R_{k-1}) P_k over the distinct scores in falling order; ties enter together.
Score pr_auc(const Sample&);

// Binary labels are f > 0.5, multiclass labels the largest score (the first of equals).
Score accuracy(const Sample&);           // share of right labels
Score balanced_accuracy(const Sample&);  // mean recall of the classes that occur among the targets
Score f1(const Sample&);                 // 2TP / (2TP + FP + FN) of class 1; multiclass: mean over the classes seen or predicted
// Matthews: (TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN)); multiclass by Gorodkin's R_K, which equals it for two.
Score mcc(const Sample&);

// These need probabilities: a value outside [0, 1], or a multiclass row that does not sum to 1, makes them undefined.
Score log_loss(const Sample&);  // -mean log p(right class), p kept inside [2^-52, 1 - 2^-52]
Score brier(const Sample&);     // mean (p - y)^2; multiclass: mean over rows of the sum over classes
// sum_b n_b / N |mean confidence - share right| over bins of equal width, the last one closed. Binary: confidence is p(1) and right is
// y = 1 (the reliability diagram). Multiclass: confidence is the largest p and right means that its class is the target (Guo et al. 2017).
Score expected_calibration_error(const Sample&, int bins);
Score ece(const Sample&);  // with 10 bins

struct Point {
    double x, y;
};
// Points for a plot, from (0, 0) to (1, 1): x = false positive rate, y = true positive rate. Empty when only one class is there.
std::vector<Point> roc_curve(const Sample&);
// x = recall, y = precision, at each distinct score from the highest down. Empty when there is no positive.
std::vector<Point> precision_recall_curve(const Sample&);

// Ranks 1 ... n of the values, ties get the mean of their ranks. Values must be finite.
std::vector<double> average_ranks(std::span<const double> values);

struct Metric {
    std::string_view name;   // as in configuration and files: "roc_auc"
    std::string_view label;  // for people: "ROC-AUC"
    bool larger_is_better;
    bool regression, binary, multiclass;  // tasks that have it
    bool needs_probability;               // a label or a score is not enough
    bool in_target_units;                 // has the unit of the target, so it may not be averaged over targets of different units
    Score (*compute)(const Sample&);

    bool suits(Task task) const { return task == Task::regression ? regression : task == Task::binary ? binary : multiclass; }
};

std::span<const Metric> all();
std::vector<const Metric*> metrics_of(Task);  // in the order in which a report shows them

// The metric of that name for the task. Throws Error(usage) that names the nearest one or the tasks that have it.
const Metric& find(std::string_view name, Task);
// What early stopping watches unless told otherwise: rmse, roc_auc, log_loss.
const Metric& default_metric(Task);

// Mean of the defined scores (for several targets); the reason says how many were left out. Undefined when none is defined.
Score mean_score(std::span<const Score> scores);

}  // namespace molten::metrics

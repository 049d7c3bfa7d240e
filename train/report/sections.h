#pragma once
#include <string>

#include "train/report/report.h"

// The parts of the page, each as HTML, empty where there is nothing to show. For the files of this folder only.
namespace molten::report {

// What a dot plot may spend: dots that can be pointed at, and plain dots of each part. The more targets, the fewer.
struct DotBudget {
    std::size_t pointed = 800, plain = 4000;
};
DotBudget dot_budget(std::size_t targets);

std::string facts_section(const ReportData&);
std::string results_section(const ReportData&);
std::string training_section(const ReportData&);  // loss curves
std::string gate_section(const ReportData&);
std::string targets_section(const ReportData&);
std::string regression_plots(const TargetSection&, DotBudget);
std::string classification_plots(const TargetSection&);
std::string worst_section(const ReportData&);
std::string rows_section(const ReportData&);       // rejected rows
std::string reproduce_section(const ReportData&);  // command and configuration

// "regression (684 distinct values in 1,007 rows)"; not yet escaped.
std::string task_text(const TargetSection&);
std::string heading(const std::string& id, const std::string& text);
std::string plot(const std::string& svg);
std::string tile(const std::string& name, const std::string& figure, const std::string& note);  // escapes all three

inline constexpr int kPartColour[] = {6, 4, 0};  // train, validation, test
inline constexpr const char* kPartName[] = {"train", "validation", "test"};

}  // namespace molten::report

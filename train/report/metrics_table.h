#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "train/report/report.h"

namespace molten::report {

// A MetricsTable as text, cell by cell, with what stands out.
struct TableCell {
    std::string text;  // "0.583 ± 0.012"
    bool best = false;
};
struct TableText {
    std::vector<std::string> head;  // "model", "RMSE ↓", ..., "settings", "time"
    struct Row {
        std::string name, kind, settings, time;
        std::vector<TableCell> cells;
    };
    std::vector<Row> rows;
    bool has_kind = false, has_settings = false, has_time = false;
};
// Ties are all marked; nothing is where fewer than two rows have a number, and in a table of targets. Missing values are "n/a".
TableText table_text(const MetricsTable&);

}  // namespace molten::report

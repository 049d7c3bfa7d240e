#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/io/file.h"

namespace molten::log {

// Names and numbers in a fixed order; a value is an integer, a double or a text.
struct MetricsRecord {
    std::vector<std::pair<std::string, std::string>> texts;
    std::vector<std::pair<std::string, std::int64_t>> integers;
    std::vector<std::pair<std::string, double>> numbers;  // NaN is written as null in JSON, empty in CSV
};

struct MetricsPosition {
    std::uint64_t jsonl_bytes = 0, csv_bytes = 0;
};

// metrics.jsonl and metrics.csv, a line a record, in step. They hold no wall-clock time, so a resumed run writes the same bytes as
// one that was never stopped. The columns of the CSV are the first record's; a later record of other names is refused.
class MetricsLog {
  public:
    // Opens both files at `position`: what is behind it is cut off; a file shorter than that is Error(corrupt).
    MetricsLog(const std::filesystem::path& directory, const MetricsPosition& position);
    void write(const MetricsRecord&);
    void sync();  // on the disk when this returns
    MetricsPosition position() const { return position_; }

  private:
    io::File jsonl_, csv_;
    MetricsPosition position_;
    std::string header_;  // of the CSV, once known
};

}  // namespace molten::log

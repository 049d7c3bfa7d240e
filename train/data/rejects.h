#pragma once
#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "train/data/table.h"

namespace molten::data {

// One row that is not used, and why. `row` is Row::number.
struct Reject {
    std::uint64_t row = 0;
    std::string column;   // name of the column, "" for the row as a whole
    std::string value;    // the cell, cut to 200 bytes when written
    std::string reason;   // reason code
    std::string message;  // where, what, why
};

// The rows of one input that are not used. A row is rejected once: the first reason stays.
class Rejects {
  public:
    // strict: the first reject is an Error(data). Otherwise check() allows max_share of all rows. The default, a tenth, lets a messy
    // file of a laboratory pass and stops a wrong column or a wrong delimiter, which spoil nearly every row.
    explicit Rejects(bool strict = false, double max_share = 0.10) : strict_(strict), max_share_(max_share) {}

    void add(Reject reject);
    // All rows that the file reader refused.
    void add_refused(const Table& table);
    void add_refused(const std::vector<std::string>& columns, const Row& row);

    bool contains(std::uint64_t row) const { return rejects_.contains(row); }
    const Reject* find(std::uint64_t row) const;
    std::size_t size() const { return rejects_.size(); }

    // Reason codes and how many rows each rejected, most frequent first.
    std::vector<std::pair<std::string, std::size_t>> by_reason() const;
    // "12 of 1,000 rows are not used: 8 ragged_row, 4 invalid_utf8", or "all 1,000 rows are used".
    std::string summary(std::size_t rows) const;
    // Error(data) where more than the share of `rows` is rejected, with the summary and the first reject.
    void check(std::size_t rows) const;
    // row,column,value,reason,message, ordered by row. Error(resources) where it cannot be written.
    void write(std::ostream& out) const;
    void write(const std::string& path) const;

  private:
    bool strict_;
    double max_share_;
    std::map<std::uint64_t, Reject> rejects_;
};

}  // namespace molten::data

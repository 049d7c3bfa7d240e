#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "train/data/input.h"
#include "train/data/row.h"

namespace molten::data {

// Lines of an input, whatever ends them (LF, CRLF, CR), without a byte order mark. Error(data) beyond max_field_bytes.
class LineReader {
  public:
    LineReader(Input input, const Limits& limits);
    bool next(std::string& line);
    std::uint64_t number() const { return number_; }  // of the line that next() gave last, from 1
    const std::string& name() const { return input_.name(); }
    void rewind();

  private:
    int peek();
    Input input_;
    Limits limits_;
    std::vector<char> buffer_;
    std::size_t position_ = 0, end_ = 0;
    std::uint64_t number_ = 0;
};

// SMI: one molecule a line, SMILES, blanks, name (the rest of the line). Columns "smiles" and "name", or those of a first line whose
// first word is "smiles" (case ignored). Blank lines before the last molecule are rows with reason::blank_row.
class SmiReader final : public RecordReader {
  public:
    SmiReader(Input input, const Limits& limits);
    const std::vector<std::string>& columns() const override { return columns_; }
    bool next(Row& row) override;
    std::string description() const override;

  private:
    LineReader lines_;
    std::vector<std::string> columns_{"smiles", "name"};
    std::string pending_;  // the line after a run of blank lines
    std::uint64_t blanks_ = 0, pending_number_ = 0;
    bool has_pending_ = false;
};

// SDF (CTfile formats, MDL/BIOVIA): records end with "$$$$". Columns "mol_block" (up to and with "M  END"), "title" (its first line),
// then every property of the file in the order of first appearance; a record without a property has an empty cell there. The file is
// read twice, first for the names, so it cannot come from a pipe. A value of several lines keeps its line breaks as LF.
class SdfReader final : public RecordReader {
  public:
    SdfReader(Input input, const Limits& limits);
    const std::vector<std::string>& columns() const override { return columns_; }
    bool next(Row& row) override;
    std::string description() const override;

  private:
    bool read_record(Row& row, bool names_only);
    void read_property(Row& row, const std::string& header, std::vector<bool>& seen, bool names_only);
    void stray_text(Row& row) const;
    bool take_line(std::string& line);
    LineReader lines_;
    Limits limits_;
    std::vector<std::string> columns_{"mol_block", "title"};
    std::unordered_map<std::string, std::size_t> index_;  // property name to column
    std::uint64_t record_ = 0, records_ = 0;
    std::size_t record_bytes_ = 0;
    std::string line_;
};

}  // namespace molten::data

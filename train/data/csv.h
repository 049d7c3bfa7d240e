#pragma once
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "train/data/input.h"
#include "train/data/row.h"

namespace molten::data {

struct CsvOptions {
    char delimiter = 0;    // 0: sniff among comma, tab, semicolon
    char preferred = ',';  // what sniffing takes where several fit
    bool header = true;    // false: the columns are called column_1, column_2, ...
    bool quotes = true;    // false: a quote is a letter like any other
    Limits limits{};
};

// RFC 4180 as a stream, in constant memory: quoted fields with delimiters, line breaks and doubled quotes; LF, CRLF or CR ends a
// row; a UTF-8 byte order mark is skipped. More lenient than the RFC in one point: a quote inside an unquoted field is a letter.
// A row that cannot be trusted (ragged, blank, NUL, not UTF-8, text after a closing quote) comes with its Problem and the file
// goes on. Error(data) with file:row:column ends the file: a quote that is never closed (the row and line where it opened), a cap
// of `limits`, an empty file, an empty header, UTF-16, a spreadsheet or other binary file. Blank lines at the end do not count.
class CsvReader final : public RecordReader {
  public:
    explicit CsvReader(Input input, CsvOptions options = {});

    const std::vector<std::string>& columns() const override { return columns_; }
    bool next(Row& row) override;
    std::string description() const override;
    char delimiter() const { return delimiter_; }

  private:
    enum class End { delimiter, record };

    bool fill();
    int peek();
    void begin_file();
    void read_header();
    bool read_record(Row& row);
    End plain_field(Row& row, std::string& field);
    End quoted_field(Row& row, std::string& field);
    End line_break();
    void append(Row& row, std::string& field, const char* bytes, std::size_t count);
    void check(Row& row) const;
    void refuse(Row& row, const char* code, std::size_t column, const std::string& why) const;
    bool blank(const Row& row) const;
    std::string where(std::uint64_t row, std::size_t column) const;

    Input input_;
    CsvOptions options_;
    char delimiter_ = ',';
    std::vector<std::string> columns_;
    std::vector<char> buffer_;
    std::size_t position_ = 0, end_ = 0;
    std::uint64_t row_ = 0, line_ = 1;
    std::size_t row_bytes_ = 0, field_index_ = 0;
    bool row_quoted_ = false, byte_order_mark_ = false, ended_ = false;
    Row pending_;  // the row after a run of blank lines
    std::uint64_t blanks_ = 0, blank_row_ = 0, blank_line_ = 0;
    bool has_pending_ = false;
};

// The delimiter among comma, tab and semicolon that splits the most of the first rows into the header's number of fields (at
// least 2). Ties go to `preferred`, then to that order; `preferred` where none fits. `complete`: `head` is the whole file.
char sniff_delimiter(std::string_view head, bool complete, bool quotes, char preferred = ',');

// Writes RFC 4180 with LF. A user's cell is written so that reading it back gives the same bytes, whatever they are. A cell that
// molten makes is guarded against formula injection: when it starts with = + - @ TAB or CR and is no number, an apostrophe goes in
// front, so that no spreadsheet runs it.
class CsvWriter {
  public:
    explicit CsvWriter(std::ostream& out, char delimiter = ',') : out_(out), delimiter_(delimiter) {}
    void user_cell(std::string_view text);
    void own_cell(std::string_view text);
    void number(double value);  // shortest form that reads back to the same bits; "" for NaN
    void integer(std::uint64_t value);
    // Ends the row. Error(resources) where the stream has failed, as it does on a full disk.
    void end_row();

  private:
    void put(std::string_view text, bool guard);
    std::ostream& out_;
    char delimiter_;
    std::size_t cells_ = 0;
    bool lone_empty_ = false;
};

}  // namespace molten::data

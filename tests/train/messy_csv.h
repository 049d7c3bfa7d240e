#pragma once
#include <cstdint>
#include <string>
#include <vector>

// A generator of messy CSV files that knows what it wrote: the oracle of the reader. It shares no code with train/data.
namespace molten {

struct MessyRow {
    std::vector<std::string> cells;  // as meant
    std::string code;                // reason code the row must get, "" where it is sound
    std::uint64_t line = 0;          // line on which it starts, counting LF, CRLF and CR outside quotes and LF inside
};

struct MessyCsv {
    std::uint64_t seed = 0;
    char delimiter = ',';
    std::string bytes;
    std::vector<std::string> header;
    std::vector<MessyRow> rows;
};

// Any delimiter, line end, byte order mark, quoting where none is needed, line breaks and quotes in cells, text in many scripts, and about
// one row in eight spoiled in a way that has a reason code.
MessyCsv messy_csv(std::uint64_t seed);

}  // namespace molten

#include "tests/train/messy_csv.h"

#include <algorithm>
#include <random>
#include <utility>

namespace molten {

namespace {

class Generator {
  public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    MessyCsv make() {
        MessyCsv file;
        file.delimiter = ",\t;"[below(3)];
        eol_ = std::vector<std::string>{"\n", "\r\n", "\r"}[below(3)];
        quote_share_ = below(4) * 25;
        if (below(4) == 0) file.bytes = "\xEF\xBB\xBF";
        const std::size_t columns = 2 + below(9);
        for (std::size_t i = 0; i < columns; ++i)
            file.header.push_back("column " + std::to_string(i) +
                                  (below(2) ? " \xC2\xB0"
                                              "C"
                                            : ""));
        write(file, file.header);
        const std::size_t rows = 5 + below(60);
        for (std::size_t i = 0; i < rows; ++i) {
            file.bytes += eol_;
            ++line_;
            add_row(file, columns, i + 1 == rows);
        }
        if (below(3) > 0) file.bytes += eol_;
        for (std::size_t i = below(3); i > 0; --i) file.bytes += eol_;  // blank lines at the end do not count
        return file;
    }

  private:
    std::size_t below(std::size_t bound) { return random_() % bound; }

    std::string cell() {
        static const std::vector<std::string> pieces{
            "C",  "c1ccccc1", "(=O)",         "-1.5e3",           "N/A", " ",  ",", ";", "\t", "\"", "\"\"", "\n", "\r\n",
            "=x", "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\xA7\xAA", "'",   "\\", "#", "0"};
        std::string text;
        for (std::size_t i = below(6); i > 0; --i) text += pieces[below(pieces.size())];
        return text;
    }

    // The cell as it stands in the file.
    std::string encoded(const std::string& text, char delimiter) {
        const bool needed = text.find_first_of(std::string("\"\r\n") + delimiter) != std::string::npos;
        if (!needed && below(100) >= quote_share_) return text;
        std::string quoted = "\"";
        for (const char c : text) {
            quoted += c;
            if (c == '"') quoted += c;
        }
        return quoted + "\"";
    }

    void write(MessyCsv& file, const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i > 0) file.bytes += file.delimiter;
            file.bytes += encoded(cells[i], file.delimiter);
            line_ += static_cast<std::uint64_t>(std::count(cells[i].begin(), cells[i].end(), '\n'));
        }
    }

    void add_row(MessyCsv& file, std::size_t columns, bool last) {
        MessyRow row;
        row.line = line_;
        for (std::size_t i = 0; i < columns; ++i) row.cells.push_back(cell());
        std::size_t damage = below(40);
        if (last && damage == 0) damage = 40;
        const std::size_t at = below(columns);
        if (damage == 0) {
            row.code = "blank_row";
            row.cells.assign(columns, "");
            file.rows.push_back(row);
            return;
        }
        if (damage == 1) {
            row.code = "ragged_row";
            if (below(2) == 0 || columns == 2)
                row.cells.push_back(cell() + "x");
            else
                row.cells.pop_back();
        } else if (damage == 2) {
            row.code = "nul_byte";
            row.cells[at] += '\0';
        } else if (damage == 3) {
            static const std::vector<std::string> wrong{"\xFF", "\xC3", "\xE4\xB8", "\xED\xA0\x80", "\xC0\x80", "\xF5\x80\x80\x80", "\x80"};
            row.code = "invalid_utf8";
            row.cells[at] += wrong[below(wrong.size())] + "z";
        } else if (damage == 4) {
            row.code = "text_after_quote";
            row.cells[0] = "plain";
            file.bytes += "\"q\"";  // "q"plain
        }
        if (damage == 4) {
            const std::size_t share = std::exchange(quote_share_, 0);
            write(file, row.cells);
            quote_share_ = share;
        } else {
            write(file, row.cells);
        }
        file.rows.push_back(row);
    }

    std::mt19937_64 random_;
    std::string eol_;
    std::size_t quote_share_ = 0;
    std::uint64_t line_ = 1;
};

}  // namespace

MessyCsv messy_csv(std::uint64_t seed) {
    MessyCsv file = Generator(seed).make();
    file.seed = seed;
    return file;
}

}  // namespace molten

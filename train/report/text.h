#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Text and numbers for pages and tables. Names of columns, targets and files come from outside: all of them go through here.
namespace molten::report {

// Text that can only be read: control bytes and bytes that are no UTF-8 as \xNN, characters that turn the writing direction as \uNNNN.
// Tabs and line ends become spaces, unless `keep_lines`.
std::string visible(std::string_view text, bool keep_lines = false);
// visible(), then & < > " ' as character references: for HTML and SVG, in text and in quoted attributes.
std::string escaped(std::string_view text, bool keep_lines = false);
// visible() with the characters of Markdown that matter inside a line or a table cell behind a backslash.
std::string markdown_escaped(std::string_view text);
// `text` between fences that are longer than any run of backticks in it.
std::string markdown_code(std::string_view text);

// At most `digits` significant digits, no trailing zeros, "1.2e-07" outside 1e-4 .. 1e7, "n/a" for NaN, "inf".
std::string compact(double value, int digits = 4);
// Decimals that show four significant digits of the column's median; 0 to 8.
int decimals_for(const std::vector<double>& column);
// With that many decimals; "n/a" for NaN; compact() from 1e9 on.
std::string fixed(double value, int decimals);
// "12,345".
std::string grouped(std::size_t count);
std::size_t code_points(std::string_view utf8);

}  // namespace molten::report

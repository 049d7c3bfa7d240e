#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace molten::data {

// Without the ASCII blanks (space, tab, CR, LF, VT, FF) at both ends.
std::string_view trim(std::string_view text);

// ASCII letters in lower case, every other byte as it is; no locale.
std::string lower(std::string_view text);

// Well-formed UTF-8 (Unicode 15, table 3-7): no overlong form, no surrogate, nothing above U+10FFFF.
bool valid_utf8(std::string_view text);

// A piece of hostile text as it may stand in a message: control bytes and bytes that are not UTF-8 as \xNN, at most `limit`
// bytes of the original, "..." where it was cut.
std::string excerpt(std::string_view text, std::size_t limit = 60);

// 1234567 as "1,234,567".
std::string grouped(std::uint64_t value);

}  // namespace molten::data

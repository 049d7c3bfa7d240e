#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace molten::io {

// Text from outside, fit for a message: in double quotes, control bytes and invalid UTF-8 as \xNN, cut after `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 80);

// A size for people: "512 bytes", "3.1 MB" (powers of 1000, as disks are sold).
std::string human_bytes(std::uint64_t bytes);

// Length of the well-formed UTF-8 sequence at the start of `text` (1 to 4), or 0 where there is none. Table 3-7 of the Unicode standard.
std::size_t utf8_length(std::string_view text);

}  // namespace molten::io

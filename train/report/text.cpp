#include "train/report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/io/printable.h"

namespace molten::report {
namespace {

// U+202A..202E, U+2066..2069 and U+200E, U+200F: invisible, and they can reorder the line they stand in.
bool turns_direction(std::string_view character) {
    if (character.size() != 3 || character[0] != '\xE2') return false;
    const auto second = static_cast<unsigned char>(character[1]), third = static_cast<unsigned char>(character[2]);
    return (second == 0x80 && ((third >= 0xAA && third <= 0xAE) || third == 0x8E || third == 0x8F)) ||
           (second == 0x81 && third >= 0xA6 && third <= 0xA9);
}

// U+0080..009F are control characters for a terminal, U+FFFE and U+FFFF no characters of XML.
bool unfit(std::string_view character) {
    if (character.size() == 2) return character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
    return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF";
}

void append_bytes(std::string& out, std::string_view bytes) {
    for (const char c : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

std::string visible(std::string_view text, bool keep_lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t length = std::max<std::size_t>(io::utf8_length(text), 1);
        const std::string_view character = text.substr(0, length);
        if (c == '\n' || c == '\t') {
            out += keep_lines ? c : ' ';
        } else if (c == '\r') {
            if (!keep_lines) out += ' ';
        } else if ((length == 1 && (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F)) || unfit(character)) {
            append_bytes(out, character);
        } else if (turns_direction(character)) {
            const int code = 0x2000 | (character[1] & 0x3F) << 6 | (character[2] & 0x3F);
            out += fmt::format("\\u{:04x}", code);
        } else {
            out += character;
        }
        text.remove_prefix(length);
    }
    return out;
}

std::string escaped(std::string_view text, bool keep_lines) {
    std::string out;
    for (const char c : visible(text, keep_lines)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string markdown_escaped(std::string_view text) {
    std::string out;
    for (const char c : visible(text)) {
        if (std::string_view("\\`*[]<>|").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string markdown_code(std::string_view text) {
    std::size_t longest = 2, run = 0;
    for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
    const std::string fence(longest + 1, '`');
    std::string body = visible(text, true);
    if (!body.empty() && body.back() != '\n') body += '\n';
    return fence + "\n" + body + fence + "\n";
}

std::string compact(double value, int digits) {
    if (std::isnan(value)) return "n/a";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    if (value == 0) return "0";
    const double size = std::abs(value);
    if (size >= 1e7 || size < 1e-4) return fmt::format("{:.{}g}", value, digits);
    const int decimals = std::max(0, digits - 1 - static_cast<int>(std::floor(std::log10(size))));
    std::string text = fmt::format("{:.{}f}", value, decimals);
    if (decimals > 0) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') text.pop_back();
    }
    return text;
}

int decimals_for(const std::vector<double>& column) {
    std::vector<double> sizes;
    for (const double v : column)
        if (std::isfinite(v) && v != 0) sizes.push_back(std::abs(v));
    if (sizes.empty()) return 0;
    const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>((sizes.size() - 1) / 2);
    std::nth_element(sizes.begin(), middle, sizes.end());
    return static_cast<int>(std::clamp(3 - std::floor(std::log10(*middle)), 0.0, 8.0));
}

std::string fixed(double value, int decimals) {
    if (!std::isfinite(value) || std::abs(value) >= 1e9) return compact(value);
    std::string text = fmt::format("{:.{}f}", value, decimals);
    if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);  // no negative zero
    return text;
}

std::string grouped(std::size_t count) {
    std::string digits = std::to_string(count);
    for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), ",");
    return digits;
}

std::size_t code_points(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace molten::report

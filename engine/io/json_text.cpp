#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "engine/io/json.h"
#include "engine/io/printable.h"

namespace molten::io {
namespace {

void append_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        const std::size_t length = utf8_length(text.substr(i));
        if (length == 0) {
            throw Error(ExitCode::data, fmt::format("text that is not UTF-8 cannot be written as JSON: {} at byte {}", printable(text), i));
        }
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += text.substr(i, length);
        }
        i += length;
    }
    out += '"';
}

void append_real(std::string& out, double value) {
    if (!std::isfinite(value)) {
        throw Error(ExitCode::numbers, fmt::format("{} cannot be written as JSON", value), "write null where a number may be missing");
    }
    char digits[32];
    const auto result = std::to_chars(digits, digits + sizeof digits, value);
    const std::string_view shortest(digits, static_cast<std::size_t>(result.ptr - digits));
    out += shortest;
    if (shortest.find_first_of(".e") == std::string_view::npos) out += ".0";
}

class TextWriter {
  public:
    TextWriter(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

    // Depth is what the caller built; a parsed document has at most JsonLimits::depth.
    void append(const Json& value, std::size_t level) {
        switch (value.kind()) {
            case Json::Kind::null:
                out_ += "null";
                break;
            case Json::Kind::boolean:
                out_ += *value.as_boolean() ? "true" : "false";
                break;
            case Json::Kind::integer:
                out_ += std::to_string(*value.as_integer());
                break;
            case Json::Kind::real:
                append_real(out_, *value.as_real());
                break;
            case Json::Kind::string:
                append_string(out_, *value.as_string());
                break;
            case Json::Kind::array:
                append_array(*value.as_array(), level);
                break;
            case Json::Kind::object:
                append_object(*value.as_object(), level);
                break;
        }
    }

  private:
    void append_array(const JsonArray& array, std::size_t level) {
        out_ += '[';
        for (std::size_t i = 0; i < array.size(); ++i) {
            begin_element(i, level);
            append(array[i], level + 1);
        }
        end_elements(array.size(), level);
        out_ += ']';
    }

    void append_object(const JsonObject& object, std::size_t level) {
        out_ += '{';
        for (std::size_t i = 0; i < object.size(); ++i) {
            begin_element(i, level);
            append_string(out_, object.members()[i].first);
            out_ += pretty_ ? ": " : ":";
            append(object.members()[i].second, level + 1);
        }
        end_elements(object.size(), level);
        out_ += '}';
    }

    void begin_element(std::size_t index, std::size_t level) {
        if (index > 0) out_ += ',';
        if (pretty_) out_.append(1, '\n').append(2 * (level + 1), ' ');
    }
    void end_elements(std::size_t count, std::size_t level) {
        if (pretty_ && count > 0) out_.append(1, '\n').append(2 * level, ' ');
    }

    std::string& out_;
    bool pretty_;
};

}  // namespace

std::string Json::text(bool pretty) const {
    std::string out;
    TextWriter(out, pretty).append(*this, 0);
    if (pretty) out += '\n';
    return out;
}

}  // namespace molten::io

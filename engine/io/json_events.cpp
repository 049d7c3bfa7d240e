#include "engine/io/json_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/io/byte_reader.h"
#include "engine/io/printable.h"

namespace molten::io {
namespace {

// Reads bytes from a source and checks each against the limits before the parser behind sees it.
class GuardedStream {
  public:
    GuardedStream(ByteSource& source, std::string_view name, const JsonLimits& limits) : source_(source), name_(name), limits_(limits) {
        refill();
    }

    bool exhausted() const { return piece_.empty(); }
    char current() const { return piece_.front(); }
    void advance() {
        check(static_cast<unsigned char>(piece_.front()));
        piece_.remove_prefix(1);
        if (piece_.empty()) refill();
    }
    JsonPosition last_read() const { return last_; }
    std::string_view name() const { return name_; }
    const JsonLimits& limits() const { return limits_; }

    [[noreturn]] void fail(JsonFault fault, const std::string& what) const { throw JsonError(fault, name_, last_, what); }
    [[noreturn]] void fail_limit(JsonFault fault, const char* what, std::uint64_t limit, const char* limit_name) const {
        throw JsonError(fault, name_, last_, fmt::format("{} (limit {}: {})", what, limit_name, limit));
    }

  private:
    void refill() {
        piece_ = as_text(source_.next());
        if (piece_.empty() && continuation_left_ > 0) fail(JsonFault::encoding, "ends inside a UTF-8 sequence");
    }

    void check(unsigned char byte) {
        last_ = next_;
        if (++bytes_ > limits_.bytes) fail_limit(JsonFault::document_size, "document too long", limits_.bytes, "bytes");
        check_encoding(byte);
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
            fail(JsonFault::syntax, fmt::format("control byte 0x{:02x}", byte));
        if (in_string_) {
            check_in_string(byte);
        } else {
            check_outside(byte);
        }
        if (byte == '\n') {
            ++next_.line;
            next_.column = 1;
        } else {
            ++next_.column;
        }
    }

    // The automaton of utf8_length (printable.cpp), one byte at a time.
    void check_encoding(unsigned byte) {
        if (continuation_left_ > 0) {
            if (byte < low_ || byte > high_) fail(JsonFault::encoding, fmt::format("byte 0x{:02x} is not UTF-8 here", byte));
            --continuation_left_;
            low_ = 0x80;
            high_ = 0xBF;
        } else if (byte >= 0x80) {
            continuation_left_ = byte >= 0xC2 && byte <= 0xDF ? 1 : byte >= 0xE0 && byte <= 0xEF ? 2 : byte >= 0xF0 && byte <= 0xF4 ? 3 : 0;
            if (continuation_left_ == 0) fail(JsonFault::encoding, fmt::format("byte 0x{:02x} is not UTF-8 here", byte));
            low_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
            high_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
        }
    }

    void check_in_string(unsigned char byte) {
        if (escaped_) {
            escaped_ = false;
        } else if (byte == '\\') {
            escaped_ = true;
        } else if (byte == '"') {
            in_string_ = false;
            return;
        }
        if (++string_length_ > limits_.string) fail_limit(JsonFault::string_length, "string too long", limits_.string, "string");
    }

    void check_outside(unsigned char byte) {
        const bool in_number = (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
        number_length_ = in_number ? number_length_ + 1 : 0;
        if (number_length_ > limits_.number) fail_limit(JsonFault::number_length, "number too long", limits_.number, "number");
        if (byte == '"') {
            in_string_ = true;
            string_length_ = 0;
        } else if (byte == '[' || byte == '{') {
            if (++depth_ > limits_.depth) fail_limit(JsonFault::depth, "nested too deeply", limits_.depth, "depth");
        } else if ((byte == ']' || byte == '}') && depth_ > 0) {
            --depth_;
        }
    }

    ByteSource& source_;
    std::string_view piece_;
    std::string_view name_;
    const JsonLimits& limits_;
    JsonPosition last_;
    JsonPosition next_;
    std::uint64_t bytes_ = 0;
    std::uint64_t string_length_ = 0;
    std::uint64_t number_length_ = 0;
    std::uint32_t depth_ = 0;
    unsigned continuation_left_ = 0;
    unsigned low_ = 0x80;
    unsigned high_ = 0xBF;
    bool in_string_ = false;
    bool escaped_ = false;
};

// The stream as the input iterator that nlohmann-json wants; without a stream it is the end.
class GuardedIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = char;

    explicit GuardedIterator(GuardedStream* stream = nullptr) : stream_(stream) {}
    char operator*() const { return stream_->current(); }
    GuardedIterator& operator++() {
        stream_->advance();
        return *this;
    }
    bool operator==(const GuardedIterator& other) const { return at_end() == other.at_end(); }

  private:
    bool at_end() const { return stream_ == nullptr || stream_->exhausted(); }
    GuardedStream* stream_;
};

// nlohmann-json's events, counted against the limits and passed on.
class EventBridge {
  public:
    using number_integer_t = nlohmann::json::number_integer_t;
    using number_unsigned_t = nlohmann::json::number_unsigned_t;
    using number_float_t = nlohmann::json::number_float_t;
    using string_t = nlohmann::json::string_t;
    using binary_t = nlohmann::json::binary_t;

    EventBridge(GuardedStream& stream, JsonHandler& handler) : stream_(stream), handler_(handler) {}

    bool null() { return count_value(), handler_.null(at()), true; }
    bool boolean(bool value) { return count_value(), handler_.boolean(value, at()), true; }
    bool number_integer(number_integer_t value) {
        count_value();
        if (value < 0) {
            handler_.negative_integer(value, at());
        } else {
            handler_.unsigned_integer(static_cast<std::uint64_t>(value), at());  // "-0"
        }
        return true;
    }
    bool number_unsigned(number_unsigned_t value) { return count_value(), handler_.unsigned_integer(value, at()), true; }
    bool number_float(number_float_t value, const string_t&) { return count_value(), handler_.real(value, at()), true; }
    bool string(string_t& value) { return count_value(), handler_.string(value, at()), true; }
    bool binary(binary_t&) { return false; }
    bool start_object(std::size_t) {
        count_value();
        lengths_.push_back(0);
        return handler_.begin_object(at()), true;
    }
    bool key(string_t& name) {
        count_element();
        in_object_ = true;  // the value that follows was counted with its key
        return handler_.key(name, at()), true;
    }
    bool end_object() { return lengths_.pop_back(), handler_.end_object(at()), true; }
    bool start_array(std::size_t) {
        count_value();
        lengths_.push_back(0);
        return handler_.begin_array(at()), true;
    }
    bool end_array() { return lengths_.pop_back(), handler_.end_array(at()), true; }

    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
        if (error.id == 406) stream_.fail(JsonFault::number_range, "number out of range");
        // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing ...": ours says where.
        std::string_view what = error.what();
        const std::size_t colon = what.find(": ");
        if (colon != std::string_view::npos) what.remove_prefix(colon + 2);
        const std::string shown = printable(what, 200);
        stream_.fail(JsonFault::syntax, shown.substr(1, shown.size() - 2));
    }

  private:
    JsonPosition at() const { return stream_.last_read(); }
    void count_element() {
        if (++lengths_.back() > stream_.limits().array) {
            stream_.fail_limit(JsonFault::array_length, "too many elements in one array or object", stream_.limits().array, "array");
        }
    }
    void count_value() {
        if (++values_ > stream_.limits().values) {
            stream_.fail_limit(JsonFault::value_count, "too many values", stream_.limits().values, "values");
        }
        if (!in_object_ && !lengths_.empty()) count_element();
        in_object_ = false;
    }

    GuardedStream& stream_;
    JsonHandler& handler_;
    std::vector<std::uint64_t> lengths_;  // of the open arrays and objects
    std::uint64_t values_ = 0;
    bool in_object_ = false;
};

}  // namespace

JsonError::JsonError(JsonFault fault, std::string_view source, JsonPosition position, const std::string& what, std::string hint)
    : Error(ExitCode::corrupt, fmt::format("{}:{}:{}: {}", source, position.line, position.column, what), std::move(hint)),
      fault_(fault),
      position_(position) {}

std::span<const std::byte> MemorySource::next() { return std::exchange(bytes_, {}); }

std::span<const std::byte> FileSource::next() {
    constexpr std::uint64_t window = 1 << 16;
    window_.resize(static_cast<std::size_t>(std::min(window, end_ - position_)));
    file_.pread(window_, position_);
    position_ += window_.size();
    return window_;
}

void parse_json_events(ByteSource& source, JsonHandler& handler, std::string_view name, const JsonLimits& limits) {
    GuardedStream stream(source, name, limits);
    EventBridge bridge(stream, handler);
    nlohmann::json::sax_parse(GuardedIterator(&stream), GuardedIterator(), &bridge, nlohmann::json::input_format_t::json, true);
}

}  // namespace molten::io

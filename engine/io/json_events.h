#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"
#include "engine/io/file.h"

// JSON as a stream of events, for documents too large or too strict for a tree (a safetensors header, a vocabulary). json.h is the tree.
// The grammar is RFC 8259 as nlohmann-json reads it; a guard in front of it checks every byte first, so that depth, lengths and encoding
// are settled before the parser allocates anything.
namespace molten::io {

// What one document may hold. Each is checked before the memory is taken; hitting one is a JsonError that names it.
struct JsonLimits {
    std::uint64_t bytes = 16'000'000;  // of the document
    std::uint32_t depth = 64;          // of nested arrays and objects
    std::uint64_t string = 8'000'000;  // bytes of one string or key, as written
    std::uint64_t array = 1'000'000;   // elements of one array, members of one object
    std::uint64_t values = 4'000'000;  // values in the document
    std::uint64_t number = 512;        // characters of one number
};

enum class JsonFault {
    syntax,
    encoding,  // not UTF-8
    depth,
    string_length,
    number_length,
    array_length,
    value_count,
    document_size,
    number_range,  // 1e999
    duplicate_key,
};

// Where in a document, both from 1; the column counts bytes.
struct JsonPosition {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};

// A document that is no JSON or is past a limit: Error(corrupt), "config.json:3:17: ...".
class JsonError : public Error {
  public:
    JsonError(JsonFault fault, std::string_view source, JsonPosition position, const std::string& what, std::string hint = {});
    JsonFault fault() const { return fault_; }
    JsonPosition position() const { return position_; }

  private:
    JsonFault fault_;
    JsonPosition position_;
};

// Bytes handed out in pieces, so that a header need not be in memory at once.
class ByteSource {
  public:
    virtual ~ByteSource() = default;
    // The next piece, valid until the next call; empty at the end.
    virtual std::span<const std::byte> next() = 0;
};

class MemorySource : public ByteSource {
  public:
    explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
    std::span<const std::byte> next() override;

  private:
    std::span<const std::byte> bytes_;
};

// The range [begin, end) of a file, through a window of 64 KB.
class FileSource : public ByteSource {
  public:
    FileSource(const File& file, std::uint64_t begin, std::uint64_t end) : file_(file), position_(begin), end_(end) {}
    std::span<const std::byte> next() override;

  private:
    const File& file_;
    std::uint64_t position_;
    std::uint64_t end_;
    std::vector<std::byte> window_;
};

// Receives a document in order. `position` is the token's last byte, of a number the byte behind. Texts may be moved from. What a handler
// throws passes through.
class JsonHandler {
  public:
    virtual ~JsonHandler() = default;
    virtual void null(JsonPosition position) = 0;
    virtual void boolean(bool value, JsonPosition position) = 0;
    virtual void unsigned_integer(std::uint64_t value, JsonPosition position) = 0;
    virtual void negative_integer(std::int64_t value, JsonPosition position) = 0;
    virtual void real(double value, JsonPosition position) = 0;  // also integers that need more than 64 bits
    virtual void string(std::string& value, JsonPosition position) = 0;
    virtual void begin_object(JsonPosition position) = 0;
    virtual void key(std::string& name, JsonPosition position) = 0;
    virtual void end_object(JsonPosition position) = 0;
    virtual void begin_array(JsonPosition position) = 0;
    virtual void end_array(JsonPosition position) = 0;
};

// Feeds one whole document to `handler`; anything but white space behind it is an error. `name` is the source in messages.
// Repeated keys are the handler's to refuse: only it knows what it keeps.
void parse_json_events(ByteSource& source, JsonHandler& handler, std::string_view name, const JsonLimits& limits = {});

}  // namespace molten::io

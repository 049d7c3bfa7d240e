// Any bytes as JSON: a JsonError, or a value whose text parses to the same text again, compact and pretty.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "engine/io/byte_reader.h"
#include "engine/io/json.h"

using namespace molten::io;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const Json value = parse_json(as_text(std::as_bytes(std::span(data, size))), "fuzz");
        const std::string text = value.text();
        if (parse_json(text, "again").text() != text) std::abort();
        if (parse_json(value.text(true), "pretty").text() != text) std::abort();
    } catch (const JsonError&) {
    }
    return 0;
}

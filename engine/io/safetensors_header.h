#pragma once
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/io/json_events.h"
#include "engine/io/safetensors.h"

// The header of a safetensors file as checked numbers. Private to this folder.
namespace molten::io {

// Names of all tensors back to back, in blocks that never move: a name of a million costs its bytes and nothing else.
class NameArena {
  public:
    // A stable copy of `name` (at most 64 KB).
    std::string_view keep(std::string_view name);

  private:
    static constexpr std::size_t block_bytes = 1 << 16;
    std::vector<std::unique_ptr<char[]>> blocks_;
    std::size_t used_ = block_bytes;
};

// One tensor of the header, in 96 bytes: a header of a million tensors may cost 64 MB more than its length, no more.
struct HeaderTensor {
    std::uint64_t begin = 0;  // offsets in the payload, begin <= end
    std::uint64_t end = 0;
    std::array<std::uint64_t, safetensors_limits::rank> shape{};
    const char* name_data = nullptr;
    std::uint16_t name_size = 0;
    std::uint8_t rank = 0;
    SafetensorsDType dtype = SafetensorsDType::u8;

    std::string_view name() const { return {name_data, name_size}; }
};

struct SafetensorsHeader {
    std::vector<HeaderTensor> tensors;   // sorted by begin, then end, then name: contiguous from 0 to payload_size
    std::vector<std::uint32_t> by_name;  // indices into tensors, sorted by name
    NameArena names;
    SafetensorsMetadata metadata;
    std::uint64_t payload_offset = 0;
    std::uint64_t payload_size = 0;
};

// Checks the first 8 bytes (and the ninth, '{') of a file of `file_size` bytes and returns the length N of the header.
std::uint64_t check_header_length(std::span<const std::byte> first_bytes, std::uint64_t file_size, std::string_view file);

// Reads the N bytes of header from `source`. Throws SafetensorsError.
SafetensorsHeader parse_safetensors_header(ByteSource& source, std::uint64_t header_length, std::uint64_t file_size, std::string_view file);

}  // namespace molten::io

#include "engine/io/byte_reader.h"

#include <fmt/format.h>

namespace molten::io {

std::span<const std::byte> ByteReader::bytes(std::uint64_t count) {
    if (count > remaining()) {
        throw Error(ExitCode::corrupt,
                    fmt::format("{}: ends too early: {} bytes wanted at offset {}, {} left", source_, count, position_, remaining()),
                    "the file is cut short; fetch or save it again");
    }
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += taken.size();
    return taken;
}

std::uint64_t ByteReader::little_endian(std::size_t width) {
    std::uint64_t value = 0;
    const auto taken = bytes(width);
    for (std::size_t i = 0; i < width; ++i) value |= std::to_integer<std::uint64_t>(taken[i]) << (8 * i);
    return value;
}

}  // namespace molten::io

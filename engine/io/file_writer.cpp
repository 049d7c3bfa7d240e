#include "engine/io/file_writer.h"

#include "engine/io/byte_reader.h"

namespace molten::io {
namespace {
constexpr std::size_t gather = 1 << 18;
}

FileWriter::FileWriter(File& file, std::uint64_t expected_size) : file_(file), reserved_(expected_size) { file_.allocate(expected_size); }

void FileWriter::write(std::span<const std::byte> bytes) {
    hasher_.update(bytes);
    size_ += bytes.size();
    if (buffer_.size() + bytes.size() < gather) {
        buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
        return;
    }
    flush();
    file_.write_all(bytes);
}

void FileWriter::write(std::string_view text) { write(as_bytes(text)); }

void FileWriter::flush() {
    file_.write_all(buffer_);
    buffer_.clear();
}

WrittenFile FileWriter::finish() {
    flush();
    if (size_ < reserved_) file_.truncate(size_);
    return {size_, hasher_.digest()};
}

}  // namespace molten::io

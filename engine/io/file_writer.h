#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/io/file.h"
#include "engine/io/hash.h"

namespace molten::io {

struct WrittenFile {
    std::uint64_t size = 0;
    Hash128 hash;
};

// Sequential output to a File: small pieces are gathered, and the whole is hashed on its way out.
class FileWriter {
  public:
    // The file must be open for writing and outlive the writer. `expected_size`, where known, is reserved on the disk at once.
    explicit FileWriter(File& file, std::uint64_t expected_size = 0);
    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    std::uint64_t size() const { return size_; }
    // Writes out what is gathered, gives back reserved space that was not used, and returns size and hash. The file stays open and is
    // not fsynced. Nothing may be written afterwards.
    WrittenFile finish();

  private:
    void flush();

    File& file_;
    std::vector<std::byte> buffer_;
    std::uint64_t size_ = 0;
    std::uint64_t reserved_ = 0;
    Hasher hasher_;
};

}  // namespace molten::io

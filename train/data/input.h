#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "train/data/limits.h"

namespace molten::data {

// The bytes of one input, in order: a file, a gzip file (told by its first bytes, unpacked while reading), standard input ("-"),
// or a string. Memory used does not depend on the size of the file.
class Input {
  public:
    // Error(data) where the file is missing (with the nearest name in its folder), a folder, or not readable.
    static Input open(const std::string& path, const Limits& limits = {});
    static Input memory(std::string name, std::string bytes);

    Input(Input&&) noexcept;
    Input& operator=(Input&&) noexcept;
    ~Input();

    // Up to `capacity` bytes; 0 only at the end. Error(corrupt) for a damaged or cut gzip file, Error(data) where it unpacks
    // beyond a cap, Error(resources) where the system cannot read.
    std::size_t read(char* out, std::size_t capacity);

    // Back to the first byte. Error(usage) on standard input.
    void rewind();

    const std::string& name() const;

  private:
    struct Source;
    explicit Input(std::unique_ptr<Source> source);
    std::unique_ptr<Source> source_;
};

}  // namespace molten::data

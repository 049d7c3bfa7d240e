#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "engine/io/file.h"

namespace molten::log {

// Scalars as a TensorBoard event file (events.out.tfevents.<time>.<host>): TFRecords with masked CRC32C around Event messages.
class TensorBoardWriter {
  public:
    explicit TensorBoardWriter(const std::filesystem::path& directory);
    void scalar(std::string_view tag, std::int64_t step, double value);

  private:
    void record(std::string_view message);
    io::File file_;
};

}  // namespace molten::log

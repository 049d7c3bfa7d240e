#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

// Names and numbers of a checkpoint directory that reader and writer share. Private to this folder.
namespace molten::io::checkpoint_format {

inline constexpr std::string_view name = "molten-checkpoint";
inline constexpr std::int64_t version = 1;
inline constexpr std::string_view manifest = "MANIFEST.json";
inline constexpr std::string_view done = "DONE";
inline constexpr std::string_view temporary_prefix = ".tmp-";
inline constexpr std::uint64_t manifest_limit = 16'000'000;  // bytes
inline constexpr std::uint64_t done_limit = 64;              // bytes
inline constexpr std::uint64_t last_step = 99'999'999;

// A name with no directory in it: letters, digits and . _ - +, not beginning with a point, at most 128 bytes.
bool is_plain_name(std::string_view name);
// The step of "step-00000123", none for any other name.
std::optional<std::uint64_t> step_of(std::string_view directory_name);

}  // namespace molten::io::checkpoint_format

#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"
#include "engine/io/file.h"
#include "engine/io/file_writer.h"

// The safetensors format (github.com/huggingface/safetensors, README "Format"): 8 bytes little-endian header length N, N bytes of JSON
// {name: {dtype, shape, data_offsets}}, then the tensors' bytes, row-major, little-endian, without gap or overlap.
// This file knows names, shapes and bytes; the engine's Tensor is built on top of it elsewhere.
namespace molten::io {

// In the order of the reference implementation, by rising alignment; the writer sorts by it.
enum class SafetensorsDType : std::uint8_t { boolean, u8, i8, f8_e5m2, f8_e4m3, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64 };

// "F32" and the like, as in the file.
std::string_view safetensors_dtype_name(SafetensorsDType dtype);
std::optional<SafetensorsDType> safetensors_dtype_of(std::string_view name);
std::size_t safetensors_dtype_size(SafetensorsDType dtype);  // bytes an element

// What is wrong with a file. Each kind of damage has its own.
enum class SafetensorsFault {
    too_short,               // fewer than 8 bytes
    header_too_large,        // N past header_bytes
    header_past_end,         // 8 + N past the end of the file
    header_not_object,       // the first byte is not '{'
    header_encoding,         // not UTF-8
    header_syntax,           // no JSON
    header_depth,            // nested past header_depth
    header_string_too_long,  // a string past header_string
    header_number,           // a number past its limit in length or size
    metadata_not_object,
    metadata_value_not_string,
    metadata_too_large,  // entries past metadata_entries
    duplicate_metadata_key,
    tensor_not_object,
    tensor_too_many,       // tensors past tensors
    tensor_name_too_long,  // a name past name_bytes
    duplicate_tensor,
    duplicate_field,  // dtype, shape or data_offsets twice in one tensor
    missing_dtype,
    missing_shape,
    missing_offsets,
    dtype_not_string,
    dtype_unknown,
    shape_not_array,
    shape_value,     // a dimension that is no integer from 0 to 2^64 - 1
    shape_rank,      // dimensions past rank
    shape_overflow,  // elements or bytes past 64 bits
    offsets_not_array,
    offsets_value,     // an offset that is no integer from 0 to 2^64 - 1
    offsets_count,     // not two
    offsets_reversed,  // end before begin
    offsets_past_end,  // end behind the file
    size_mismatch,     // end - begin is not shape times dtype
    gap,               // bytes that belong to no tensor, between two
    overlap,
    trailing_bytes,  // bytes that belong to no tensor, behind the last
    index_syntax,    // of model.safetensors.index.json, from here on
    index_no_weight_map,
    index_value_not_string,
    index_file_name,  // not a plain *.safetensors file name
    index_too_many_files,
    index_file_missing,
    index_tensor_missing,   // listed, but not in its file
    index_tensor_unlisted,  // in a file, but listed elsewhere or nowhere
};

// A damaged file, always Error(corrupt); what() names file, tensor and numbers.
class SafetensorsError : public Error {
  public:
    SafetensorsError(SafetensorsFault fault, const std::string& what);
    SafetensorsFault fault() const { return fault_; }

  private:
    SafetensorsFault fault_;
};

namespace safetensors_limits {
inline constexpr std::uint64_t header_bytes = 100'000'000;
inline constexpr std::uint64_t tensors = 1'000'000;
inline constexpr std::size_t name_bytes = 1'024;
inline constexpr std::size_t rank = 8;
inline constexpr std::uint32_t header_depth = 4;
inline constexpr std::uint64_t header_string = 2'000'000;
inline constexpr std::size_t metadata_entries = 10'000;
inline constexpr std::uint64_t index_bytes = 100'000'000;
inline constexpr std::size_t index_files = 10'000;
}  // namespace safetensors_limits

using SafetensorsMetadata = std::map<std::string, std::string>;

// One tensor of a file: views into the SafetensorsFile it came from. `data` need not be aligned to the dtype (files of other writers):
// copy it out with memcpy.
struct SafetensorsEntry {
    std::string_view name;
    SafetensorsDType dtype = SafetensorsDType::f32;
    std::span<const std::uint64_t> shape;
    std::span<const std::byte> data;
};

enum class SafetensorsAccess {
    map,   // pages come from the file when touched: for inference
    read,  // read into memory of our own, 64-byte aligned: for training, and wherever the file may be rewritten in place
};

// A checked file. Nothing is allocated for what the header claims until all of it agrees with the length of the file: peak memory is at
// most the file's size (access read) plus 64 MB. Values are not looked at.
class SafetensorsFile {
  public:
    static SafetensorsFile open(const std::filesystem::path& path, SafetensorsAccess access = SafetensorsAccess::map);
    // Of bytes in memory, which must outlive the result.
    static SafetensorsFile parse(std::span<const std::byte> file, std::string_view name);

    SafetensorsFile(SafetensorsFile&&) noexcept;
    SafetensorsFile& operator=(SafetensorsFile&&) noexcept;
    ~SafetensorsFile();

    const std::string& name() const;
    const SafetensorsMetadata& metadata() const;
    // Tensors in the order of their bytes.
    std::size_t size() const;
    SafetensorsEntry operator[](std::size_t index) const;
    std::optional<SafetensorsEntry> find(std::string_view name) const;

  private:
    struct Content;
    explicit SafetensorsFile(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

// The tensors of one file, or of all files of a sharded model, under one roof.
class SafetensorsModel {
  public:
    // `path`: a .safetensors file, an index (*.safetensors.index.json), or a directory that holds model.safetensors or its index.
    // Of an index, every tensor must be in the file that the index says, and every tensor of those files in the index; file names must be
    // plain names in the index's own directory.
    static SafetensorsModel open(const std::filesystem::path& path, SafetensorsAccess access = SafetensorsAccess::map);

    const std::vector<SafetensorsFile>& files() const { return files_; }
    std::size_t size() const;  // tensors
    std::optional<SafetensorsEntry> find(std::string_view name) const;
    // All tensors, file by file.
    std::vector<SafetensorsEntry> entries() const;

  private:
    std::vector<SafetensorsFile> files_;
};

// Writes a file: header padded with spaces to a multiple of 8, tensors by falling dtype and then by name as the reference writer does,
// so that each begins aligned in the file and equal content gives equal bytes. `entries` may come in any order. Throws Error(data) for a
// repeated, reserved, too long or not UTF-8 name, a rank past the limit, or data whose size is not shape times dtype; nothing is written
// then. Atomic: the file at `path` is replaced once the new one is on the disk.
WrittenFile write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> entries,
                              const SafetensorsMetadata& metadata = {});
// The same into an open writer (a checkpoint's): fsync and rename are its owner's.
void write_safetensors(FileWriter& writer, std::span<const SafetensorsEntry> entries, const SafetensorsMetadata& metadata = {});
// How many bytes write_safetensors will write.
std::uint64_t safetensors_file_size(std::span<const SafetensorsEntry> entries, const SafetensorsMetadata& metadata = {});

}  // namespace molten::io

#include "engine/io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>

#include "engine/io/byte_reader.h"
#include "engine/io/printable.h"
#include "engine/io/safetensors_header.h"

namespace molten::io {
namespace {

struct DTypeRow {
    std::string_view name;
    std::size_t size;
};

// In the order of SafetensorsDType.
constexpr std::array<DTypeRow, 15> dtypes = {{{"BOOL", 1},
                                              {"U8", 1},
                                              {"I8", 1},
                                              {"F8_E5M2", 1},
                                              {"F8_E4M3", 1},
                                              {"I16", 2},
                                              {"U16", 2},
                                              {"F16", 2},
                                              {"BF16", 2},
                                              {"I32", 4},
                                              {"U32", 4},
                                              {"F32", 4},
                                              {"F64", 8},
                                              {"I64", 8},
                                              {"U64", 8}}};

struct AlignedDelete {
    void operator()(std::byte* bytes) const { ::operator delete[](bytes, std::align_val_t{64}); }
};

}  // namespace

std::string_view safetensors_dtype_name(SafetensorsDType dtype) { return dtypes[static_cast<std::size_t>(dtype)].name; }

std::size_t safetensors_dtype_size(SafetensorsDType dtype) { return dtypes[static_cast<std::size_t>(dtype)].size; }

std::optional<SafetensorsDType> safetensors_dtype_of(std::string_view name) {
    for (std::size_t i = 0; i < dtypes.size(); ++i) {
        if (dtypes[i].name == name) return static_cast<SafetensorsDType>(i);
    }
    return std::nullopt;
}

SafetensorsError::SafetensorsError(SafetensorsFault fault, const std::string& what)
    : Error(ExitCode::corrupt, what, "the file is damaged or no safetensors file; fetch or save it again"), fault_(fault) {}

struct SafetensorsFile::Content {
    std::string name;
    SafetensorsHeader header;
    Mapping mapping;
    std::unique_ptr<std::byte[], AlignedDelete> owned;
    std::span<const std::byte> payload;
};

SafetensorsFile::SafetensorsFile(std::unique_ptr<Content> content) : content_(std::move(content)) {}
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;
SafetensorsFile::~SafetensorsFile() = default;

SafetensorsFile SafetensorsFile::parse(std::span<const std::byte> file, std::string_view name) {
    auto content = std::make_unique<Content>();
    content->name = std::string(name);
    const std::uint64_t length = check_header_length(file.first(std::min<std::size_t>(file.size(), 9)), file.size(), name);
    MemorySource source(file.subspan(8, static_cast<std::size_t>(length)));
    content->header = parse_safetensors_header(source, length, file.size(), name);
    content->payload = file.subspan(8 + static_cast<std::size_t>(length));
    return SafetensorsFile(std::move(content));
}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path, SafetensorsAccess access) {
    const File file = File::open(path, OpenMode::read);
    const std::uint64_t size = file.size();
    std::array<std::byte, 9> first{};
    const auto known = std::span(first).first(static_cast<std::size_t>(std::min<std::uint64_t>(size, first.size())));
    file.pread(known, 0);
    auto content = std::make_unique<Content>();
    content->name = path.string();
    const std::uint64_t length = check_header_length(known, size, content->name);
    // The header goes through a window, mapped or not: neither the text nor its pages stay.
    FileSource source(file, 8, 8 + length);
    content->header = parse_safetensors_header(source, length, size, content->name);
    const auto offset = static_cast<std::size_t>(content->header.payload_offset);
    const auto payload_size = static_cast<std::size_t>(content->header.payload_size);
    if (access == SafetensorsAccess::map) {
        content->mapping = Mapping(file);
        if (content->mapping.bytes().size() != size)
            throw Error(ExitCode::corrupt, content->name + ": changed its length while it was opened");
        content->payload = content->mapping.bytes().subspan(offset);
    } else {
        content->owned.reset(static_cast<std::byte*>(::operator new[](payload_size, std::align_val_t{64})));
        const std::span<std::byte> payload(content->owned.get(), payload_size);
        file.pread(payload, offset);
        content->payload = payload;
    }
    return SafetensorsFile(std::move(content));
}

const std::string& SafetensorsFile::name() const { return content_->name; }

const SafetensorsMetadata& SafetensorsFile::metadata() const { return content_->header.metadata; }

std::size_t SafetensorsFile::size() const { return content_->header.tensors.size(); }

SafetensorsEntry SafetensorsFile::operator[](std::size_t index) const {
    const HeaderTensor& tensor = content_->header.tensors.at(index);
    const auto begin = static_cast<std::size_t>(tensor.begin);
    return {tensor.name(), tensor.dtype, std::span(tensor.shape).first(tensor.rank),
            content_->payload.subspan(begin, static_cast<std::size_t>(tensor.end) - begin)};
}

std::optional<SafetensorsEntry> SafetensorsFile::find(std::string_view name) const {
    const auto& tensors = content_->header.tensors;
    const auto& order = content_->header.by_name;
    const auto it = std::lower_bound(order.begin(), order.end(), name,
                                     [&](std::uint32_t index, std::string_view wanted) { return tensors[index].name() < wanted; });
    if (it == order.end() || tensors[*it].name() != name) return std::nullopt;
    return (*this)[*it];
}

}  // namespace molten::io

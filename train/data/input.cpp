#include "train/data/input.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "engine/core/error.h"
#include "engine/io/file.h"
#include "train/data/nearest.h"

namespace molten::data {

struct Input::Source {
    std::string name;
    std::string path;  // "-": standard input, "": memory
    Limits limits;
    std::string bytes;         // of memory
    std::size_t position = 0;  // in bytes
    std::optional<io::File> file;
    std::vector<char> packed;  // what was read from the file and not handed out or unpacked yet: [packed_at, packed_end)
    std::size_t packed_at = 0, packed_end = 0;
    std::uint64_t packed_total = 0, unpacked_total = 0;
    bool gzip = false, member_open = false, file_ended = false;
    z_stream stream{};

    ~Source() { close(); }
    void close() {
        if (gzip) inflateEnd(&stream);
        gzip = false;
        file.reset();
    }
    void start();
    bool refill();
    std::size_t unpack(char* out, std::size_t capacity);
    [[noreturn]] void damaged(const char* why) const;
    void check_inflation() const;
};

namespace {

constexpr std::size_t chunk = 128 * 1024;

// A file that is not there: what its folder has instead.
[[noreturn]] void missing(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code code;
    const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
    if (!fs::is_directory(folder, code))
        throw Error(ExitCode::data, fmt::format("{}: no such file; its folder {} does not exist either", path, folder.string()),
                    "Check the path.");
    std::vector<std::string> names;
    for (fs::directory_iterator it(folder, code), end; !code && it != end && names.size() < 1000; it.increment(code))
        names.push_back(it->path().filename().string());
    std::sort(names.begin(), names.end());
    throw Error(ExitCode::data, fmt::format("{}: no such file.{}", path, did_you_mean(fs::path(path).filename().string(), names)),
                "Check the path.");
}

}  // namespace

// Opens the file at its first byte and looks whether it is gzip (RFC 1952).
void Input::Source::start() {
    close();
    file.emplace(io::File::open(path == "-" ? "/dev/stdin" : path, io::OpenMode::read_stream));
    packed.resize(chunk);
    packed_at = packed_end = 0;
    packed_total = unpacked_total = 0;
    file_ended = false;
    while (packed_end < 2 && refill()) {
    }
    if (packed_end < 2 || static_cast<unsigned char>(packed[0]) != 0x1F || static_cast<unsigned char>(packed[1]) != 0x8B) return;
    stream = {};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw Error(ExitCode::resources, name + ": no memory to unpack it");
    gzip = member_open = true;
}

// Reads behind what is there; false at the end of the file.
bool Input::Source::refill() {
    if (packed_at == packed_end) packed_at = packed_end = 0;
    const std::size_t count = file->read(std::as_writable_bytes(std::span(packed).subspan(packed_end)));
    packed_end += count;
    packed_total += count;
    file_ended = count == 0;
    return count > 0;
}

void Input::Source::damaged(const char* why) const {
    throw Error(ExitCode::corrupt, fmt::format("{}: damaged gzip file after {} unpacked bytes: {}", name, unpacked_total, why),
                "Fetch or pack the file again; `gzip -t` shows the same.");
}

void Input::Source::check_inflation() const {
    if (unpacked_total > limits.max_inflated_bytes)
        throw Error(ExitCode::data,
                    fmt::format("{}: unpacks to more than {} bytes (--max-inflated-bytes)", name, limits.max_inflated_bytes),
                    "Raise --max-inflated-bytes if the file is sound.");
    if (unpacked_total > (std::uint64_t{64} << 20) && unpacked_total / std::max<std::uint64_t>(packed_total, 1) > limits.max_inflation)
        throw Error(ExitCode::data,
                    fmt::format("{}: unpacks to more than {} times its size (--max-inflation), as a decompression bomb does", name,
                                limits.max_inflation),
                    "Raise --max-inflation if the file is sound, or unpack it first.");
}

// A gzip file is one member after the other; what follows the last and is no member is refused.
std::size_t Input::Source::unpack(char* out, std::size_t capacity) {
    stream.next_out = reinterpret_cast<Bytef*>(out);
    stream.avail_out = static_cast<uInt>(std::min<std::size_t>(capacity, 1u << 30));
    const uInt wanted = stream.avail_out;
    while (stream.avail_out == wanted) {
        if (packed_at == packed_end && !refill()) {
            if (member_open) damaged("it ends too early");
            return 0;
        }
        if (!member_open) {
            inflateReset(&stream);
            member_open = true;
        }
        stream.next_in = reinterpret_cast<Bytef*>(packed.data() + packed_at);
        stream.avail_in = static_cast<uInt>(packed_end - packed_at);
        const int code = inflate(&stream, Z_NO_FLUSH);
        packed_at = packed_end - stream.avail_in;
        if (code == Z_MEM_ERROR) throw Error(ExitCode::resources, name + ": no memory to unpack it");
        if (code == Z_STREAM_END)
            member_open = false;
        else if (code != Z_OK)
            damaged(stream.msg == nullptr ? "the data make no sense" : stream.msg);
    }
    unpacked_total += wanted - stream.avail_out;
    check_inflation();
    return wanted - stream.avail_out;
}

Input::Input(std::unique_ptr<Source> source) : source_(std::move(source)) {}
Input::Input(Input&&) noexcept = default;
Input& Input::operator=(Input&&) noexcept = default;
Input::~Input() = default;

Input Input::open(const std::string& path, const Limits& limits) {
    auto source = std::make_unique<Source>();
    source->limits = limits;
    source->path = path;
    source->name = path == "-" ? "standard input" : path;
    if (path != "-") {
        std::error_code code;
        const auto type = std::filesystem::status(path, code).type();
        if (path.empty() || type == std::filesystem::file_type::not_found) missing(path);
        if (type == std::filesystem::file_type::directory)
            throw Error(ExitCode::data, path + ": is a folder, a file is needed", "Name a file inside it.");
    }
    source->start();
    return Input(std::move(source));
}

Input Input::memory(std::string name, std::string bytes) {
    auto source = std::make_unique<Source>();
    source->name = std::move(name);
    source->bytes = std::move(bytes);
    return Input(std::move(source));
}

std::size_t Input::read(char* out, std::size_t capacity) {
    Source& source = *source_;
    if (capacity == 0) return 0;
    if (!source.file) {
        const std::size_t count = std::min(capacity, source.bytes.size() - source.position);
        std::copy_n(source.bytes.data() + source.position, count, out);
        source.position += count;
        return count;
    }
    if (source.gzip) return source.unpack(out, capacity);
    if (source.packed_at == source.packed_end && !source.refill()) return 0;
    const std::size_t count = std::min(capacity, source.packed_end - source.packed_at);
    std::copy_n(source.packed.data() + source.packed_at, count, out);
    source.packed_at += count;
    return count;
}

void Input::rewind() {
    Source& source = *source_;
    source.position = 0;
    if (!source.file) return;
    if (source.path == "-" || !std::filesystem::is_regular_file(source.path))
        throw Error(ExitCode::usage, source.name + ": has to be read twice, which a pipe does not allow", "Save it to a file first.");
    source.start();
}

const std::string& Input::name() const { return source_->name; }

}  // namespace molten::data

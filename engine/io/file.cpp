#include "engine/io/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "engine/core/error.h"
#include "engine/io/byte_reader.h"
#include "engine/io/printable.h"
#include "engine/io/system_call.h"

namespace molten::io {
namespace {

off_t to_offset(std::uint64_t value, const char* doing, const std::filesystem::path& path) {
    off_t offset = 0;
    if (__builtin_add_overflow(value, 0, &offset)) throw_system_error(EFBIG, doing, path, value);
    return offset;
}

// Like system_call, for a read or write of `count` bytes, of which the fault plan may move only half.
template <class Call>
ssize_t transfer(std::size_t count, Call&& call) {
    for (;;) {
        const fault::Decision decision = fault::next_call();
        ssize_t moved = -1;
        errno = decision.error;
        if (decision.error == 0) moved = call(decision.shorten || decision.kill ? (count + 1) / 2 : count);
        if (decision.kill) fault::kill_process();
        if (moved >= 0 || errno != EINTR) return moved;
    }
}

// Free bytes for a message; no counted call, no error.
std::string free_for_message(std::filesystem::path path) {
    struct statvfs info {};
    while (::statvfs(path.c_str(), &info) != 0) {
        if (!path.has_parent_path() || path == path.parent_path()) {
            if (::statvfs(".", &info) != 0) return "an unknown amount";
            break;
        }
        path = path.parent_path();
    }
    return human_bytes(static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize);
}

}  // namespace

void throw_system_error(int error, std::string_view doing, const std::filesystem::path& path, std::uint64_t needed, bool is_input) {
    const std::string where = path.string();
    const std::string amount = needed > 0 ? fmt::format(" ({} needed)", human_bytes(needed)) : "";
    if (error == ENOSPC || error == EDQUOT) {
        throw Error(ExitCode::resources,
                    fmt::format("{}: {} while trying to {}{}: {} free", where, error == EDQUOT ? "disk quota reached" : "no space left",
                                doing, amount, free_for_message(path)),
                    "free space on that file system, keep fewer checkpoints, or put the output somewhere else");
    }
    const std::string what = fmt::format("{}: cannot {}{}: {}", where, doing, amount, std::strerror(error));
    if (error == EIO)
        throw Error(ExitCode::resources, what, "the storage device reports a failure: look at `dmesg`, then use another disk");
    if (is_input && error == ENOENT) throw Error(ExitCode::data, what, "check the path; it is taken from the current directory");
    if (is_input && (error == EACCES || error == EISDIR || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG)) {
        throw Error(ExitCode::data, what, "name a file that this user may read");
    }
    throw Error(ExitCode::resources, what, error == EMFILE ? "raise the number of open files (ulimit -n)" : "");
}

File File::open(const std::filesystem::path& path, OpenMode mode) {
    const bool reads = mode == OpenMode::read || mode == OpenMode::read_stream;
    int flags = O_CLOEXEC;
    switch (mode) {
        // A FIFO named by mistake must not block for ever: opened non-blocking, and refused below.
        case OpenMode::read:
            flags |= O_RDONLY | O_NONBLOCK;
            break;
        case OpenMode::read_stream:
            flags |= O_RDONLY;
            break;
        case OpenMode::create:
            flags |= O_WRONLY | O_CREAT | O_TRUNC;
            break;
        case OpenMode::create_new:
            flags |= O_WRONLY | O_CREAT | O_EXCL;
            break;
        case OpenMode::append:
            flags |= O_WRONLY | O_CREAT | O_APPEND;
            break;
    }
    const int descriptor = system_call([&] { return ::open(path.c_str(), flags, 0644); });
    if (descriptor < 0) throw_system_error(errno, reads ? "open for reading" : "open for writing", path, 0, reads);
    File file(descriptor, path);
    if (reads) {
        struct stat info {};
        if (system_call([&] { return ::fstat(descriptor, &info); }) != 0) throw_system_error(errno, "look at", path, 0, true);
        if (S_ISDIR(info.st_mode)) throw_system_error(EISDIR, "open for reading", path, 0, true);
        if (mode == OpenMode::read && !S_ISREG(info.st_mode)) {
            throw Error(ExitCode::data, fmt::format("{}: is not a regular file", path.string()), "name a file, not a pipe or a device");
        }
    }
    return file;
}

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), sync_failed_(other.sync_failed_), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(sync_failed_, other.sync_failed_);
    std::swap(path_, other.path_);
    return *this;
}

File::~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void File::require_sound(const char* doing) const {
    if (descriptor_ < 0) throw Error(ExitCode::resources, fmt::format("{}: cannot {}: it is closed", path_.string(), doing));
    if (sync_failed_) {
        throw Error(ExitCode::resources,
                    fmt::format("{}: cannot {}: an earlier fsync of it failed, its content is unknown", path_.string(), doing),
                    "save again under a new name");
    }
}

std::uint64_t File::size() const {
    struct stat info {};
    if (system_call([&] { return ::fstat(descriptor_, &info); }) != 0) throw_system_error(errno, "look at", path_);
    return static_cast<std::uint64_t>(info.st_size);
}

std::size_t File::read(std::span<std::byte> out) {
    const ssize_t got = transfer(out.size(), [&](std::size_t count) { return ::read(descriptor_, out.data(), count); });
    if (got < 0) throw_system_error(errno, "read", path_);
    return static_cast<std::size_t>(got);
}

void File::pread(std::span<std::byte> out, std::uint64_t offset) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const off_t at = to_offset((Checked(offset) + done).value("file offset"), "read", path_);
        const ssize_t got =
            transfer(out.size() - done, [&](std::size_t count) { return ::pread(descriptor_, out.data() + done, count, at); });
        if (got < 0) throw_system_error(errno, "read", path_);
        if (got == 0) {
            throw Error(ExitCode::corrupt,
                        fmt::format("{}: ends at byte {}, {} expected", path_.string(), offset + done, offset + out.size()),
                        "the file was cut short, perhaps while it was read; fetch or save it again");
        }
        done += static_cast<std::size_t>(got);
    }
}

void File::write_all(std::span<const std::byte> bytes) {
    require_sound("write");
    while (!bytes.empty()) {
        const ssize_t put = transfer(bytes.size(), [&](std::size_t count) { return ::write(descriptor_, bytes.data(), count); });
        if (put < 0) throw_system_error(errno, "write", path_, bytes.size());
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
}

void File::write_all(std::string_view text) { write_all(as_bytes(text)); }

void File::allocate(std::uint64_t bytes) {
    require_sound("reserve space");
    if (bytes == 0) return;
    const off_t length = to_offset(bytes, "reserve space", path_);
    if (system_call([&] { return ::fallocate(descriptor_, 0, 0, length); }) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
        throw_system_error(errno, "reserve space", path_, bytes);
    }
}

void File::truncate(std::uint64_t bytes) {
    require_sound("truncate");
    const off_t length = to_offset(bytes, "truncate", path_);
    if (system_call([&] { return ::ftruncate(descriptor_, length); }) != 0) throw_system_error(errno, "truncate", path_);
}

void File::sync() {
    require_sound("fsync");
    if (system_call([&] { return ::fsync(descriptor_); }) != 0) {
        const int error = errno;
        sync_failed_ = true;
        throw_system_error(error, "fsync", path_);
    }
}

void File::close() {
    require_sound("close");
    const fault::Decision decision = fault::next_call();
    if (decision.kill) fault::kill_process();
    int status = ::close(std::exchange(descriptor_, -1));
    if (decision.error != 0) {
        errno = decision.error;
        status = -1;
    }
    // Linux frees the descriptor also when a signal interrupts close: there is nothing to repeat.
    if (status != 0 && errno != EINTR) throw_system_error(errno, "close", path_);
}

Mapping Mapping::open(const std::filesystem::path& path) { return Mapping(File::open(path, OpenMode::read)); }

Mapping::Mapping(const File& file) {
    const std::uint64_t size = file.size();
    if (size == 0) return;
    void* address = MAP_FAILED;
    const int status = system_call([&] {
        address = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, file.descriptor_, 0);
        return address == MAP_FAILED ? -1 : 0;
    });
    if (status != 0) throw_system_error(errno, "map", file.path(), size);
    bytes_ = {static_cast<const std::byte*>(address), static_cast<std::size_t>(size)};
}

Mapping::Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

Mapping::~Mapping() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
    const File file = File::open(path, OpenMode::read);
    const std::uint64_t size = file.size();
    if (size > limit) {
        throw Error(ExitCode::data,
                    fmt::format("{}: {} long, at most {} are read here", path.string(), human_bytes(size), human_bytes(limit)),
                    "this is probably not the file that was meant");
    }
    std::string content(static_cast<std::size_t>(size), '\0');
    file.pread(std::as_writable_bytes(std::span(content)), 0);
    return content;
}

}  // namespace molten::io

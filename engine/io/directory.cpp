#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <system_error>

#include "engine/core/error.h"
#include "engine/io/file.h"
#include "engine/io/printable.h"
#include "engine/io/system_call.h"

namespace molten::io {
namespace {

std::filesystem::path directory_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// A name beside `target` that no other thread or process uses.
std::filesystem::path temporary_beside(const std::filesystem::path& target) {
    static std::atomic<unsigned> counter = 0;
    return directory_of(target) / fmt::format(".{}.tmp-{}-{}", target.filename().string(), ::getpid(), counter++);
}

}  // namespace

void rename_path(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (system_call([&] { return ::rename(from.c_str(), to.c_str()); }) != 0) {
        throw_system_error(errno, fmt::format("rename to {}", to.string()), from);
    }
}

bool exchange_paths(const std::filesystem::path& a, const std::filesystem::path& b) {
    if (system_call([&] { return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE); }) == 0) return true;
    if (errno == EINVAL || errno == ENOSYS) return false;
    throw_system_error(errno, fmt::format("exchange with {}", b.string()), a);
}

void remove_file(const std::filesystem::path& path) {
    if (system_call([&] { return ::unlink(path.c_str()); }) != 0) throw_system_error(errno, "remove", path);
}

void make_directory(const std::filesystem::path& path) {
    if (system_call([&] { return ::mkdir(path.c_str(), 0755); }) != 0) throw_system_error(errno, "make directory", path);
}

void make_directories(const std::filesystem::path& path) {
    if (path.empty() || path_kind(path) == PathKind::directory) return;
    const std::filesystem::path parent = path.parent_path();
    if (parent != path) make_directories(parent);
    if (system_call([&] { return ::mkdir(path.c_str(), 0755); }) == 0) return;
    // Someone else may have made it since, or it is a link to a directory.
    const int error = errno;
    std::error_code ignored;
    if (error != EEXIST || !std::filesystem::is_directory(path, ignored)) throw_system_error(error, "make directory", path);
}

void remove_directory(const std::filesystem::path& path) {
    if (system_call([&] { return ::rmdir(path.c_str()); }) != 0) throw_system_error(errno, "remove directory", path);
}

void sync_directory(const std::filesystem::path& path) {
    const int descriptor = system_call([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (descriptor < 0) throw_system_error(errno, "open directory", path);
    const int status = system_call([&] { return ::fsync(descriptor); });
    const int error = errno;
    ::close(descriptor);
    // Some network file systems have no fsync for directories and say so by EINVAL: there is nothing more to do there.
    if (status != 0 && error != EINVAL) throw_system_error(error, "fsync directory", path);
}

std::vector<std::string> list_directory(const std::filesystem::path& path) {
    std::vector<std::string> names;
    const int status = system_call([&] {
        names.clear();
        std::error_code error;
        for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
            names.push_back(it->path().filename().string());
        }
        errno = error.value();
        return error ? -1 : 0;
    });
    if (status != 0) throw_system_error(errno, "list directory", path, 0, true);
    std::sort(names.begin(), names.end());
    return names;
}

PathKind path_kind(const std::filesystem::path& path) {
    struct stat info {};
    if (system_call([&] { return ::lstat(path.c_str(), &info); }) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return PathKind::missing;
        throw_system_error(errno, "look at", path, 0, true);
    }
    return S_ISREG(info.st_mode) ? PathKind::file : S_ISDIR(info.st_mode) ? PathKind::directory : PathKind::other;
}

void remove_tree(const std::filesystem::path& path) {
    // An explicit stack of directories: a hostile depth must not become a depth of calls.
    std::vector<std::filesystem::path> pending = {path};
    std::vector<std::filesystem::path> emptied;
    while (!pending.empty()) {
        const std::filesystem::path directory = std::move(pending.back());
        pending.pop_back();
        for (const std::string& name : list_directory(directory)) {
            if (path_kind(directory / name) == PathKind::directory) {
                pending.push_back(directory / name);
            } else {
                remove_file(directory / name);
            }
        }
        emptied.push_back(directory);
    }
    for (auto it = emptied.rbegin(); it != emptied.rend(); ++it) remove_directory(*it);
}

std::uint64_t free_space(const std::filesystem::path& path) {
    struct statvfs info {};
    if (system_call([&] { return ::statvfs(path.c_str(), &info); }) != 0) throw_system_error(errno, "ask for the free space of", path);
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

void require_space(const std::filesystem::path& path, std::uint64_t bytes, std::string_view purpose) {
    const std::uint64_t free = free_space(path);
    // bytes * 1.2 <= free, without overflow.
    if (bytes / 5 <= UINT64_MAX - bytes && bytes + bytes / 5 <= free) return;
    throw Error(ExitCode::resources,
                fmt::format("{}: {} needs {} and a fifth more to be safe, {} are free", path.string(), purpose, human_bytes(bytes),
                            human_bytes(free)),
                "free space on that file system, keep fewer checkpoints, or put the output somewhere else");
}

AtomicFile::AtomicFile(const std::filesystem::path& target)
    : target_(target), file_(File::open(temporary_beside(target), OpenMode::create_new)) {}

AtomicFile::~AtomicFile() {
    if (committed_) return;
    try {
        remove_file(file_.path());
    } catch (const std::exception&) {
        // Already on the way out of another error, which says more than a temporary file left behind.
    }
}

void AtomicFile::commit() {
    if (file_.is_open()) {
        file_.sync();
        file_.close();
    }
    rename_path(file_.path(), target_);
    committed_ = true;
    sync_directory(directory_of(target_));
}

void write_file_atomically(const std::filesystem::path& target, std::span<const std::byte> content) {
    AtomicFile output(target);
    output.file().write_all(content);
    output.commit();
}

void write_file_atomically(const std::filesystem::path& target, std::string_view content) {
    write_file_atomically(target, std::as_bytes(std::span(content)));
}

}  // namespace molten::io
